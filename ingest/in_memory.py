"""Ingests texts that are in memory, as files are once they have been read."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.batching import IngestOptions, store_all
from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.embedding_queue import Embedder
from ingest.report import IngestLog, IngestReport, Progress
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.storage.store import Store
from vectorstore.types import READY, Fingerprint, IngestedSource, Page, SourceRecord, hash_pages


@dataclass(frozen=True, slots=True)
class NamedText:
    """`source` is unique; without a `title` the source is shown, which is not embedded."""

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
    """Store these texts, each in place of what was stored under its source. Raises what `ingest_files` raises."""
    began = time.monotonic()
    size = ChunkSize(options.chunk_tokens, model.max_tokens, model.count_tokens, options.find_sentences)
    with store.writing(Fingerprint(model.name, options.distance)), Embedder(model, cache) as embedder:
        known = {record.source for record in store.catalogue.sources()}
        log = IngestLog(on_progress, known, total=len(texts))
        store_all((make_document(text, size) for text in texts), store, embedder, log)
    return IngestReport(
        collection=store.name,
        files=tuple(log.reports.values()),
        chunks_embedded=log.chunks_embedded,
        characters_embedded=log.characters_embedded,
        seconds=time.monotonic() - began,
    )


def make_document(text: NamedText, size: ChunkSize) -> IngestedSource:
    pages = (Page(None, text.text),) if text.text.strip() else ()
    title, is_titled = text.title or text.source, bool(text.title)
    chunks = chunk_pages(text.source, title, pages, markdown=False, size=size, is_titled=is_titled)
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
    return IngestedSource(record, pages, chunks)
