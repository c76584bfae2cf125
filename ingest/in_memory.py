"""Texts that are in memory turned into documents of a collection, as files are once they have been read."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.batching import IngestOptions, Run, flush, queue
from ingest.chunking.chunks import chunk_pages
from ingest.embedding_queue import Embedder
from ingest.report import IngestReport, Progress
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.storage.store import Store
from vectorstore.types import READY, Fingerprint, IngestedSource, Page, SourceRecord, hash_pages


@dataclass(frozen=True, slots=True)
class NamedText:
    """`source` tells it from all others; without a `title` it goes by its source, which is not embedded."""

    source: str
    title: str
    text: str


def ingest_texts(
    texts: Sequence[NamedText],
    *,
    store: Store,
    model: EmbeddingModel,
    options: IngestOptions,
    cache: VectorCache | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> IngestReport:
    """Store these texts, each in place of what was stored under its source. Errors as of `ingest_files`."""
    began = time.monotonic()
    with store.writing(Fingerprint(model.name, options.distance)), Embedder(model, cache) as embedder:
        known = {record.source: record for record in store.catalogue.sources()}
        run = Run(store, model, embedder, options, on_progress, known, total=len(texts))
        for item in read_all(run, texts):
            queue(run, item)
        flush(run)
    return IngestReport(
        collection=store.name,
        files=tuple(run.reports.values()),
        chunks_embedded=run.chunks_embedded,
        characters_embedded=run.characters_embedded,
        seconds=time.monotonic() - began,
        warnings=(),
    )


def read_all(run: Run, texts: Iterable[NamedText]) -> Iterable[IngestedSource]:
    for text in texts:
        pages = (Page(None, text.text),) if text.text.strip() else ()
        title, is_titled = text.title or text.source, bool(text.title)
        chunks = chunk_pages(text.source, title, pages, markdown=False, size=run.size, is_titled=is_titled)
        data = text.text.encode("utf-8", "surrogatepass")
        record = SourceRecord(
            source=text.source,
            title=title,
            is_titled=is_titled,
            kind="text",
            text_id=hash_pages(pages),
            content_hash=hashlib.sha256(data).hexdigest(),
            size=len(data),
            mtime_ns=0,
            chunks=len(chunks),
            state=READY,
            ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        yield IngestedSource(record, pages, chunks)
