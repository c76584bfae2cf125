"""Reads files in a process of its own, bounded in time and memory.

Whatever a file does to its reader, it ends as one line of the report.

The process is a plain `python -m ingest.reader_process` at the other end of a pipe: the spawning of `multiprocessing`
runs the caller's main module again.
"""

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, cast

from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource

# A reader that has grown over this share of its bound is replaced before the next file: libraries keep what they had.
WORN_SHARE = 0.5
WATCH_S = 0.5
# Documents read while others are embedded: enough that embedding never waits, few enough for memory.
READ_AHEAD = 4
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of reading one file: seconds of wall time, bytes of memory."""

    seconds: float = 300.0
    memory_bytes: int = 1_000_000_000


class Reader(contextlib.AbstractContextManager["Reader"]):
    """A worker process that reads one source at a time; started when it is first needed, and again when it has died."""

    def __init__(self, options: ReadOptions, bounds: Bounds) -> None:
        self._options, self._bounds = options, bounds
        self._running: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._is_ended = False

    def __exit__(self, *raised: object) -> None:
        self.close()

    def read(self, request: ReadRequest) -> ReadSource:
        """The source as read; a reader that dies or takes too long is an outcome of its own."""
        is_fresh = self._running is None
        answer = self._read_once(request)
        if answer.is_breakdown and not is_fresh and not self._is_ended:
            # The memory may be that of earlier files, which must not decide the outcome of this one.
            self.close()
            answer = self._read_once(request)
        return answer

    def _read_once(self, request: ReadRequest) -> ReadSource:
        _, pipe = self._running or self._start()
        try:
            if self._is_ended:
                raise EOFError
            pipe.send(request)
            if not pipe.poll(self._bounds.seconds):
                raise TimeoutError
            answer, is_worn = cast("tuple[ReadSource, bool]", pipe.recv())
        except TimeoutError:
            self.close()
            return failed(request, f"not read within {self._bounds.seconds:g} s", "RAG_MAX_FILE_SECONDS")
        except (EOFError, OSError, pickle.UnpicklingError):
            self.close()
            size = f"{self._bounds.memory_bytes / 1e9:.1f} GB"
            message = f"its reader needed more than {size} of memory, or broke down"
            return replace(failed(request, message, "RAG_MAX_READER_MB"), is_breakdown=True)
        if is_worn:
            self.close()
        return answer

    def _start(self) -> tuple[subprocess.Popen[bytes], Connection]:
        root = str(Path(__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                # Without the current folder on the path: its code is not ours to run.
                [sys.executable, "-P", "-m", "ingest.reader_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what libraries say about a broken file is no message to a person
                env=environment,
                start_new_session=True,  # a Ctrl-C is for the ingest, which ends its reader
            )
        self._running = process, ours
        ours.send((self._options, self._bounds))
        return self._running

    def end(self) -> None:
        """Read no more, whatever another thread is reading; its pipe is its own to close, with `close`."""
        self._is_ended = True
        if self._running:
            kill(self._running[0])

    def close(self) -> None:
        if self._running:
            (process, pipe), self._running = self._running, None
            kill(process)
            process.wait()
            pipe.close()


def read_ahead(
    requests: Iterable[ReadRequest], reader: Reader, *, on_wait: Callable[[str], None] = lambda source: None
) -> Generator[ReadSource, None, None]:
    """Sources as read, in order, the next ones while the caller is at work with one.

    `on_wait` is called with the source that is waited for, now and then; what it raises ends the reading.
    """
    reading: deque[tuple[str, Future[ReadSource]]] = deque()

    def next_read() -> ReadSource:
        source, future = reading.popleft()
        return wait_for(future, lambda: on_wait(source))

    with reader, ThreadPoolExecutor(1) as pool:
        try:
            for request in requests:
                reading.append((request.source, pool.submit(reader.read, request)))
                if len(reading) > READ_AHEAD:
                    yield next_read()
            while reading:
                yield next_read()
        finally:
            for _, future in reading:
                future.cancel()
            reader.end()


def wait_for(future: Future[Result], on_wait: Callable[[], None]) -> Result:
    """Its result; `on_wait` is called now and then until it is there, and what that raises ends the waiting."""
    while not wait([future], timeout=WATCH_S).done:
        on_wait()
    return future.result()


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # it has nothing to finish


def failed(request: ReadRequest, message: str, setting: str) -> ReadSource:
    return ReadSource(request, "failed", f"{message} (split it into smaller files, or raise {setting})")


# In the worker


def main() -> None:
    from ingest.reading.read_source import read_source  # with all readers, which only this process needs

    pipe = Connection(int(sys.argv[1]))
    options, bounds = pipe.recv()
    bound_memory(bounds)
    threading.Thread(target=watch, args=(os.getppid(), bounds), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            request = pipe.recv()
            bound_processor_time(bounds)
            answer = read_source(request, options)
            pipe.send((answer, memory_bytes() > WORN_SHARE * bounds.memory_bytes))
    os._exit(0)  # with no farewell of libraries


def bound_memory(bounds: Bounds) -> None:
    # Data, not address space: libraries reserve far more of that than they use. Not every system holds to it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (bounds.memory_bytes, bounds.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def bound_processor_time(bounds: Bounds) -> None:
    """Ends a worker that spins after its parent was killed; the parent's own clock is stricter."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + bounds.seconds * (os.cpu_count() or 1)) + 10
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def watch(parent: int, bounds: Bounds) -> None:
    """End with the parent, and where the system does not bound memory, at the bound."""
    while os.getppid() == parent and memory_bytes() < bounds.memory_bytes:
        time.sleep(WATCH_S)
    os._exit(1)


def memory_bytes() -> int:
    """What is resident now; where the system does not say, the most there was."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        # Not on Linux too: there a process begins with the peak of the one that started it.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


if __name__ == "__main__":
    main()
