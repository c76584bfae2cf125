"""Keeps one collection on disk: SQLite is the truth, Chroma the index of neighbours, tantivy that of words.

Writing takes turns between processes by a lock file; reading never waits for it, and notices by the generation that
another process has written.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from vectorstore.embeddings.model import Vectors
from vectorstore.errors import CollectionError, WrongModelError, require_space, translated_storage_errors
from vectorstore.storage import changes
from vectorstore.storage.catalogue import ADDING, REMOVING, Catalogue, State
from vectorstore.storage.database import BUILT, FILE, OF_FORMAT_1, remove, write_lock
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.open_index import SHARED, Snapshot, shared_index
from vectorstore.storage.upgrade import upgrade
from vectorstore.storage.vector_index import (
    ON_SERVER,
    UNUSED_ON_SERVER,
    VectorIndex,
    drop_from_server,
    make_on_server,
)
from vectorstore.types import REMOVED, Chunk, Fingerprint, IngestedSource, SourceFilter

# A chunk and its vector take at most this on disk, their way through Chroma's log and tables included. Measured at 384
# numbers a vector: 7 to 12 kB a chunk.
CHUNK_BYTES, NUMBER_BYTES = 10_000, 20
KEPT_SNAPSHOTS = 20
# The most reads of one text while the collection changes: a read takes milliseconds, and an ingest of one small file
# changes the collection twice within a tenth of a second.
REREADS = 10
EVERYTHING = SourceFilter()


class Store:
    """An open collection. Searching is safe from any number of threads; writing happens inside `writing()`."""

    def __init__(self, folder: Path, *, name: str, chroma_url: str | None = None) -> None:
        self.folder, self.name, self.chroma_url = folder, name, chroma_url
        self._shared = shared_index(folder, name=name, url=chroma_url)
        self.catalogue = self._shared.catalogue
        self._lexical: tuple[Path, LexicalIndex] | None = None
        self._snapshots: tuple[State | None, dict[SourceFilter, Snapshot]] = (None, {})
        if (folder / OF_FORMAT_1).exists():
            upgrade(self.catalogue.database, name=name, url=chroma_url)
        self.catalogue.database.create()
        self.catalogue.state()

    @property
    def lexical(self) -> LexicalIndex:
        """The lexical index as of the last rebuild, whichever process made it."""
        place, opened = self.catalogue.database.place, self._lexical
        if opened is None or opened[0] != place:
            self._lexical = opened = place, LexicalIndex(place / "lexical")
        return opened[1]

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The model and distance of this collection, or None while nothing has been written."""
        facts = self.catalogue.state().facts
        return Fingerprint(facts["model"], facts["distance"]) if "model" in facts else None

    def require(self, wanted: Fingerprint) -> None:
        """Raise WrongModelError unless this collection was made, or is still to be made, by `wanted`."""
        made_by = self.fingerprint
        if made_by is None or made_by == wanted:
            return
        what, setting, made, given = "distance", "RAG_DISTANCE", made_by.distance, wanted.distance
        if made_by.model != wanted.model:
            what, setting, made, given = "embedding model", "RAG_EMBEDDINGS", made_by.model, wanted.model
        raise WrongModelError(
            f"the collection {self.name} was made with the {what} {made}, not {given}",
            f"set {setting}={made}, or ingest it again: rag ingest --rebuild PATH",
        )

    # Reading

    def snapshot(self, source_filter: SourceFilter = EVERYTHING) -> Snapshot:
        """A question's view of the collection; the same object until something changes."""
        state, kept = self.catalogue.state(), self._snapshots
        if kept[0] is not state or len(kept[1]) > KEPT_SNAPSHOTS:
            self._snapshots = kept = state, {}
        if source_filter not in (snapshots := kept[1]):
            lexical = snapshots[EVERYTHING].lexical if EVERYTHING in snapshots else self.lexical.reader()
            sources = self.catalogue.matching(source_filter) if source_filter else None
            snapshots[source_filter] = Snapshot(state, sources, lexical, self._shared)
        return snapshots[source_filter]

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id; ids that are gone are left out."""
        return self.catalogue.fetch(ids)

    def open_vectors(self) -> VectorIndex:
        """The vector index as of the last finished change, whichever process made it."""
        return self._shared.latest()

    def count_chunks(self) -> dict[str, int]:
        """The numbers of chunks in each of the three places, which are in step where these are equal."""
        return {
            "catalogue": len(self.catalogue.chunk_ids()),
            "the vector index": self._shared.read(VectorIndex.count),
            "the lexical index": len(self.lexical.reader()),
        }

    def load_page(self, source: str, number: int | None) -> str:
        """The stored text of one page, which offsets of chunks and citations point into."""
        record = self.catalogue.source(source)
        if record is None or record.state == REMOVED:
            raise CollectionError(f"{source} is not in the collection {self.name}", "rag list")
        page = self.catalogue.page(record.text_id, number)
        if page is None:
            numbers = list(filter(None, self.catalogue.page_numbers(record.text_id)))
            pages = f"{numbers[0]} to {numbers[-1]}" if numbers else "it has none; leave --page out"
            raise CollectionError(f"{source} has no page {number}", f"its pages: {pages}")
        return page.text

    def close(self) -> None:
        """Let go of all files; the next use, here or by another Store of this folder, opens them again."""
        self._lexical, self._snapshots = None, (None, {})
        self._shared.close()

    # Writing

    @contextmanager
    def writing(
        self, fingerprint: Fingerprint | None = None, *, on_wait: Callable[[str], None] = lambda message: None
    ) -> Iterator[None]:
        """Hold the collection's write lock; what a killed process left behind is removed first.

        With a fingerprint, another model than the collection's is refused before anything is written.
        """
        message = f"another process is writing to the collection {self.name}; waiting for it ..."
        with translated_storage_errors(self.folder), write_lock(self.folder, on_wait=lambda: on_wait(message)):
            if fingerprint is not None:
                self.require(fingerprint)
                self._note(fingerprint)
            self._mend()
            yield

    def _note(self, fingerprint: Fingerprint) -> None:
        """Note the model and distance; a place on the server is made at the first write."""
        facts = {"model": fingerprint.model, "distance": fingerprint.distance}
        if self.chroma_url and "model" not in self.catalogue.state().facts:
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
        changes.announce(self.catalogue.database, batch)
        for part, vectors in embedded:
            if self.chroma_url is None:
                # Chroma keeps rows that it could not sort in, and answers nothing more until there is space.
                require_space(self.folder, vectors.shape[0] * (CHUNK_BYTES + NUMBER_BYTES * vectors.shape[1]))
            changes.put(self.catalogue.database, part, vectors)
            self._shared.change(partial(VectorIndex.upsert, chunks=part, vectors=vectors))
        self.lexical.change(add=[chunk for item in batch for chunk in item.chunks])
        with self.own_change():
            changes.swap(self.catalogue.database, batch)
        if self.catalogue.state().unsettled:
            self._settle()

    def remove(self, sources: Sequence[str], *, forget: bool) -> None:
        """Take sources out of every answer; `forget` drops their record and text, else they stay as missing."""
        with self.own_change():
            changes.retire(self.catalogue.database, sources, forget=forget)
        self._settle()

    def _settle(self) -> None:
        """Have the indexes and then the table lose what is no longer live, or was never to be."""
        if gone := sorted(self.catalogue.state().unsettled):
            self._shared.change(lambda index: index.delete(gone))
            self.lexical.change(remove=gone)
        with self.own_change():
            changes.settle(self.catalogue.database)

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
            changes.give_way_to(self.catalogue.database, built.catalogue.database, **names)
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
        return self.catalogue.state().facts.get(ON_SERVER, "")

    def _drop_from_server(self, rebuilds: Collection[Path]) -> None:
        if not self.chroma_url:
            return
        names = {Catalogue(folder).state().facts.get(ON_SERVER, "") for folder in rebuilds}
        names = (names | {self.catalogue.state().facts.get(UNUSED_ON_SERVER, "")}) - {"", self.name_on_server()}
        if names:
            drop_from_server(self.chroma_url, names)
            self.catalogue.set_facts(**{UNUSED_ON_SERVER: ""})

    def drop_vectors(self) -> None:
        """Have the server forget this collection, which is about to be deleted."""
        if self.chroma_url and (name := self.name_on_server()):
            drop_from_server(self.chroma_url, [name])
