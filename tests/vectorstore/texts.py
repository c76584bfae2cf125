"""Texts put into a collection without files: a source of one page, each of its texts a chunk."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vectorstore.embeddings import EmbeddingModel, embed_chunks
from vectorstore.search.retriever import HybridRetriever, Question
from vectorstore.storage.lexical_index import LexicalReader
from vectorstore.storage.store import Store
from vectorstore.types import READY, Chunk, Fingerprint, IngestedSource, Page, SourceRecord, hash_pages


def chroma_url() -> str | None:
    """Where this test run has its vectors: None for the collection's folder, else the server of --chroma-server."""
    return os.environ.get("RAG_CHROMA_URL")


def open_again(folder: Path) -> Store:
    return Store(folder, name="library", chroma_url=chroma_url())


def cut(source: str, texts: Sequence[str], *, title: str = "Title") -> tuple[Page, list[Chunk]]:
    page_text = "\n\n".join(texts)
    chunks, start = [], 0
    for text in texts:
        chunks.append(Chunk(source, title, None, start, start + len(text), text))
        start += len(text) + 2
    return Page(None, page_text), chunks


def source_of(source: str, texts: Sequence[str], *, title: str = "Title") -> IngestedSource:
    page, chunks = cut(source, texts, title=title)
    record = SourceRecord(
        source=source,
        title=title,
        is_titled=True,
        kind="text",
        text_id=hash_pages([page]),
        content_hash=hashlib.sha256(page.text.encode()).hexdigest(),
        size=len(page.text),
        stamp=0,
        chunks=len(chunks),
        state=READY,
        ingested_at=datetime.now(UTC).isoformat(),
    )
    return IngestedSource(record, [page], chunks)


def embedded(model: EmbeddingModel, *batch: IngestedSource) -> list[tuple[list[Chunk], NDArray[np.float32]]]:
    """All chunks of a batch with their vectors, in one piece."""
    chunks = [chunk for item in batch for chunk in item.chunks]
    return [(chunks, np.array(embed_chunks(model, [chunk.embedded_text for chunk in chunks]), dtype=np.float32))]


def put(store: Store, model: EmbeddingModel, **sources: str | Sequence[str]) -> None:
    """Each keyword is a source, its value the text of its only chunk or the texts of several."""
    batch = [source_of(source, [texts] if isinstance(texts, str) else texts) for source, texts in sources.items()]
    with store.writing(Fingerprint(model.name, "cosine")):
        store.replace(batch, embedded(model, *batch))


def remove(store: Store, *sources: str) -> None:
    with store.writing():
        store.remove(sources, forget=True)


def matches(lexical: LexicalReader, question: str) -> dict[str, float]:
    """The first ten chunk ids that share words with a question, with their scores."""
    return lexical.match(Question(question).terms(lexical), limit=10)


def found_texts(store: Store, model: EmbeddingModel, question: str) -> list[str]:
    """The texts of the passages that a search finds, best first."""
    return [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search(question)]
