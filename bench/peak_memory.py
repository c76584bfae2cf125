"""The most memory that a process and its descendants had resident together, looked at twenty times a second."""

import os
import resource
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

LOOK_EVERY_S = 0.05


class PeakMemory:
    """Watches a process, by default this one, from `with` on to its end; `megabytes` is the most there was."""

    def __init__(self, pid: int | None = None) -> None:
        self.megabytes = 0.0
        self._pid, self._done = pid or os.getpid(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            together = sum(map(resident_bytes, [self._pid, *descendants(self._pid)]))
            self.megabytes = max(self.megabytes, together / 1e6)


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # the process or one of its threads has ended meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0  # it has ended meanwhile
