"""What a model is trained for and measured by: queries, and the passages of which some are right for each."""

import random
from dataclasses import dataclass, replace


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
