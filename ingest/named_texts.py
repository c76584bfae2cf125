"""Puts texts that are given by name, and are in no file, into a collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.chunking.chunks import ChunkSize
from ingest.embedding_queue import Embedder, store_all
from ingest.pipeline import IngestOptions
from ingest.reading.file_types import ParsedDocument
from ingest.reading.read_source import chunk_document, make_record
from ingest.report import IngestLog, IngestReport, Progress
from vectorstore import Store
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.types import Fingerprint, IngestedSource, Page


@dataclass(frozen=True, slots=True)
class NamedText:
    """A text with a unique `source`. Where `title` is empty, the source is shown instead, and no title is embedded."""

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
    log = IngestLog(on_progress, total=len(texts))
    size = options.chunk_size(model)
    with store.writing(Fingerprint(model.name, options.distance)), Embedder(model, cache) as embedder:
        log.known = {record.source for record in store.catalogue.sources()}
        store_all((chunk_text(text, size) for text in texts), store, embedder, log)
    return log.finish(store.name)


def chunk_text(text: NamedText, size: ChunkSize) -> IngestedSource:
    pages = (Page(None, text.text),) if text.text.strip() else ()
    title, is_titled = text.title or text.source, bool(text.title)
    document = ParsedDocument(title, pages, "text", is_titled)
    chunks = chunk_document(text.source, document, size)
    record = make_record(text.source, document, chunks, text.text.encode("utf-8", "surrogatepass"))
    return IngestedSource(record, pages, chunks)
