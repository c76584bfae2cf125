"""Folders of evaluation sets turned into documents, questions and what is right for each."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.in_memory import NamedText
from rag_app.answering.chain import read_request
from vectorstore.errors import InputError

BEIR_HINT = "a folder in BEIR form has corpus.jsonl (or .gz), queries.jsonl and qrels/test.tsv"
CHUNKS_HINT = "such a folder has corpora/*.md and questions.jsonl"
ANSWERS_HINT = (
    "such a folder has corpus.jsonl (or .gz), and answers.jsonl with a line a question: "
    '{"question": "...", "answerable": true, "kind": "...", "answers": ["..."], "evidence": [["..."]]}'
)


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


class AnswerQuestion(BaseModel):
    """A line of answers.jsonl: `answers` are the gold ones, `evidence` a list of sentences for each annotator.

    `id` is the line's number, from 1, where the line has none.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    id: str | int
    question: str
    answerable: bool
    kind: str
    answers: list[str]
    evidence: list[list[str]] | None = None


@dataclass(frozen=True, slots=True)
class AnswerSet:
    documents: tuple[NamedText, ...]
    questions: tuple[AnswerQuestion, ...]


def load_retrieval_set(folder: Path, *, limit: int | None = None) -> RetrievalSet:
    """Only queries with judgments count; of those the first `limit`. Raises InputError."""
    judgments = load_judgments(folder / "qrels" / "test.tsv")
    rows = [(str(row["_id"]), str(row["text"])) for row in load_rows(folder / "queries.jsonl", BEIR_HINT)]
    judged = [(query_id, text) for query_id, text in rows if query_id in judgments][:limit]
    if not judged:
        raise InputError(f"{folder} has no query with a judgment in qrels/test.tsv", BEIR_HINT)
    documents = load_corpus(folder, BEIR_HINT)
    return RetrievalSet(documents, dict(judged), {query_id: judgments[query_id] for query_id, _ in judged})


def load_corpus(folder: Path, hint: str) -> tuple[NamedText, ...]:
    path = find_corpus(folder)
    try:
        return tuple(
            NamedText(str(row["_id"]), str(row.get("title") or ""), str(row["text"])) for row in load_rows(path, hint)
        )
    except KeyError as error:
        raise InputError(f"{path} has a line without {error}", hint) from error


def find_corpus(folder: Path) -> Path:
    plain, packed = folder / "corpus.jsonl", folder / "corpus.jsonl.gz"
    return plain if plain.exists() or not packed.exists() else packed


def load_answer_set(folder: Path, *, limit: int | None = None) -> AnswerSet:
    """All documents, and of the questions the first `limit`. Raises InputError."""
    path = folder / "answers.jsonl"
    rows = islice(number_rows(path, ANSWERS_HINT), limit)
    questions = tuple(read_question(row, f"{path}, line {number}", number) for number, row in rows)
    if not questions:
        raise InputError(f"{path} has no question", ANSWERS_HINT)
    return AnswerSet(load_corpus(folder, ANSWERS_HINT), questions)


def read_question(row: dict[str, Any], place: str, number: int) -> AnswerQuestion:
    """Also refuses what the chain would refuse to be asked, before minutes of work rather than amid them."""
    named = row if row.get("id") is not None else {**row, "id": number}
    try:
        question = AnswerQuestion.model_validate(named)
        read_request(question.question)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{place}, cannot be used: {where}: {first['msg'].lower()}", ANSWERS_HINT) from error
    except InputError as error:
        raise InputError(f"{place}, cannot be asked: {error.message}", ANSWERS_HINT) from error
    return question


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
    questions = [
        ChunkQuestion(
            row["question"],
            row["corpus_id"],
            tuple((reference["start_index"], reference["end_index"]) for reference in row["references"]),
        )
        for row in load_rows(folder / "questions.jsonl", CHUNKS_HINT)
    ]
    if not questions:
        raise InputError(f"{folder / 'questions.jsonl'} has no question", CHUNKS_HINT)
    return questions


def load_chunk_documents(folder: Path) -> list[Path]:
    paths = sorted((folder / "corpora").glob("*.md"))
    if not paths:
        raise InputError(f"{folder} has no corpora/*.md", CHUNKS_HINT)
    return paths


def load_rows(path: Path, hint: str) -> Iterator[dict[str, Any]]:
    return (row for _, row in number_rows(path, hint))


def number_rows(path: Path, hint: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file, packed by gzip or not, each with the number of its line. Raises InputError."""
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, read_row(line, f"{path}, line {number}", hint)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", hint) from error
    except (UnicodeDecodeError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}", hint) from error


def read_row(line: str, place: str, hint: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{place}, is not JSON", hint) from error
    if not isinstance(row, dict):
        raise InputError(f"{place}, is not a JSON object", hint)
    return row


def open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.GzipFile(path), encoding="utf-8")
    return path.open(encoding="utf-8")
