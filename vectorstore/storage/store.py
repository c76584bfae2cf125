"""One collection on disk: vectors in Chroma, words in a lexical index, sources in a catalogue, kept in step.

Chroma finds what is near; a table beside it gives what was found. Writing takes turns between processes by a lock file;
reading never waits for it, and notices by the catalogue's generation that another process has written.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from vectorstore.errors import CollectionError
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.catalogue_steps import ADDING, REMOVING
from vectorstore.storage.chunk_table import ChunkTable, PictureTable
from vectorstore.storage.index_location import (
    BUILT,
    INDEX_LOCK,
    ON_SERVER,
    UNUSED_ON_SERVER,
    Beside,
    Fingerprint,
    Placement,
    refuse_other,
)
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.open_index import exclusive_lock, shared_index
from vectorstore.storage.storage_errors import require_space, translated_storage_errors
from vectorstore.storage.vector_index import VectorIndex, estimate_bytes, slices_of
from vectorstore.types import REMOVED, Chunk, IngestedSource, describe_pages

Vectors = NDArray[np.float32]
Found = TypeVar("Found")
# What changes faster than this is read as it is: a read takes milliseconds, and an ingest of one small file changes
# the collection twice within a tenth of a second.
REREADS = 10


Embed = Callable[[Sequence[Chunk]], Vectors]  # to vectors of shape (chunks, dimension), in order


class Store:
    """An open collection. Searching is safe from any number of threads; writing happens inside `writing()`."""

    def __init__(self, folder: Path, *, name: str, chroma_url: str | None = None) -> None:
        self.folder, self.name = folder, name
        with translated_storage_errors(folder):
            self.catalogue = Catalogue(folder / "catalogue.sqlite3")
            self.placement = Placement(folder, name, self.catalogue, chroma_url)
            self._beside: dict[str, Beside] = {}
        self._shared = shared_index(folder / "chroma", url=chroma_url)

    @property
    def lexical(self) -> LexicalIndex:
        """The lexical index as of the last rebuild, whichever process made it."""
        return self._open_beside().lexical

    @property
    def table(self) -> ChunkTable:
        """Chunks and vectors by id, as of the last rebuild."""
        return self._open_beside().table

    @property
    def pictures(self) -> PictureTable:
        """Pictures by hash, as of the last rebuild."""
        return self._open_beside().pictures

    def _open_beside(self) -> Beside:
        while (place := self.placement.folder_name()) not in self._beside:
            self._beside = {place: Beside.open(self.folder / place)}
        return self._beside[place]

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What made this collection, or None while nothing has been written."""
        facts = self.catalogue.facts()
        return Fingerprint(facts["model"], facts["distance"]) if "model" in facts else None

    def require(self, wanted: Fingerprint) -> None:
        """Raise WrongModelError unless this collection was made, or is still to be made, by `wanted`."""
        refuse_other(self.fingerprint, wanted, collection=self.name)

    # Reading

    def nearest(self, vector: Vectors, *, limit: int) -> dict[str, Vectors]:
        """The ids of the chunks nearest to a vector, with their vectors, nearest first."""
        ids = self.nearest_ids(vector, limit=limit)
        vectors = self.vectors(ids)
        return {chunk_id: vectors[chunk_id] for chunk_id in ids if chunk_id in vectors}

    def nearest_ids(self, vector: Vectors, *, limit: int) -> list[str]:
        return self._read(
            lambda vectors: vectors.nearest_ids(vector, limit=limit), is_whole=lambda found: len(found) >= limit
        )

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by id; ids that are gone are left out."""
        return self._by_id(ids, self.table.vectors, VectorIndex.vectors)

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id; ids that are gone are left out."""
        return self._by_id(ids, self.table.fetch, VectorIndex.fetch)

    def _by_id(
        self,
        ids: Sequence[str],
        from_table: Callable[[Sequence[str]], dict[str, Found]],
        from_index: Callable[[VectorIndex, Sequence[str]], dict[str, Found]],
    ) -> dict[str, Found]:
        found = from_table(ids) if ids else {}
        rest = list({chunk_id for chunk_id in ids if chunk_id not in found})
        if rest:
            read = self._read(lambda index: from_index(index, rest), is_whole=lambda read: len(read) == len(rest))
            found |= read
        return {chunk_id: found[chunk_id] for chunk_id in ids if chunk_id in found}

    def _read(
        self, read: Callable[[VectorIndex], Found], *, is_whole: Callable[[Found], bool] = lambda found: True
    ) -> Found:
        with translated_storage_errors(self.folder):
            return self._shared.read(read, self.catalogue.generation, self.placement.open_index, is_whole=is_whole)

    def open_vectors(self) -> VectorIndex:
        """The vector index as of the last finished change, whichever process made it."""
        with self._shared.using(self.catalogue.generation, self.placement.open_index) as opened:
            return opened.index

    def _change_vectors(self, change: Callable[[VectorIndex], None]) -> None:
        with (
            self._shared.using(self.catalogue.generation, self.placement.open_index) as opened,
            exclusive_lock(self.folder / INDEX_LOCK),
        ):
            change(opened.index)

    def close(self) -> None:
        """Let go of the index's files; the next use, here or by another Store of this folder, opens them again."""
        for beside in self._beside.values():
            beside.table.close()
        self._shared.close()

    # Writing

    @contextmanager
    def writing(
        self,
        fingerprint: Fingerprint | None = None,
        *,
        on_wait: Callable[[str], None] = lambda message: None,
    ) -> Iterator[None]:
        """Hold the collection's write lock; what a killed process left behind is mended first.

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
                    self.placement.note(fingerprint)
                self._mend()
                yield
            finally:
                lock.release()

    def mend(self) -> None:
        """Put right at once what a killed process left behind, unless another is writing, which has done so."""
        lock = FileLock(self.folder / "write.lock")
        with translated_storage_errors(self.folder), suppress(Timeout), lock.acquire(timeout=0.2):
            self._mend()

    def replace(self, batch: Sequence[IngestedSource], embed: Embed) -> None:
        """Store these sources in place of what they were: the new is findable before the old goes.

        What `embed` raises passes, and the last good version stays.
        """
        # Chunks that are in it already are written again: their title, headings or vector may have changed.
        self.catalogue.announce({item.record.source: [chunk.id for chunk in item.chunks] for item in batch})
        chunks = [chunk for item in batch for chunk in item.chunks]
        for item in batch:
            self.pictures.put(item.chunks, item.pictures)
        for part in slices_of(chunks):
            self._write_vectors(part, embed)
        self.lexical.change(add=chunks)
        with self.own_change():
            self.catalogue.swap(
                [item.record for item in batch],
                {item.record.text_id: item.pages for item in batch},
            )
        self._remove_retired()

    def _write_vectors(self, chunks: Sequence[Chunk], embed: Embed) -> None:
        vectors = embed(chunks)
        if self.placement.url is None:
            # Chroma keeps what it is given and could not sort in, and answers nothing more until there is space.
            require_space(self.folder, estimate_bytes(chunks, vectors))
        # A chunk that is there already may get another vector: the table never has what Chroma no longer has.
        ids = [chunk.id for chunk in chunks]
        self.table.drop(ids)
        self._change_vectors(lambda index: index.upsert(chunks, vectors))
        self.table.put(chunks, vectors)

    def remove(self, sources: Sequence[str], *, forget: bool) -> None:
        """Take sources out of every answer; `forget` drops their record and text, else they stay as missing."""
        with self.own_change():
            self.catalogue.retire(sources, forget=forget)
        self._remove_retired()

    def _remove_retired(self) -> None:
        retired = self.catalogue.chunk_ids(state=REMOVING) - self.catalogue.chunk_ids(state=ADDING)
        if retired:
            self._remove_chunks(retired)
        with self.own_change():
            self.catalogue.settle(announced=False)

    def _remove_chunks(self, ids: Collection[str]) -> None:
        self.table.drop(sorted(ids))
        self._change_vectors(lambda index: index.delete(sorted(ids)))
        self._open_beside().drop(sorted(ids))

    @contextmanager
    def own_change(self) -> Iterator[None]:
        """The open index has made this change itself: it need not be opened anew, under the feet of its readers."""
        with self._shared.lock:
            is_current = self._shared.generation == self.catalogue.generation()
            yield
            if is_current:
                self._shared.generation = self.catalogue.generation()

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
        announced, retired = self.catalogue.chunk_ids(state=ADDING), self.catalogue.chunk_ids(state=REMOVING)
        if unfinished := self.catalogue.unsettled_ids():
            self._remove_chunks(unfinished)
        if announced or retired:
            self.catalogue.settle(announced=True)
        return len(announced), len(retired)

    def _drop_unused(self) -> bool:
        unused = self.placement.unused_folders()
        if unused:
            self._shared.close()
        self.placement.drop(unused)
        return bool(unused)

    @contextmanager
    def rebuilding(self, fingerprint: Fingerprint) -> Iterator["Store"]:
        """An empty Store beside this one, to be filled within `writing()`, which takes this one's place at the end.

        Until then this one answers, and it stays as it is where the other fails.
        """
        folder = self.folder / f"{BUILT}{time.time_ns()}"
        folder.mkdir()
        beside = Store(folder, name=self.name, chroma_url=self.placement.url)
        try:
            beside.placement.note(fingerprint)
            yield beside
            beside.close()
            places = {ON_SERVER: beside.placement.name_on_server(), UNUSED_ON_SERVER: self.placement.name_on_server()}
            self.catalogue.adopt(beside.catalogue.path, indexes=beside.folder.name, **places)
        finally:
            beside.close()
            self._drop_unused()

    # What is in it

    def count_chunks(self) -> dict[str, int]:
        """How many chunks each of the three places has; they are in step where these are equal."""
        return {
            "catalogue": len(self.catalogue.chunk_ids()),
            "the vector index": self._read(len),
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
