"""From folders in BEIR form and files of questions to tasks."""

from pathlib import Path

from ingest.chunking import ChunkSize, chunk_pages
from ingest.texts import NamedText
from rag_app.evaluation.datasets import load_corpus, load_judgments, load_rows
from rag_app.training.tasks import Passages, Query, Task
from vectorstore.errors import InputError
from vectorstore.types import Page

BEIR_HINT = "a folder in BEIR form has corpus.jsonl (or .gz), queries.jsonl and, to train, qrels/train.tsv"


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
