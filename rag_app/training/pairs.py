"""From a collection's chunks to tasks: what stands under a heading is asked for by it, a passage by its neighbour."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from rag_app.training.reading import without_headings
from rag_app.training.tasks import Passages, Query, Task
from vectorstore.types import Chunk

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
