"""Reads files in a process of its own, bounded in time and memory.

Whatever a file does to its reader, it ends as one line of the report.

The process is a plain `python -m ingest.reader_process` that is written to and read from: the spawning of
`multiprocessing` runs the caller's main module again.
"""

import contextlib
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource

LENGTH = struct.Struct("!Q")
# A reader that has grown over this share of its bound is replaced before the next file: libraries keep what they had.
WORN_SHARE = 0.5
WATCH_S = 0.5
# So many documents are read while others are embedded: enough that embedding never waits, few enough for memory.
READ_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of reading one file: seconds of wall time, bytes of memory."""

    seconds: float = 300.0
    memory_bytes: int = 1_000_000_000


class Reader(contextlib.AbstractContextManager["Reader"]):
    """A worker process that reads one source at a time; started when it is first needed, and again when it has died."""

    def __init__(self, options: ReadOptions, bounds: Bounds) -> None:
        self._options, self._bounds = options, bounds
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ended = False

    def __exit__(self, *raised: object) -> None:
        self.close()

    def read(self, request: ReadRequest) -> ReadSource:
        """The source as read; a reader that dies or takes too long is an outcome of its own."""
        is_fresh = self._process is None
        answer = self._read_once(request)
        if answer.is_breakdown and not is_fresh and not self._is_ended:
            # What was read before may have taken the memory: a file's outcome must not hang on its neighbours.
            self.close()
            answer = self._read_once(request)
        return answer

    def _read_once(self, request: ReadRequest) -> ReadSource:
        process = self._process or self._start()
        try:
            if self._is_ended:
                raise EOFError
            send(process.stdin, request)
            answer, is_worn = receive(process.stdout, time.monotonic() + self._bounds.seconds)
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
        return cast("ReadSource", answer)

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest.reader_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what libraries say about a broken file is no message to a person
            env=environment,
            start_new_session=True,  # a Ctrl-C is for the ingest, which ends its reader
        )
        send(self._process.stdin, (self._options, self._bounds))
        return self._process

    def end(self) -> None:
        """Read no more, whatever another thread is reading; its pipes are its own to close, with `close`."""
        self._is_ended = True
        if process := self._process:
            kill(process)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def read_ahead(
    requests: Iterable[ReadRequest], reader: Reader, *, on_wait: Callable[[str], None] = lambda source: None
) -> Generator[ReadSource, None, None]:
    """Sources as read, in order, the next ones while the caller is at work with one.

    `on_wait` is called with the source that is waited for, now and then; what it raises ends the reading.
    """
    reading: deque[tuple[str, Future[ReadSource]]] = deque()

    def next_read() -> ReadSource:
        source, future = reading.popleft()
        while not wait([future], timeout=WATCH_S).done:
            on_wait(source)
        return future.result()

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


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # it has nothing to finish


def failed(request: ReadRequest, message: str, setting: str) -> ReadSource:
    return ReadSource(request, "failed", f"{message} (split it into smaller files, or raise {setting})")


def send(pipe: IO[bytes] | None, message: object) -> None:
    assert pipe is not None
    packed = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def receive(pipe: IO[bytes] | None, deadline: float | None = None) -> Any:
    """Raises TimeoutError past the deadline, and EOFError where the other side has gone."""
    assert pipe is not None
    length = LENGTH.unpack(read_exactly(pipe, LENGTH.size, deadline))[0]
    # Our own worker's words: what a document can put into them are strings in dataclasses of ours.
    return pickle.loads(read_exactly(pipe, length, deadline))  # noqa: S301


def read_exactly(pipe: IO[bytes], count: int, deadline: float | None) -> bytearray:
    data = bytearray()
    while len(data) < count:
        if deadline is not None and not select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise TimeoutError
        part = os.read(pipe.fileno(), min(count - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return data


# In the worker


def main() -> None:
    requests, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)  # what libraries print would break the answers
    from ingest.reading.read_source import read_source  # with all readers, which only this process needs

    options, bounds = receive(requests)
    bound_memory(bounds)
    threading.Thread(target=watch, args=(os.getppid(), bounds), daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            request = receive(requests)
            bound_processor_time(bounds)
            answer = read_source(request, options)
            send(answers, (answer, memory_bytes() > WORN_SHARE * bounds.memory_bytes))
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
