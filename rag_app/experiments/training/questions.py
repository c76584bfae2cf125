"""From folders in BEIR form and files of questions to tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.in_memory import NamedText
from rag_app.experiments.evaluation.datasets import load_corpus, load_judgments, load_rows, number_rows
from rag_app.experiments.training.tasks import Passages, Query, Task
from vectorstore.errors import InputError
from vectorstore.types import Chunk, Page

BEIR_HINT = "a folder in BEIR form has corpus.jsonl (or .gz), queries.jsonl and, to train, qrels/train.tsv"
QUESTIONS_HINT = 'such a file has a line a question: {"question": "...", "source": "...", "answer": "..."}'


def load_training_set(folder: Path, *, size: ChunkSize) -> Task:
    """The queries that qrels/train.tsv judges, over all documents, cut as an ingest cuts them. Raises InputError."""
    judgments = load_judgments(folder / "qrels" / "train.tsv")
    documents = load_corpus(folder, BEIR_HINT)
    known = {document.source for document in documents}
    queries = tuple(
        Query(str(row["_id"]), str(row["text"]), relevant)
        for row in load_rows(folder / "queries.jsonl", BEIR_HINT)
        if (relevant := frozenset(judgments.get(str(row["_id"]), ())) & known)
    )
    if not queries:
        raise InputError(f"{folder} has no query with a judgment in qrels/train.tsv", BEIR_HINT)
    return Task("questions", cut(documents, size), queries)


def cut(documents: tuple[NamedText, ...], size: ChunkSize) -> Passages:
    chunks = [
        chunk
        for document in documents
        if document.text.strip()
        for chunk in chunk_pages(
            document.source,
            document.title or document.source,
            [Page(None, document.text)],
            markdown=False,
            size=size,
            is_titled=bool(document.title),
        )
    ]
    return Passages(tuple(chunk.embedded_text for chunk in chunks), tuple(chunk.source for chunk in chunks))


def load_questions(path: Path, chunks: Sequence[Chunk]) -> Task:
    """Lines of {"question", and "text", "answer", "source" or some of these}, over a collection's chunks.

    Right for a question is the passage given as `text`; without it, every passage that has the words of `answer`, of
    `source` alone where that is given; without both, every passage of `source`. A source is named by the end of its
    path, as on the command line. Raises InputError for a line that names none of them, or nothing that is there.
    """
    texts = {chunk.id: chunk.embedded_text for chunk in chunks}
    queries = []
    for number, row in number_rows(path, QUESTIONS_HINT):
        question, place = str(row.get("question") or "").strip(), f"{path}, line {number}"
        if not question or not any(row.get(name) for name in ("text", "answer", "source")):
            raise InputError(f"{place}, has no question, or nothing that answers it", QUESTIONS_HINT)
        relevant = find_relevant(row, chunks)
        if not relevant and row.get("text"):
            relevant = {f"line {number}"}
            texts[f"line {number}"] = str(row["text"])
        if not relevant:
            raise InputError(f"{place}, names nothing that is in the collection", "rag list shows what is in it")
        queries.append(Query(f"question {number}", question, frozenset(relevant)))
    if not queries:
        raise InputError(f"{path} has no question", QUESTIONS_HINT)
    return Task("questions", Passages(tuple(texts.values()), tuple(texts)), tuple(queries))


def find_relevant(row: Mapping[str, Any], chunks: Sequence[Chunk]) -> set[str]:
    said = plain(row.get("text") or row.get("answer"))
    source = str(row.get("source") or "")
    return {chunk.id for chunk in chunks if chunk.source.endswith(source) and said in plain(chunk.text)}


def plain(text: object) -> str:
    """The same however the words are spaced, and in whatever case."""
    return " ".join(str(text or "").split()).casefold()
