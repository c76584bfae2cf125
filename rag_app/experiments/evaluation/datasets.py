"""Reads evaluation sets from folders and ingests their documents into a collection that is removed afterwards."""

import csv
import gzip
import json
import tempfile
import zlib
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.named_texts import NamedText, ingest_texts
from ingest.report import Progress
from rag_app.answering.chain import read_request
from rag_app.settings import Settings
from rag_app.wiring import Tell, build_ingest_options, build_store, build_vector_cache, load_model, load_retriever
from vectorstore import HybridRetriever
from vectorstore.collections import create_store, delete_collection, list_collections
from vectorstore.errors import CollectionError, InputError

BEIR_HINT = (
    "a folder in BEIR form has corpus.jsonl (or .gz), queries.jsonl and qrels/test.tsv (qrels/train.tsv to train)"
)
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


def load_retrieval_set(folder: Path, *, limit: int | None = None, split: str = "test") -> RetrievalSet:
    """Only queries that qrels/SPLIT.tsv judges count; of those the first `limit`. Raises InputError."""
    judgments = load_judgments(folder / "qrels" / f"{split}.tsv")
    rows = [(str(row["_id"]), str(row["text"])) for row in load_rows(folder / "queries.jsonl", BEIR_HINT)]
    judged = [(query_id, text) for query_id, text in rows if query_id in judgments][:limit]
    if not judged:
        raise InputError(f"{folder} has no query with a judgment in qrels/{split}.tsv", BEIR_HINT)
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


def load_answer_set(
    folder: Path, *, limit: int | None = None
) -> tuple[tuple[NamedText, ...], tuple[AnswerQuestion, ...]]:
    """All documents, and of the questions the first `limit`. Raises InputError."""
    path = folder / "answers.jsonl"
    with closing(number_rows(path, ANSWERS_HINT)) as rows:
        questions = tuple(read_question(row, f"{path}, line {number}", number) for number, row in islice(rows, limit))
    if not questions:
        raise InputError(f"{path} has no question", ANSWERS_HINT)
    return load_corpus(folder, ANSWERS_HINT), questions


def read_question(row: dict[str, Any], place: str, number: int) -> AnswerQuestion:
    """Also refuses what the chain would refuse, before minutes of work rather than in the middle."""
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


def load_chunk_set(folder: Path) -> tuple[list[Path], list[ChunkQuestion]]:
    """The documents and the questions about them. Raises InputError."""
    paths = sorted((folder / "corpora").glob("*.md"))
    if not paths:
        raise InputError(f"{folder} has no corpora/*.md", CHUNKS_HINT)
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
    return paths, questions


def load_rows(path: Path, hint: str) -> Iterator[dict[str, Any]]:
    return (row for _, row in number_rows(path, hint))


def number_rows(path: Path, hint: str) -> Generator[tuple[int, dict[str, Any]], None, None]:
    """The objects of a JSON-lines file, packed by gzip or not, each with the number of its line. Raises InputError."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, read_row(line, f"{path}, line {number}", hint)
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", hint) from error


def read_row(line: str, place: str, hint: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{place}, is not JSON", hint) from error
    if not isinstance(row, dict):
        raise InputError(f"{place}, is not a JSON object", hint)
    return row


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]], *, hint: str, mode: str = "w") -> None:
    """Write a JSON-lines file. Raises InputError."""
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", hint) from error


COLLECTION = "evaluation"


@contextmanager
def retriever_of_texts(
    texts: Sequence[NamedText],
    settings: Settings,
    *,
    keep: bool,
    on_progress: Callable[[Progress], None],
    on_message: Tell,
) -> Iterator[HybridRetriever]:
    """A retriever over these texts alone; with `keep` they stay in the settings' collection for the next time."""
    with own_settings(settings, {text.source for text in texts}, keep=keep) as own:
        ingest_texts(
            texts,
            store=create_store(own.data_dir, own.collection, chroma_url=own.chroma_url),
            model=load_model(own, on_message),
            options=build_ingest_options(own),
            cache=build_vector_cache(own),
            on_progress=on_progress,
        )
        yield load_retriever(settings=own, on_message=on_message)


@contextmanager
def own_settings(settings: Settings, sources: Container[str], *, keep: bool) -> Iterator[Settings]:
    """The settings of a temporary collection, deleted afterwards; with `keep`, the settings themselves."""
    if keep:
        refuse_others(settings, sources)
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="rag-evaluation-") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder).resolve(), "collection": COLLECTION})
        try:
            yield own
        finally:
            if COLLECTION in list_collections(own.data_dir):
                delete_collection(own.data_dir, COLLECTION, chroma_url=own.chroma_url)


def refuse_others(settings: Settings, sources: Container[str]) -> None:
    """The figures of a set are meaningless where other documents are found too."""
    if settings.collection not in list_collections(settings.data_dir):
        return
    if any(record.source not in sources for record in build_store(settings).catalogue.sources()):
        raise CollectionError(
            f"the collection {settings.collection} holds other documents than this set",
            "name another with --collection, or leave it out",
        )
