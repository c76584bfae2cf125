"""How search and disk grow with the collection: python bench/growth.py FOLDER [CHUNKS…] (10000 100000 1000000)

FOLDER holds text files (Markdown, text). Their sentences, shuffled, make the texts of chunks, 50 to a document; vectors
are made up, in clusters as those of texts are, so that no time goes into embedding. Questions are sentences too.
Prints, for each size, the rows written in a second, the space on disk, and the milliseconds of a search, its question
embedded by the model: without a filter, with a filter for a tenth of the documents, and with one for a single one.
"""

import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app import Settings
from rag_app.wiring import LOADED
from vectorstore.collections import create_store
from vectorstore.embeddings import EmbeddingModel
from vectorstore.filters import SourceFilter
from vectorstore.fingerprint import Fingerprint
from vectorstore.records import READY, SourceRecord, hash_pages
from vectorstore.retriever import HybridRetriever
from vectorstore.store import IngestedSource, Store
from vectorstore.types import Chunk, Page

SIZES = (10_000, 100_000, 1_000_000)
CHUNKS_PER_DOCUMENT, DOCUMENTS_AT_ONCE = 50, 200
SENTENCES_PER_CHUNK = 6
DIMENSION, CLUSTERS, NOISE = 384, 2_000, 0.7
QUESTIONS = 200
FILTERS = (SourceFilter(), SourceFilter(("/made/up/*7",)), SourceFilter(("/made/up/3",)))
Vectors = NDArray[np.float32]


def main() -> None:
    folder, sizes = Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or SIZES
    sentences = read_sentences(folder)
    settings = Settings()
    model = LOADED.get(settings, print)
    work = Path(tempfile.mkdtemp(prefix="growth-"))
    try:
        store = create_store(work, "growth")
        written = 0
        print(f"{'chunks':>10}  {'rows/s':>7}  {'disk':>8}  {'search p50 / p95, ms':>22}  {'a tenth':>15}  {'one':>15}")
        for size in sizes:
            seconds = fill(store, sentences, first=written, last=size, model_name=model.name)
            rate, written = (size - written) / seconds, size
            disk = sum(path.stat().st_size for path in work.rglob("*") if path.is_file()) / 1e9
            plain, tenth, one = (time_searches(store, model, sentences, taken) for taken in FILTERS)
            print(f"{size:>10,}  {rate:>7,.0f}  {disk:>5.2f} GB  {plain:>22}  {tenth:>15}  {one:>15}", flush=True)
    finally:
        shutil.rmtree(work)


def read_sentences(folder: Path) -> list[str]:
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.md")))
    found = [line.strip() for text in texts for part in text.split("\n") for line in part.split(". ")]
    return [sentence for sentence in found if 30 < len(sentence) < 400]


def fill(store: Store, sentences: list[str], *, first: int, last: int, model_name: str) -> float:
    """The seconds that writing took, the making up of texts and vectors apart."""
    seconds, generator = 0.0, np.random.default_rng(first)
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, DIMENSION), dtype=np.float32)
    for batch in batches(sentences, first=first, last=last):
        count = sum(len(item.chunks) for item in batch)
        made = centres[generator.integers(0, CLUSTERS, count)]
        made += NOISE * generator.standard_normal((count, DIMENSION), dtype=np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        began = time.perf_counter()
        with store.writing(Fingerprint(model_name, "cosine")):
            store.replace(batch, in_order(made))
        seconds += time.perf_counter() - began
    return seconds


def in_order(vectors: Vectors) -> Callable[[object], Vectors]:
    position = 0

    def embed(chunks: object) -> Vectors:
        nonlocal position
        part = vectors[position : position + len(chunks)]  # type: ignore[arg-type]
        position += len(part)
        return part

    return embed


def batches(sentences: list[str], *, first: int, last: int) -> Iterator[list[IngestedSource]]:
    documents = range(first // CHUNKS_PER_DOCUMENT, last // CHUNKS_PER_DOCUMENT)
    for start in documents[::DOCUMENTS_AT_ONCE]:
        yield [make_document(sentences, number) for number in documents if start <= number < start + DOCUMENTS_AT_ONCE]


def make_document(sentences: list[str], number: int) -> IngestedSource:
    choose = random.Random(number)  # noqa: S311 - nothing secret is made of it
    source, title = f"/made/up/{number}", choose.choice(sentences)[:60]
    texts = [". ".join(choose.choices(sentences, k=SENTENCES_PER_CHUNK)) for _ in range(CHUNKS_PER_DOCUMENT)]
    chunks, start = [], 0
    for text in texts:
        chunks.append(Chunk(source, title, None, start, start + len(text), text))
        start += len(text) + 1
    pages = (Page(None, "\n".join(texts)),)
    record = SourceRecord(
        source=source,
        title=title,
        is_titled=True,
        kind="text",
        text_id=hash_pages(pages),
        content_hash=str(number),
        size=start,
        mtime_ns=0,
        chunks=len(chunks),
        state=READY,
        ingested_at="2026-01-01T00:00:00+00:00",
    )
    return IngestedSource(record, pages, chunks)


def time_searches(store: Store, model: EmbeddingModel, sentences: list[str], taken: SourceFilter) -> str:
    retriever = HybridRetriever(store=store, model=model, filter=taken)
    choose = random.Random(1)  # noqa: S311 - nothing secret is made of it
    milliseconds = []
    for _ in range(QUESTIONS):
        question = choose.choice(sentences)[:100]
        began = time.perf_counter()
        retriever.search(question)
        milliseconds.append(1000 * (time.perf_counter() - began))
    steps = statistics.quantiles(milliseconds, n=20)
    return f"{statistics.median(milliseconds):.1f} / {steps[18]:.1f}"


if __name__ == "__main__":
    main()
