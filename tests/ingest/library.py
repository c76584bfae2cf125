"""A folder of documents and the collection made from it, with checks of the collection from outside."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.pipeline import IngestOptions, ingest_files
from ingest.reader_process import Reader
from ingest.report import IngestReport, Progress
from vectorstore.collections import create_store
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store
from vectorstore.types import Chunk


class KeptReader(Reader):
    """A reader process that serves one ingest after another: its start costs more than a small ingest."""

    def end(self) -> None:
        pass

    def __exit__(self, *raised: object) -> None:
        pass


kept_reader = cache(KeptReader)


@dataclass
class Library:
    """`docs` is the folder of documents; `data` names the data folder, of which there may be several."""

    folder: Path
    model: EmbeddingModel
    data: str = "data"
    options: IngestOptions = field(default_factory=IngestOptions)
    ticks: int = 0

    def __post_init__(self) -> None:
        self.docs = self.folder / "docs"
        self.docs.mkdir(parents=True, exist_ok=True)
        self.store = self.open()

    def open(self) -> Store:
        return create_store(self.folder / self.data, "library", chroma_url=os.environ.get("RAG_CHROMA_URL"))

    def reopen(self) -> None:
        self.store.close()
        self.store = self.open()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.touch(name)
        return path

    def touch(self, name: str) -> None:
        """Give a file a time that no file has had: two changes within one tick of the clock would look alike."""
        self.ticks += 1
        os.utime(self.docs / name, ns=(self.ticks * 10**9, self.ticks * 10**9))

    def source(self, name: str) -> str:
        return str(self.docs / name)

    def ingest(
        self,
        *paths: str | Path,
        cache: VectorCache | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        **options: Any,
    ) -> IngestReport:
        given, how = [self.docs / path for path in paths] or [self.docs], replace(self.options, **options)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ingest.pipeline.Reader", kept_reader)
            return ingest_files(
                given, store=self.store, model=self.model, options=how, cache=cache, on_progress=on_progress
            )

    def statuses(self, *paths: str | Path, **options: Any) -> dict[str, str]:
        """Of an ingest, by name below the folder."""
        report = self.ingest(*paths, **options)
        return {os.path.relpath(file.source, self.docs): file.status for file in report.files}

    def reads(self) -> list[str]:
        """The files that an ingest reads, by name below the folder."""
        shown: list[Progress] = []
        self.ingest(on_progress=shown.append)
        changed = [progress.changed for progress in shown if progress.changed]
        return [os.path.relpath(file.source, self.docs) for file in changed if file.state == "reading"]

    def search(self, question: str) -> list[Chunk]:
        found = HybridRetriever(store=self.store, model=self.model, k=50).search(question)
        return [passage.chunk for passage in found]

    def clean_build(self) -> "Library":
        """Another collection, made from the same folder in one run."""
        clean = Library(self.folder, self.model, f"clean-{self.data}", self.options, self.ticks)
        clean.ingest()
        return clean

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


def check_in_step(store: Store) -> None:
    """The three indexes hold the same chunks, each at its place in the stored text, and nothing is left over."""
    ids = store.catalogue.chunk_ids()
    assert not store.catalogue.chunk_ids(state="adding") | store.catalogue.chunk_ids(state="removing")
    assert store.lexical.reader().ids() == ids
    if store.fingerprint is None:
        return
    assert store.open_vectors().ids() == ids
    for chunk_id, (chunk, vector) in store.fetch(sorted(ids)).items():
        assert chunk.id == chunk_id
        assert store.load_page(chunk.source, chunk.page)[chunk.start : chunk.end] == chunk.text
        assert abs(np.linalg.norm(vector) - 1) < 0.01
    with closing(sqlite3.connect(store.catalogue.database.path)) as connection:
        stored = {row[0] for row in connection.execute("SELECT DISTINCT text_id FROM pages")}
    assert stored == {record.text_id for record in store.catalogue.sources()}
    for record in store.catalogue.sources():
        chunks = store.catalogue.chunk_ids(sources=[record.source])
        assert len(chunks) == (record.chunks if record.state == "ready" else 0)


def state_of(store: Store) -> dict[str, Any]:
    """All that two collections of the same content have alike: records but for time and stamp, pages, chunks, ids."""
    records = [replace(record, ingested_at="", stamp=0) for record in store.catalogue.sources()]
    ids = sorted(store.catalogue.chunk_ids())
    return {
        "records": records,
        "pages": {record.source: store.catalogue.pages(record.text_id) for record in records},
        "chunks": {chunk_id: chunk for chunk_id, (chunk, _) in store.fetch(ids).items()},
        "catalogue": ids,
        "chroma": sorted(store.open_vectors().ids()),
        "lexical": sorted(store.lexical.reader().ids()),
    }


def vectors_of(store: Store) -> np.ndarray[Any, np.dtype[np.float32]]:
    found = store.fetch(sorted(store.catalogue.chunk_ids()))
    return np.array([found[chunk_id][1] for chunk_id in sorted(found)], dtype=np.float32)


def check_alike(one: Store, other: Store) -> None:
    check_in_step(one)
    assert state_of(one) == state_of(other)
    vectors, others = vectors_of(one), vectors_of(other)
    # The same text embedded in another batch differs in the last bits of bf16.
    assert vectors.shape == others.shape
    assert vectors.size == 0 or float((vectors * others).sum(axis=1).min()) > 0.999


def names_of(chunks: Sequence[Chunk]) -> set[str]:
    return {Path(chunk.source).name for chunk in chunks}
