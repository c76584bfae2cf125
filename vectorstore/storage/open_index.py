"""The one vector index that a process has open on a folder: opened anew beside the old one when another process wrote.

Chroma never sees what another process has written until it is opened anew, and loading 200,000 rows takes half a
second. Meanwhile the old index answers; it is closed when its last reader has finished.
"""

import ctypes
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chromadb.errors import ChromaError

from vectorstore.storage.vector_index import VectorIndex


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Wait until no process holds the lock alone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        yield  # in a folder that cannot be written to nobody writes
        return
    with held(handle, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Wait until nobody holds the lock, in this process or another."""
    with held(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666), fcntl.LOCK_EX):
        yield


@contextmanager
def held(handle: int, operation: int) -> Iterator[None]:
    try:
        fcntl.flock(handle, operation)
        yield
    finally:
        os.close(handle)


def release_freed_memory() -> None:
    """What Chroma and tantivy free glibc keeps for itself, a little more with every change; other systems do not."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


Found = TypeVar("Found")
STALE = -1
# What changes faster than this is read as it is: an ingest takes seconds from one change to the next.
REREADS = 3


@dataclass
class OpenIndex:
    """An index, the generation of the catalogue that it shows, and how many are using it."""

    index: VectorIndex
    generation: int
    users: int = 0
    is_replaced: bool = False


class SharedIndex:
    """The current OpenIndex of a folder, whichever Store of this process asks."""

    def __init__(self) -> None:
        # Whoever holds this opens the next index or makes its own change known; questions go on.
        self.lock = threading.RLock()
        self._moment = threading.Lock()
        self._current: OpenIndex | None = None

    @property
    def generation(self) -> int:
        current = self._current
        return current.generation if current else STALE

    @generation.setter
    def generation(self, generation: int) -> None:
        with self._moment:
            if self._current:
                self._current.generation = generation

    @contextmanager
    def using(
        self, generation: Callable[[], int], open_index: Callable[[], VectorIndex], *, or_older: bool = False
    ) -> Iterator[OpenIndex]:
        """The index as of `generation`; with `or_older` the one before, while another thread is opening the next."""
        opened = self._lease(generation(), or_older=False) or self._renew(generation, open_index, or_older=or_older)
        try:
            yield opened
        finally:
            with self._moment:
                opened.users -= 1
                is_last = opened.is_replaced and not opened.users
            if is_last:
                close(opened)

    def read(
        self,
        read: Callable[[VectorIndex], Found],
        generation: Callable[[], int],
        open_index: Callable[[], VectorIndex],
        *,
        is_whole: Callable[[Found], bool],
    ) -> Found:
        """What an index finds that shows the last finished change.

        While another thread is opening that, what the one before finds is as good where none of its rows is gone.
        """
        for _ in range(REREADS):
            with self.using(generation, open_index, or_older=True) as opened:
                is_older = opened.generation != generation()
                try:
                    found = read(opened.index)
                except ChromaError:
                    # Rows that another process is about to make public are in Chroma's tables and not in the index that
                    # this process has open: "Error finding id". Opened anew it has them.
                    self.distrust(opened)
                else:
                    if is_whole(found) if is_older else opened.generation == generation():
                        return found
                    # Another process has removed rows meanwhile, whose successors the index could not show yet.
            with self.lock:
                pass  # until the next index is open
        with self.using(generation, open_index) as opened:
            return read(opened.index)

    def _renew(
        self, generation: Callable[[], int], open_index: Callable[[], VectorIndex], *, or_older: bool
    ) -> OpenIndex:
        if not self.lock.acquire(blocking=False):
            if or_older and (older := self._lease(STALE, or_older=True)):
                return older
            self.lock.acquire()
        try:
            # Read before opening: the index shows this change at least.
            wanted = generation()
            if found := self._lease(wanted, or_older=False):
                return found
            opened = OpenIndex(open_index(), wanted, users=1)
            self._replace(opened)
            return opened
        finally:
            self.lock.release()

    def _lease(self, generation: int, *, or_older: bool) -> OpenIndex | None:
        with self._moment:
            current = self._current
            if current is None or not (or_older or current.generation == generation):
                return None
            current.users += 1
            return current

    def _replace(self, opened: OpenIndex | None) -> None:
        with self._moment:
            before, self._current = self._current, opened
            if before:
                before.is_replaced = True
            is_unused = before is not None and not before.users
        if before and is_unused:
            close(before)

    def distrust(self, opened: OpenIndex) -> None:
        """Have the next who asks open the index anew."""
        with self._moment:
            opened.generation = STALE

    def close(self) -> None:
        with self.lock:
            self._replace(None)


def close(opened: OpenIndex) -> None:
    opened.index.close()
    release_freed_memory()


SHARED: dict[tuple[Path, str | None], SharedIndex] = {}


def shared_index(folder: Path, *, url: str | None) -> SharedIndex:
    return SHARED.setdefault((folder, url), SharedIndex())
