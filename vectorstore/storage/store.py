"""Keeps one collection on disk: SQLite is the truth, Chroma the index of neighbours, tantivy that of words.

Writing takes turns between processes by a lock file; reading never waits for it, and notices by the generation that
another process has written.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from vectorstore.errors import CollectionError, WrongModelError
from vectorstore.filters import SourceFilter
from vectorstore.storage.catalogue import ADDING, REMOVING, Catalogue
from vectorstore.storage.chunk_table import ChunkTable
from vectorstore.storage.database import BUILT, FILE, remove
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.open_index import SHARED, Snapshot, shared_index
from vectorstore.storage.upgrade import upgrade
from vectorstore.storage.vector_index import (
    ON_SERVER,
    UNUSED_ON_SERVER,
    VectorIndex,
    drop_from_server,
    estimate_bytes,
    make_on_server,
    open_vector_index,
)
from vectorstore.storage_errors import require_space, translated_storage_errors
from vectorstore.types import REMOVED, Chunk, Fingerprint, IngestedSource, describe_pages

Vectors = NDArray[np.float32]
# What changes faster than this is read as it is: a read takes milliseconds, and an ingest of one small file changes
# the collection twice within a tenth of a second.
REREADS = 10
EVERYTHING = SourceFilter()


class Store:
    """An open collection. Searching is safe from any number of threads; writing happens inside `writing()`."""

    def __init__(self, folder: Path, *, name: str, chroma_url: str | None = None) -> None:
        self.folder, self.name, self.chroma_url = folder, name, chroma_url
        self._shared = shared_index(folder, name=name, url=chroma_url)
        self.catalogue = self._shared.catalogue
        self.table = ChunkTable(self.catalogue.database)
        self._lexical: tuple[Path, LexicalIndex] | None = None
        self._snapshot: Snapshot | None = None
        upgrade(self.catalogue.database, self._fetch_of_format_1)
        self.catalogue.database.create()
        self.catalogue.state()

    def _fetch_of_format_1(self, facts: Mapping[str, str], ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        place = self.folder / facts.get("indexes", ".")
        index = open_vector_index(place, facts, name=self.name, url=self.chroma_url)
        try:
            return index.fetch(ids)
        finally:
            index.close()

    @property
    def lexical(self) -> LexicalIndex:
        """The lexical index as of the last rebuild, whichever process made it."""
        place, opened = self.catalogue.database.place, self._lexical
        if opened is None or opened[0] != place:
            self._lexical = opened = place, LexicalIndex(place / "lexical")
        return opened[1]

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What made this collection, or None while nothing has been written."""
        facts = self.catalogue.facts()
        return Fingerprint(facts["model"], facts["distance"]) if "model" in facts else None

    def require(self, wanted: Fingerprint) -> None:
        """Raise WrongModelError unless this collection was made, or is still to be made, by `wanted`."""
        made_by = self.fingerprint
        if made_by is None or made_by == wanted:
            return
        if made_by.model != wanted.model:
            raise WrongModelError(
                f"the collection {self.name} was made with the embedding model {made_by.model}, not {wanted.model}",
                f"set RAG_EMBEDDINGS={made_by.model}, or make it anew: rag ingest --rebuild PATH",
            )
        raise WrongModelError(
            f"the collection {self.name} was made with the distance {made_by.distance}, not {wanted.distance}",
            f"set RAG_DISTANCE={made_by.distance}, or make it anew: rag ingest --rebuild PATH",
        )

    # Reading

    def snapshot(self, source_filter: SourceFilter = EVERYTHING) -> Snapshot:
        """What a question reads, as of one moment; cheap while nothing changes."""
        state, opened = self.catalogue.state(), self._snapshot
        if opened is None or opened.state is not state or opened.source_filter != source_filter:
            sources = self.catalogue.matching(source_filter) if source_filter else None
            self._snapshot = opened = Snapshot(
                state, source_filter, sources, self.lexical.reader(), self.table, self._shared
            )
        return opened

    def nearest(self, vector: Vectors, *, limit: int) -> dict[str, Vectors]:
        """The ids of the chunks nearest to a vector, with their vectors, nearest first."""
        return self.snapshot().nearest(vector, limit=limit)

    def nearest_ids(self, vector: Vectors, *, limit: int) -> list[str]:
        return self.snapshot().nearest_ids(vector, limit=limit)

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by id; ids that are gone are left out."""
        return self.table.vectors(ids)

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id; ids that are gone are left out."""
        return self.table.fetch(ids)

    def open_vectors(self) -> VectorIndex:
        """The vector index as of the last finished change, whichever process made it."""
        with self._shared.using() as opened:
            return opened.index

    def count_chunks(self) -> dict[str, int]:
        """How many chunks each of the three places has; they are in step where these are equal."""
        return {
            "catalogue": len(self.catalogue.chunk_ids()),
            "the vector index": self._shared.read(len),
            "the lexical index": len(self.lexical),
        }

    def load_page(self, source: str, number: int | None) -> str:
        """The stored text of one page, which offsets of chunks and citations point into."""
        record = self.catalogue.source(source)
        if record is None or record.state == REMOVED:
            raise CollectionError(f"{source} is not in the collection {self.name}", "rag list")
        page = self.catalogue.page(record.text_id, number)
        if page is None:
            numbers = self.catalogue.page_numbers(record.text_id)
            raise CollectionError(f"{source} has no page {number}", f"its pages: {describe_pages(numbers)}")
        return page.text

    def close(self) -> None:
        """Let go of all files; the next use, here or by another Store of this folder, opens them again."""
        self._lexical = self._snapshot = None
        self._shared.close()

    # Writing

    @contextmanager
    def writing(
        self, fingerprint: Fingerprint | None = None, *, on_wait: Callable[[str], None] = lambda message: None
    ) -> Iterator[None]:
        """Hold the collection's write lock; what a killed process left behind is removed first.

        With a fingerprint, another model than the collection's is refused before anything is written.
        """
        with translated_storage_errors(self.folder):
            lock = FileLock(self.folder / "write.lock")
            try:
                lock.acquire(timeout=0.2)
            except Timeout:
                on_wait(f"another process is writing to the collection {self.name}; waiting for it ...")
                lock.acquire()
            try:
                if fingerprint is not None:
                    self.require(fingerprint)
                    self._note(fingerprint)
                self._mend()
                yield
            finally:
                lock.release()

    def _note(self, fingerprint: Fingerprint) -> None:
        """What makes the collection; a place on the server is made at its first write."""
        facts = {"model": fingerprint.model, "distance": fingerprint.distance}
        if self.chroma_url and "model" not in self.catalogue.facts():
            facts[ON_SERVER] = make_on_server(self.chroma_url, collection=self.name, distance=fingerprint.distance)
        self.catalogue.set_facts(**facts)

    def mend(self) -> None:
        """Remove at once what a killed process left behind, unless another is writing, which has done so."""
        lock = FileLock(self.folder / "write.lock")
        with translated_storage_errors(self.folder), suppress(Timeout), lock.acquire(timeout=0.2):
            self._mend()

    def replace(self, batch: Sequence[IngestedSource], embedded: Iterable[tuple[Sequence[Chunk], Vectors]]) -> None:
        """Store these sources in place of what they were: the new is findable before the old goes.

        `embedded` gives all chunks of the batch, slice by slice, with their vectors of shape (chunks, dimension). What
        it raises passes, and the last good version stays.
        """
        # Chunks that are in it already are written again: their title, headings or vector may have changed.
        self.catalogue.announce(batch)
        for part, vectors in embedded:
            if self.chroma_url is None:
                # Chroma keeps what it is given and could not sort in, and answers nothing more until there is space.
                require_space(self.folder, estimate_bytes(part, vectors))
            self.table.put(part, vectors)
            self._shared.change(partial(VectorIndex.upsert, chunks=part, vectors=vectors))
        self.lexical.change(add=[chunk for item in batch for chunk in item.chunks])
        with self.own_change():
            self.catalogue.swap([item.record for item in batch], {item.record.text_id: item.pages for item in batch})
        if self.catalogue.state().unsettled:
            self._settle()

    def remove(self, sources: Sequence[str], *, forget: bool) -> None:
        """Take sources out of every answer; `forget` drops their record and text, else they stay as missing."""
        with self.own_change():
            self.catalogue.retire(sources, forget=forget)
        self._settle()

    def _settle(self) -> None:
        """Have the indexes and then the table lose what is no longer live, or was never to be."""
        if gone := sorted(self.catalogue.state().unsettled):
            self._shared.change(lambda index: index.delete(gone))
            self.lexical.change(remove=gone)
        with self.own_change():
            self.catalogue.settle()

    def own_change(self) -> AbstractContextManager[None]:
        """Make a change that the open index shows already."""
        return self._shared.own_change()

    def _mend(self) -> None:
        announced, retired = self.take_back()
        if announced or retired:
            self.catalogue.note_repair(
                f"a run was cut short: {announced:,} chunks that it had not finished and {retired:,} that it had not "
                "yet removed were taken out; the next ingest reads the documents again"
            )
        if self._drop_unused():
            self.catalogue.note_repair("what a rebuild had left behind was removed")

    def take_back(self) -> tuple[int, int]:
        """Remove, within `writing()`, what was announced and never finished, or retired and never removed: how many."""
        announced, retired = (len(self.catalogue.chunk_ids(state=state)) for state in (ADDING, REMOVING))
        if announced or retired:
            self._settle()
        return announced, retired

    @contextmanager
    def rebuilding(self, fingerprint: Fingerprint) -> Iterator["Store"]:
        """An empty Store in a folder below, to be filled within `writing()`, which takes this one's place at the end.

        Until then this one answers, and it stays as it is where the other fails.
        """
        folder = self.folder / f"{BUILT}{time.time_ns()}"
        folder.mkdir()
        built = Store(folder, name=self.name, chroma_url=self.chroma_url)
        try:
            built._note(fingerprint)
            yield built
            built.close()
            names = {ON_SERVER: built.name_on_server(), UNUSED_ON_SERVER: self.name_on_server()}
            self.catalogue.give_way_to(built.catalogue, **names)
        finally:
            built.close()
            SHARED.pop((folder, self.chroma_url))
            self._drop_unused()

    def _drop_unused(self) -> bool:
        unused = self.catalogue.database.unused()
        if unused:
            self._shared.close()
        self._drop_from_server([path for path in unused if (path / FILE).exists()])
        remove(unused)
        return bool(unused)

    def name_on_server(self) -> str:
        return self.catalogue.facts().get(ON_SERVER, "")

    def _drop_from_server(self, rebuilds: Collection[Path]) -> None:
        if not self.chroma_url:
            return
        names = {Catalogue(folder).facts().get(ON_SERVER, "") for folder in rebuilds}
        names = (names | {self.catalogue.facts().get(UNUSED_ON_SERVER, "")}) - {"", self.name_on_server()}
        if names:
            drop_from_server(self.chroma_url, names)
            self.catalogue.set_facts(**{UNUSED_ON_SERVER: ""})

    def drop_vectors(self) -> None:
        """Have the server forget this collection, which is about to be deleted."""
        if self.chroma_url and (name := self.name_on_server()):
            drop_from_server(self.chroma_url, [name])
