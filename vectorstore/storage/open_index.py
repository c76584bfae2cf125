"""Reads a collection as of one moment, through one open vector index that all Stores of a process share.

Chroma never sees what another process has written until it is opened again, and loading 200,000 rows takes half a
second. Meanwhile the old index answers; it is closed when its last reader has finished.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from vectorstore.errors import StorageError
from vectorstore.filters import SourceFilter
from vectorstore.storage.catalogue import Catalogue, State
from vectorstore.storage.chunk_table import ChunkTable
from vectorstore.storage.lexical_index import LexicalReader, WeightedTerms, release_freed_memory
from vectorstore.storage.vector_index import ON_SERVER, VectorIndex, open_vector_index
from vectorstore.storage_errors import translated_storage_errors
from vectorstore.types import Chunk

Vectors = NDArray[np.float32]
Found = TypeVar("Found")
LOCK = "index.lock"
STALE = -1
# What changes faster than this is read as it is: an ingest takes seconds from one change to the next.
REREADS = 3


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


@dataclass
class OpenIndex:
    """An index, the generation of the catalogue that it shows, and how many are using it."""

    index: VectorIndex
    generation: int
    users: int = 0
    is_replaced: bool = False


class SharedIndex:
    """The current OpenIndex of a collection, and its catalogue, whichever Store of this process asks."""

    def __init__(self, folder: Path, *, name: str, url: str | None) -> None:
        self.catalogue = Catalogue(folder)
        self._folder, self._name, self._url = folder, name, url
        # Whoever holds this opens the next index or makes its own change known; questions go on.
        self._opening = threading.RLock()
        self._moment = threading.Lock()
        self._current: OpenIndex | None = None

    @contextmanager
    def using(self, *, or_older: bool = False) -> Iterator[OpenIndex]:
        """The index as of the last change; with `or_older` the one before, while another thread is opening the next."""
        opened = self._lease(self.catalogue.generation()) or self._renew(or_older=or_older)
        try:
            yield opened
        finally:
            with self._moment:
                opened.users -= 1
                is_last = opened.is_replaced and not opened.users
            if is_last:
                close(opened)

    def read(
        self, read: Callable[[VectorIndex], Found], *, is_whole: Callable[[Found], bool] = lambda found: True
    ) -> Found:
        """What an index finds that shows the last finished change.

        While another thread is opening that, what the one before finds is as good where none of its rows is gone.
        """
        with translated_storage_errors(self._folder):
            for _ in range(REREADS):
                with self.using(or_older=True) as opened:
                    is_older = opened.generation != self.catalogue.generation()
                    try:
                        found = read(opened.index)
                    except ChromaError:
                        # Rows that another process is about to make public are in Chroma's tables and not in the index
                        # that this process has open: "Error finding id". Opened again it has them.
                        self._distrust(opened)
                    else:
                        if is_whole(found) if is_older else opened.generation == self.catalogue.generation():
                            return found
                        # Another process has removed rows meanwhile, whose successors the index could not show yet.
                with self._opening:
                    pass  # until the next index is open
            with self.using() as opened:
                return read(opened.index)

    def change(self, change: Callable[[VectorIndex], None]) -> None:
        with self.using() as opened, exclusive_lock(self._folder / LOCK):
            change(opened.index)

    @contextmanager
    def own_change(self) -> Iterator[None]:
        """The open index has made this change itself: it need not be opened again, under the feet of its readers."""
        with self._opening:
            opened = self._current
            is_current = opened is not None and opened.generation == self.catalogue.generation()
            yield
            if opened and is_current:
                opened.generation = self.catalogue.generation()

    def _renew(self, *, or_older: bool) -> OpenIndex:
        if not self._opening.acquire(blocking=False):
            if or_older and (older := self._lease(None)):
                return older
            self._opening.acquire()
        try:
            # Read before opening: the index shows this change at least.
            wanted = self.catalogue.generation()
            if found := self._lease(wanted):
                return found
            opened = OpenIndex(self._open(), wanted, users=1)
            self._replace(opened)
            return opened
        finally:
            self._opening.release()

    def _open(self) -> VectorIndex:
        while True:
            facts, place = self.catalogue.facts(), self.catalogue.database.place
            try:
                # Loading what Chroma is just writing ends the process by a segmentation fault.
                with shared_lock(self._folder / LOCK):
                    return open_vector_index(place, facts, name=self._name, url=self._url)
            except NotFoundError as error:
                # A rebuild of another process drops what it has replaced.
                if self.catalogue.facts().get(ON_SERVER) == facts.get(ON_SERVER):
                    raise StorageError(
                        f"the Chroma server at {self._url} does not have the vectors of {self._name}",
                        "start it with the folder that it had, or: rag ingest --rebuild PATH",
                    ) from error

    def _lease(self, generation: int | None) -> OpenIndex | None:
        """The open index if it shows that generation, or any for None."""
        with self._moment:
            current = self._current
            if current is None or generation not in (None, current.generation):
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

    def _distrust(self, opened: OpenIndex) -> None:
        """Have the next who asks open the index again."""
        with self._moment:
            opened.generation = STALE

    def close(self) -> None:
        self.catalogue.database.close()
        with self._opening:
            self._replace(None)


def close(opened: OpenIndex) -> None:
    opened.index.close()
    release_freed_memory()


SHARED: dict[tuple[Path, str | None], SharedIndex] = {}


def shared_index(folder: Path, *, name: str, url: str | None) -> SharedIndex:
    return SHARED.setdefault((folder, url), SharedIndex(folder, name=name, url=url))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A collection between two changes; `sources`, with their chunks, are those that the filter takes, None for all."""

    state: State
    source_filter: SourceFilter
    sources: dict[str, int] | None
    lexical: LexicalReader
    table: ChunkTable
    index: SharedIndex

    @property
    def generation(self) -> int:
        return self.state.generation

    @property
    def hidden(self) -> frozenset[str]:
        """The ids that nobody may find, to be asked after searching: the indexes have them before they are live."""
        return self.index.catalogue.hidden_ids()

    @property
    def removed(self) -> int:
        """How many of the hidden ones are of removed documents: so many more neighbours are to be asked for."""
        return len(self.state.removed)

    def is_current(self) -> bool:
        return self.index.catalogue.generation() == self.generation

    def match(self, question: str | WeightedTerms, *, limit: int) -> dict[str, float]:
        """Chunk ids to lexical scores in [0, 1], best first, within the filter."""
        return self.lexical.match(question, limit=limit, sources=self.sources)

    def nearest_ids(self, vector: Vectors, *, limit: int) -> list[str]:
        return list(self.nearest(vector, limit=limit))

    def nearest(self, vector: Vectors, *, limit: int) -> dict[str, Vectors]:
        """The chunks of the whole collection nearest to a vector, nearest first, with their vectors."""

        def read(index: VectorIndex) -> tuple[list[str], dict[str, Vectors]]:
            ids = index.nearest_ids(vector, limit=limit)
            return ids, self.table.vectors(ids)

        # An index that another process's change has overtaken finds rows that are gone.
        return self.index.read(read, is_whole=lambda found: limit <= len(found[0]) == len(found[1]))[1]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        return self.table.vectors(ids)

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        return self.table.chunks(ids)
