"""What a model is trained for and measured by: queries, and the passages of which some are right for each."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from vectorstore.storage.store import Store
from vectorstore.types import Chunk

BATCH = 500
HEADING_MARKS = re.compile(r"^[#=*_\s]+|[#=*_:\s]+$")
HEADING_LINE = re.compile(r"#{1,6}\s")


def read_chunks(store: Store) -> list[Chunk]:
    """Every chunk that can be found, by source, page and place."""
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.hidden_ids())
    chunks = [
        chunk for start in range(0, len(ids), BATCH) for chunk, _ in store.fetch(ids[start : start + BATCH]).values()
    ]
    return sorted(chunks, key=lambda chunk: (chunk.source, chunk.page or 0, chunk.start))


def without_headings(chunk: Chunk) -> str:
    """A chunk's text without the headings that it begins with, which would give away what it is asked for."""
    lines = chunk.text.splitlines(keepends=True)
    names = {bare(name) for name in (*chunk.headings, chunk.title)}
    while lines and (HEADING_LINE.match(lines[0]) or bare(lines[0]) in names or not bare(lines[0])):
        del lines[0]
    return "".join(lines).strip()


def bare(line: str) -> str:
    return HEADING_MARKS.sub("", line).casefold()


def read_sentences(store: Store) -> Iterator[str]:
    """The texts that word vectors are learned from, each once."""
    seen: set[str] = set()
    for chunk in read_chunks(store):
        if chunk.text not in seen:
            seen.add(chunk.text)
            yield chunk.text


@dataclass(frozen=True, slots=True)
class Passages:
    """Texts as they are embedded, in order, each with the key of what it counts for: itself, or its document."""

    texts: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """`relevant` are keys of passages."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Task:
    """`name` is told in the table of results."""

    name: str
    passages: Passages
    queries: tuple[Query, ...]


def hold_out(task: Task, *, share: float, most: int, seed: int) -> tuple[Task, Task]:
    """The task for training, and that of `share` of its queries, at most `most`, held out to measure.

    Queries of the same words go to the same side. Passages are not parted: a collection is asked new questions about
    what it was trained on, and `only_new` says how it fares with the others.
    """
    groups: dict[str, list[Query]] = {}
    for query in task.queries:
        groups.setdefault(" ".join(query.text.casefold().split()), []).append(query)
    drawn = list(groups.values())
    random.Random(seed).shuffle(drawn)  # noqa: S311 (a split that can be repeated)
    wanted = min(round(len(task.queries) * share), most)
    held: set[str] = set()
    for group in drawn:
        if len(held) + len(group) <= wanted:
            held |= {query.id for query in group}
    sides = ([one for one in task.queries if (one.id in held) == is_held] for is_held in (False, True))
    trained, measured = (replace(task, queries=tuple(queries)) for queries in sides)
    return trained, measured


def only_new(held: Task, trained: Task) -> list[bool]:
    """Of each held-out query, whether no passage that is right for it was right for one that was trained."""
    known = {key for query in trained.queries for key in query.relevant}
    return [known.isdisjoint(query.relevant) for query in held.queries]


# A passage of fewer characters says too little to be known by; a heading over more passages is too general.
SHORTEST, MOST_PASSAGES = 40, 8


def make_tasks(chunks: Sequence[Chunk]) -> list[Task]:
    """Tasks over the chunks without their headings; a text that stands in two places counts once."""
    by_text: dict[str, Chunk] = {}
    for chunk in chunks:
        text = without_headings(chunk)
        if len(text) >= SHORTEST:
            by_text.setdefault(text, chunk)
    passages = Passages(tuple(by_text), tuple(chunk.id for chunk in by_text.values()))
    kept = list(zip(by_text, by_text.values(), strict=True))
    tasks = [
        Task("headings", passages, headings_ask([chunk for _, chunk in kept])),
        Task("neighbours", passages, neighbours_ask(kept)),
    ]
    return [task for task in tasks if task.queries]


def headings_ask(chunks: Sequence[Chunk]) -> tuple[Query, ...]:
    """Title and innermost heading, or the title alone, ask for the passages under them."""
    under: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks:
        if asked := " ".join(filter(None, (chunk.title if chunk.is_titled else "", *chunk.headings[-1:]))):
            under[asked].add(chunk.id)
    fitting = [(asked, ids) for asked, ids in under.items() if len(ids) <= MOST_PASSAGES]
    return tuple(Query(f"heading {number}", asked, frozenset(ids)) for number, (asked, ids) in enumerate(fitting))


def neighbours_ask(kept: Sequence[tuple[str, Chunk]]) -> tuple[Query, ...]:
    """A passage asks for the one that follows it on its page."""
    return tuple(
        Query(f"neighbour {number}", text, frozenset([following.id]))
        for number, ((text, chunk), (_, following)) in enumerate(pairwise(kept))
        if (chunk.source, chunk.page) == (following.source, following.page)
    )
