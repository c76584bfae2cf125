"""How search and disk grow with the collection: python bench/growth.py FOLDER [CHUNKS…] (10000 100000 1000000)

FOLDER holds Markdown files. Each chunk is six sentences drawn from a passage of one of them, 50 chunks to a document.
Its vector is made up: the mean of what the model makes of each sentence, so that a million take no more embedding than
the sentences do, and lie as those of texts lie. Questions are the beginnings of sentences.
Prints, for each size, the rows written in a second, the space on disk, and the milliseconds of a search, its question
embedded by the model: without a filter, with a filter for a tenth of the documents, and with one for a single one.
Draws them into growth.png where it is called.
"""

import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.results import arguments, record
from rag_app import Settings
from rag_app.wiring import load_model
from vectorstore.collections import create_store
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store
from vectorstore.storage.vector_index import SLICE_CHUNKS
from vectorstore.types import READY, Chunk, Fingerprint, IngestedSource, Page, SourceFilter, SourceRecord, hash_pages

SIZES = (10_000, 100_000, 1_000_000)
CHUNKS_PER_DOCUMENT, DOCUMENTS_AT_ONCE = 50, 200
# A chunk is drawn from so many sentences in a row, which begin so much farther on than those of the chunk before it.
SENTENCES_PER_CHUNK, DRAWN_FROM, STEP = 6, 30, 2
QUESTIONS = 200
FILTERS = {
    "all documents": SourceFilter(),
    "a tenth of them": SourceFilter(("/made/up/*7",)),
    "one": SourceFilter(("/made/up/3",)),
}
PICTURE = Path("growth.png")
Vectors = NDArray[np.float32]
Times = tuple[float, float]  # milliseconds: median and 95th percentile


def main() -> None:
    folder, *given = arguments()
    sizes = [int(size) for size in given] or SIZES
    model = load_model(Settings(), print)
    sentences = read_sentences(Path(folder))
    vectors = np.asarray(model.embeddings.embed_documents(sentences), dtype=np.float32)
    work = Path(tempfile.mkdtemp(prefix="growth-"))
    try:
        store = create_store(work, "growth")
        written, measured = 0, []
        print(f"{'chunks':>10}  {'rows/s':>7}  {'disk':>8}  " + "  ".join(f"{name:>15}" for name in FILTERS))
        for size in sizes:
            seconds = fill(store, sentences, vectors, first=written, last=size, model_name=model.name)
            rate, written = (size - written) / seconds, size
            disk = sum(path.stat().st_size for path in work.rglob("*") if path.is_file()) / 1e9
            times = {name: time_searches(store, model, sentences, taken) for name, taken in FILTERS.items()}
            measured.append((size, times))
            shown = "  ".join(f"{p50:>6.1f} / {p95:>6.1f}" for p50, p95 in times.values())
            print(f"{size:>10,}  {rate:>7,.0f}  {disk:>5.2f} GB  {shown}", flush=True)
        picture(measured)
        values = {
            f"{size:,} chunks": ", ".join(f"{name} {p50:.0f} / {p95:.0f}" for name, (p50, p95) in times.items())
            for size, times in measured
        }
        what = "Speed: one search, its question embedded: median / 95th percentile, milliseconds"
        record(what, f"python bench/growth.py FOLDER {' '.join(map(str, sizes))}", values)
    finally:
        shutil.rmtree(work)


def read_sentences(folder: Path) -> list[str]:
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.md")))
    found = [line.strip() for text in texts for part in text.split("\n") for line in part.split(". ")]
    return [sentence for sentence in found if 30 < len(sentence) < 400]


def fill(store: Store, sentences: list[str], vectors: Vectors, *, first: int, last: int, model_name: str) -> float:
    """The seconds that writing took, the making up of texts and vectors apart."""
    seconds = 0.0
    documents = range(first // CHUNKS_PER_DOCUMENT, last // CHUNKS_PER_DOCUMENT)
    for start in documents[::DOCUMENTS_AT_ONCE]:
        numbers = [number for number in documents if start <= number < start + DOCUMENTS_AT_ONCE]
        drawn = [draw(len(sentences), number) for number in numbers]
        batch = [make_document(sentences, *pair) for pair in zip(numbers, drawn, strict=True)]
        means = vectors[np.concatenate(drawn)].mean(axis=1)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        began = time.perf_counter()
        with store.writing(Fingerprint(model_name, "cosine")):
            chunks = [chunk for document in batch for chunk in document.chunks]
            parts = [slice(start, start + SLICE_CHUNKS) for start in range(0, len(chunks), SLICE_CHUNKS)]
            store.replace(batch, ((chunks[part], means[part]) for part in parts))
        seconds += time.perf_counter() - began
    return seconds


def draw(sentences: int, number: int) -> NDArray[np.int64]:
    """Which of so many sentences make each chunk of a document: shape (chunks, sentences of each)."""
    generator = np.random.default_rng(number)
    begin = generator.integers(0, sentences - CHUNKS_PER_DOCUMENT * STEP - DRAWN_FROM)
    return np.stack(
        [
            begin + STEP * i + generator.choice(DRAWN_FROM, SENTENCES_PER_CHUNK, replace=False)
            for i in range(CHUNKS_PER_DOCUMENT)
        ]
    )


def make_document(sentences: list[str], number: int, drawn: NDArray[np.int64]) -> IngestedSource:
    source, title = f"/made/up/{number}", sentences[drawn[0, 0]][:60]
    texts = [". ".join(sentences[i] for i in chunk) for chunk in drawn.tolist()]
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
        stamp=0,
        chunks=len(chunks),
        state=READY,
        ingested_at="2026-01-01T00:00:00+00:00",
    )
    return IngestedSource(record, pages, chunks)


def time_searches(store: Store, model: EmbeddingModel, sentences: list[str], taken: SourceFilter) -> Times:
    retriever = HybridRetriever(store=store, model=model, filter=taken)
    choose = random.Random(1)  # noqa: S311 - nothing secret is made of it
    milliseconds = []
    for _ in range(QUESTIONS):
        question = choose.choice(sentences)[:100]
        began = time.perf_counter()
        retriever.search(question)
        milliseconds.append(1000 * (time.perf_counter() - began))
    steps = statistics.quantiles(milliseconds, n=20)
    return statistics.median(milliseconds), steps[18]


def picture(measured: list[tuple[int, dict[str, Times]]]) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.2), layout="constrained")
    sizes = [size for size, _ in measured]
    for name, colour in zip(FILTERS, ("#b8860b", "#2f6f73", "#777777"), strict=True):
        p50, p95 = zip(*(times[name] for _, times in measured), strict=True)
        axes.plot(sizes, p50, marker="o", color=colour, label=f"{name}: median")
        axes.plot(sizes, p95, linestyle=":", color=colour, label="95th percentile")
    axes.set(xscale="log", ylim=(0, None), xlabel="chunks", ylabel="one search, ms")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, ncols=3, loc="outside upper center")
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
