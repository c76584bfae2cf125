"""Makes training tasks, queries with the passages that are right for each, from a collection or a judged set."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ingest import ChunkSize
from ingest.named_texts import chunk_text
from rag_app.experiments.evaluation.datasets import BEIR_HINT, load_retrieval_set, number_rows
from vectorstore import Store
from vectorstore.errors import InputError
from vectorstore.types import Chunk

BATCH = 500
HEADING_MARKS = re.compile(r"^[#=*_\s]+|[#=*_:\s]+$")
HEADING_LINE = re.compile(r"#{1,6}\s")
# A passage of fewer characters says too little to be recognized; a heading over more passages is too general.
SHORTEST, MOST_PASSAGES = 40, 8
QUESTIONS_HINT = 'such a file has a line a question: {"question": "...", "source": "...", "answer": "..."}'


# Of a task's queries this share is held out, and at most so many.
HELD_OUT, MOST_HELD_OUT = 0.25, 300


@dataclass(frozen=True, slots=True)
class Query:
    """`relevant` are keys of passages."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Task:
    """`texts` are passages as they are embedded, each with the key that is judged: its own, or that of its document.

    `name` is shown in the table of results.
    """

    name: str
    texts: tuple[str, ...]
    keys: tuple[str, ...]
    queries: tuple[Query, ...]


def hold_out(task: Task, *, seed: int) -> tuple[Task, Task]:
    """The task for training, and that of the queries held out to measure.

    Queries of the same words go to the same side. Passages are on both: a collection is asked new questions about
    what it was trained on, and `only_new` says how it fares with the others.
    """
    counts = Counter(normal(query.text) for query in task.queries)
    texts = random.Random(seed).sample(list(counts), len(counts))  # noqa: S311 (a split that can be repeated)
    room, held = min(round(len(task.queries) * HELD_OUT), MOST_HELD_OUT), set()
    for text in texts:
        if counts[text] <= room:
            held.add(text)
            room -= counts[text]
    trained, measured = (
        tuple(query for query in task.queries if (normal(query.text) in held) == is_held) for is_held in (False, True)
    )
    return replace(task, queries=trained), replace(task, queries=measured)


def only_new(held: Task, trained: Task) -> list[bool]:
    """Of each held-out query, whether no passage that is right for it was right for one that was trained."""
    known = {key for query in trained.queries for key in query.relevant}
    return [known.isdisjoint(query.relevant) for query in held.queries]


def read_chunks(store: Store) -> list[Chunk]:
    """Every chunk that is not hidden, by source, page and place."""
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.state().hidden)
    chunks = [
        chunk for start in range(0, len(ids), BATCH) for chunk, _ in store.fetch(ids[start : start + BATCH]).values()
    ]
    return sorted(chunks, key=lambda chunk: (chunk.source, chunk.page or 0, chunk.start))


def make_tasks(chunks: Sequence[Chunk]) -> list[Task]:
    """Tasks over the chunks without their headings; a text that is there twice counts once.

    Title and innermost heading, or the title alone, ask for the passages under them; a passage asks for the one that
    follows it on its page.
    """
    by_text: dict[str, Chunk] = {}
    for chunk in chunks:
        text = without_headings(chunk)
        if len(text) >= SHORTEST:
            by_text.setdefault(text, chunk)
    keys = tuple(chunk.id for chunk in by_text.values())
    under: dict[str, set[str]] = defaultdict(set)
    for chunk in by_text.values():
        if heading := " ".join(filter(None, (chunk.title if chunk.is_titled else "", *chunk.headings[-1:]))):
            under[heading].add(chunk.id)
    headings = [(heading, ids) for heading, ids in under.items() if len(ids) <= MOST_PASSAGES]
    neighbours = [
        (text, {following.id})
        for (text, chunk), (_, following) in pairwise(by_text.items())
        if (chunk.source, chunk.page) == (following.source, following.page)
    ]
    return [
        Task(
            name,
            tuple(by_text),
            keys,
            tuple(Query(f"{name} {n}", text, frozenset(ids)) for n, (text, ids) in enumerate(found)),
        )
        for name, found in (("headings", headings), ("neighbours", neighbours))
        if found
    ]


def without_headings(chunk: Chunk) -> str:
    """A chunk's text without the headings that it begins with, which would give away what it is asked for."""
    lines = chunk.text.splitlines(keepends=True)
    names = {bare(name) for name in (*chunk.headings, chunk.title)}
    while lines and (HEADING_LINE.match(lines[0]) or bare(lines[0]) in names or not bare(lines[0])):
        del lines[0]
    return "".join(lines).strip()


def bare(line: str) -> str:
    return HEADING_MARKS.sub("", line).casefold()


def load_training_set(folder: Path, *, size: ChunkSize) -> Task:
    """The queries that qrels/train.tsv judges, over all documents, cut as an ingest cuts them. Raises InputError."""
    judged = load_retrieval_set(folder, split="train")
    known = {document.source for document in judged.documents}
    queries = tuple(
        Query(query_id, text, relevant)
        for query_id, text in judged.queries.items()
        if (relevant := frozenset(judged.judgments[query_id].keys() & known))
    )
    if not queries:
        raise InputError(f"{folder} has no document that qrels/train.tsv judges", BEIR_HINT)
    chunks = [chunk for document in judged.documents for chunk in chunk_text(document, size).chunks]
    texts, keys = (chunk.embedded_text for chunk in chunks), (chunk.source for chunk in chunks)
    return Task("questions", tuple(texts), tuple(keys), queries)


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
    return Task("questions", tuple(texts.values()), tuple(texts), tuple(queries))


def find_relevant(row: Mapping[str, Any], chunks: Sequence[Chunk]) -> set[str]:
    words = normal(row.get("text") or row.get("answer"))
    source = str(row.get("source") or "")
    return {chunk.id for chunk in chunks if chunk.source.endswith(source) and words in normal(chunk.text)}


def normal(text: object) -> str:
    """In small letters, with single spaces."""
    return " ".join(str(text or "").split()).casefold()
