"""What a model is trained for and measured by: queries, and the passages of which some are right for each."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    """The task for training, and that of about `share` of its queries, at most `most`, held out to measure.

    Queries with a right passage in common go to the same side: what was trained to be found is not what is measured.
    """
    groups = group_by_relevant(task.queries)
    random.Random(seed).shuffle(groups)  # noqa: S311 (a split that can be repeated)
    wanted = min(round(len(task.queries) * share), most)
    held: list[Query] = []
    for group in groups:
        if len(held) + len(group) <= wanted:
            held += group
    held_ids = {query.id for query in held}
    trained = tuple(query for query in task.queries if query.id not in held_ids)
    return replace(task, queries=trained), replace(task, queries=tuple(held))


def group_by_relevant(queries: Iterable[Query]) -> list[list[Query]]:
    """Connected queries together: neighbours share a relevant key."""
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents.setdefault(key, key) != key:
            key = parents[key]
        return key

    asked = list(queries)
    for query in asked:
        first, *others = sorted(query.relevant)
        for other in others:
            parents[root(other)] = root(first)
    groups: dict[str, list[Query]] = defaultdict(list)
    for query in asked:
        groups[root(min(query.relevant))].append(query)
    return list(groups.values())


def count_queries(tasks: Sequence[Task]) -> int:
    return sum(len(task.queries) for task in tasks)
