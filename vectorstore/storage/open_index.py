"""Reads a collection as of one moment, through one open vector index that all Stores of a process share.

Chroma never sees what another process has written until it is opened again, and loading 200,000 rows takes half a
second. Meanwhile the old index answers.

Filtered search: exact scan up to 1,000 chunks, else over-fetch from HNSW and filter. Chroma's own filter takes 155 ms
at 200,000 chunks.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from chromadb.errors import ChromaError, NotFoundError

from vectorstore.embeddings.model import Vectors
from vectorstore.errors import StorageError, translated_storage_errors
from vectorstore.storage.catalogue import Catalogue, State
from vectorstore.storage.lexical_index import LexicalReader, WeightedTerms
from vectorstore.storage.vector_index import ON_SERVER, VectorIndex, open_vector_index
from vectorstore.types import SourceFilter

Found = TypeVar("Found")
LOCK = "index.lock"
STALE = -1
# The most times an index is opened again because it has changed: an ingest takes seconds from one change to the next.
REREADS = 3
# Neighbours asked for, in multiples of what is expected to be enough.
SPARE = 1.2
MOST_ASKED = 2_000
# Up to this many vectors are compared one by one, unless fewer neighbours are asked for: at 200,000 chunks a vector is
# read in 7 microseconds, a neighbour found in 8.
MOST_COMPARED = 1_000


@contextmanager
def index_lock(folder: Path, operation: int) -> Iterator[None]:
    """Wait until no process holds the lock alone for LOCK_SH, until none holds it at all for LOCK_EX."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        if operation == fcntl.LOCK_EX:
            raise
        yield  # in a folder that cannot be written to nobody writes
        return
    try:
        fcntl.flock(handle, operation)
        yield
    finally:
        os.close(handle)


class SharedIndex:
    """The open index of a collection, and its catalogue, whichever Store of this process asks."""

    def __init__(self, folder: Path, *, name: str, url: str | None) -> None:
        self.catalogue = Catalogue(folder)
        self._folder, self._name, self._url = folder, name, url
        # Whoever holds this opens the next index or makes its own change known; questions go on.
        self._opening = threading.RLock()
        self._current: VectorIndex | None = None

    def latest(self, *, or_older: bool = False) -> VectorIndex:
        """The index as of the last change; with `or_older` the one before, while another thread is opening the next."""
        opened = self._current
        if opened is not None and opened.generation == self.catalogue.generation():
            return opened
        if not self._opening.acquire(blocking=opened is None or not or_older):
            assert opened is not None
            return opened
        try:
            # Read before opening: the index shows this change at least.
            wanted, opened = self.catalogue.generation(), self._current
            if opened is None or opened.generation != wanted:
                self._current = opened = self._open()
                opened.generation = wanted
            return opened
        finally:
            self._opening.release()

    def _open(self) -> VectorIndex:
        while True:
            facts, place = self.catalogue.state().facts, self.catalogue.database.place
            try:
                # Loading what Chroma is just writing ends the process by a segmentation fault.
                with index_lock(self._folder, fcntl.LOCK_SH):
                    return open_vector_index(place, facts, name=self._name, url=self._url)
            except NotFoundError as error:
                # A rebuild of another process drops what it has replaced.
                if self.catalogue.state().facts.get(ON_SERVER) == facts.get(ON_SERVER):
                    raise StorageError(
                        f"the Chroma server at {self._url} does not have the vectors of {self._name}",
                        "start it with the folder that it had, or: rag ingest --rebuild PATH",
                    ) from error

    def read(
        self, read: Callable[[VectorIndex], Found], *, is_whole: Callable[[Found], bool] = lambda found: True
    ) -> Found:
        """The result of a read from an index that shows the last finished change.

        While another thread is opening that, a read from the one before is as good where none of its rows is gone.
        """
        with translated_storage_errors(self._folder):
            for _ in range(REREADS):
                index = self.latest(or_older=True)
                is_older = index.generation != self.catalogue.generation()
                try:
                    found = read(index)
                except ChromaError:
                    # Rows that another process is about to make public are in Chroma's tables and not in the index
                    # that this process has open: "Error finding id". Opened again it has them.
                    index.generation = STALE
                else:
                    if is_whole(found) if is_older else index.generation == self.catalogue.generation():
                        return found
                    # Another process has removed rows meanwhile, whose successors the index could not show yet.
                with self._opening:
                    pass  # until the next index is open
            return read(self.latest())

    def change(self, change: Callable[[VectorIndex], None]) -> None:
        index = self.latest()
        with index_lock(self._folder, fcntl.LOCK_EX):
            change(index)

    @contextmanager
    def own_change(self) -> Iterator[None]:
        """The open index has made this change itself: it need not be opened again, under the feet of its readers."""
        with self._opening:
            opened = self._current
            is_current = opened is not None and opened.generation == self.catalogue.generation()
            yield
            if opened is not None and is_current:
                opened.generation = self.catalogue.generation()

    def close(self) -> None:
        self.catalogue.database.close()
        with self._opening:
            self._current = None


SHARED: dict[tuple[Path, str | None], SharedIndex] = {}


def shared_index(folder: Path, *, name: str, url: str | None) -> SharedIndex:
    return SHARED.setdefault((folder, url), SharedIndex(folder, name=name, url=url))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A collection between two changes, and the documents of it that a filter takes.

    `sources` gives those with their numbers of chunks; None: all. Chunks that nobody may find are left out after
    searching: the indexes have them before they are live, and as long as a removal can be undone.
    """

    state: State
    sources: Mapping[str, int] | None
    lexical: LexicalReader
    index: SharedIndex

    def is_current(self) -> bool:
        return self.index.catalogue.generation() == self.state.generation

    def match(self, terms: WeightedTerms, *, limit: int) -> dict[str, float]:
        """Chunk ids to lexical scores in [0, 1], best first."""
        found = self.lexical.match(terms, limit=limit + self._room, sources=self.sources)
        return self._without_hidden(found, limit)

    def nearest(self, vector: Vectors, *, limit: int) -> dict[str, Vectors]:
        """The ids of the chunks nearest to a vector, with their vectors, nearest first."""
        asked = limit + self._room
        if self.sources is None:
            return self._without_hidden(self._nearest_of_all(vector, asked), limit)
        chunks, of_all = sum(self.sources.values()), self._chunks_of_all
        enough = min(int(SPARE * asked * of_all / chunks) + 1, MOST_ASKED) if chunks else 0
        if chunks <= min(MOST_COMPARED, enough):
            return self._without_hidden(nearest_of(self._vectors, vector), limit)
        near = self._nearest_of_all(vector, enough)
        return self._without_hidden({one: found for one, found in near.items() if one in self._ids}, limit)

    def _nearest_of_all(self, vector: Vectors, limit: int) -> dict[str, Vectors]:
        def read(index: VectorIndex) -> tuple[list[str], dict[str, Vectors]]:
            ids = index.nearest_ids(vector, limit=limit)
            return ids, self.index.catalogue.vectors(ids)

        # An index that another process's change has overtaken finds rows that are gone.
        return self.index.read(read, is_whole=lambda found: limit <= len(found[0]) == len(found[1]))[1]

    def _without_hidden(self, found: Mapping[str, Found], limit: int) -> dict[str, Found]:
        hidden = self.index.catalogue.state().hidden
        return dict(islice(((one, value) for one, value in found.items() if one not in hidden), limit))

    @property
    def _room(self) -> int:
        """How many more are asked for, so that enough remain even if all removed ones are near."""
        return min(len(self.state.removed), MOST_ASKED)

    @cached_property
    def _chunks_of_all(self) -> int:
        return sum(self.index.catalogue.matching(SourceFilter()).values())

    @cached_property
    def _ids(self) -> set[str]:
        return self.index.catalogue.chunk_ids(sources=self.sources)

    @cached_property
    def _vectors(self) -> dict[str, Vectors]:
        return self.index.catalogue.vectors(sorted(self._ids))


def nearest_of(vectors: Mapping[str, Vectors], vector: Vectors) -> dict[str, Vectors]:
    """All of them, nearest first."""
    ids = list(vectors)
    order = np.argsort(-(np.stack(list(vectors.values())) @ vector), kind="stable").tolist() if ids else []
    return {ids[i]: vectors[ids[i]] for i in order}
