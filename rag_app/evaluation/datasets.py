"""Folders of evaluation sets turned into documents, questions and what is right for each."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from ingest.texts import NamedText
from vectorstore.errors import InputError

BEIR_HINT = "a folder in BEIR form has corpus.jsonl (or .gz), queries.jsonl and qrels/test.tsv"
CHUNKS_HINT = "such a folder has corpora/*.md and questions.jsonl"


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """`judgments` gives, for each judged query, the grades of its documents; `queries` are those, in their order."""

    documents: tuple[NamedText, ...]
    queries: dict[str, str]
    judgments: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class ChunkQuestion:
    """A question and the places of what answers it: `spans` are start and end in the file called `document`."""

    text: str
    document: str
    spans: tuple[tuple[int, int], ...]


def load_retrieval_set(folder: Path, *, limit: int | None = None) -> RetrievalSet:
    """Only queries with judgments count; of those the first `limit`. Raises InputError."""
    judgments = load_judgments(folder / "qrels" / "test.tsv")
    rows = [(str(row["_id"]), str(row["text"])) for row in load_rows(folder / "queries.jsonl", BEIR_HINT)]
    judged = [(query_id, text) for query_id, text in rows if query_id in judgments][:limit]
    if not judged:
        raise InputError(f"{folder} has no query with a judgment in qrels/test.tsv", BEIR_HINT)
    documents = tuple(
        NamedText(str(row["_id"]), str(row.get("title") or ""), str(row["text"])) for row in load_corpus(folder)
    )
    return RetrievalSet(documents, dict(judged), {query_id: judgments[query_id] for query_id, _ in judged})


def load_corpus(folder: Path) -> Iterator[dict[str, Any]]:
    plain, packed = folder / "corpus.jsonl", folder / "corpus.jsonl.gz"
    return load_rows(plain if plain.exists() or not packed.exists() else packed, BEIR_HINT)


def load_judgments(path: Path) -> dict[str, dict[str, int]]:
    """Query ids to document ids to grades above 0."""
    judgments: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if int(row["score"]) > 0:
                    judgments.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", BEIR_HINT) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has not the columns query-id, corpus-id and score", BEIR_HINT) from error
    return judgments


def load_chunk_questions(folder: Path) -> list[ChunkQuestion]:
    return [
        ChunkQuestion(
            row["question"],
            row["corpus_id"],
            tuple((reference["start_index"], reference["end_index"]) for reference in row["references"]),
        )
        for row in load_rows(folder / "questions.jsonl", CHUNKS_HINT)
    ]


def load_chunk_documents(folder: Path) -> list[Path]:
    paths = sorted((folder / "corpora").glob("*.md"))
    if not paths:
        raise InputError(f"{folder} has no corpora/*.md", CHUNKS_HINT)
    return paths


def load_rows(path: Path, hint: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, packed by gzip or not."""
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        raise InputError(f"{path}, line {number}, is not JSON", hint) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", hint) from error


def open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.GzipFile(path), encoding="utf-8")
    return path.open(encoding="utf-8")
