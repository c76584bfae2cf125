"""From a task to what the trainer reads: a query, the passage that is right, and some that seem so and are not."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.experiments.training.measure import Embedded
from rag_app.experiments.training.tasks import Passages, Query, Task

Vectors = NDArray[np.float32]
# Hard negatives are drawn from so many of the nearest wrong passages. One nearer than this share of the right one's
# cosine may be right itself, unjudged: it is left out (de Souza P. Moreira and others, "NV-Retriever", 2024).
NEAREST, NEARLY_RIGHT = 30, 0.95


@dataclass(frozen=True, slots=True)
class Example:
    """All of a run's examples have as many `negatives`."""

    query: str
    passage: str
    negatives: tuple[str, ...]


def make_examples(task: Task, embedded: Embedded, *, negatives: int, seed: int) -> list[Example]:
    """An example for each query and each key that is right for it; `embedded` is by the model that is to be trained."""
    drawn = random.Random(seed)  # noqa: S311 (what can be repeated)
    vectors = embedded.passages(task.passages.texts)
    asked = embedded.queries([query.text for query in task.queries]) if task.queries else np.empty((0, 0))
    places = places_of_keys(task.passages)
    examples = []
    for query, vector in zip(task.queries, asked, strict=True):
        scores = vectors @ vector
        for place in right_places(query, scores, places):
            wrong = list(hard_negatives(query, scores, place, task.passages))
            fillers = (drawn.randrange(len(scores)) for _ in iter(int, 1))
            while len(wrong) < negatives:
                wrong += [one for one in [next(fillers)] if task.passages.keys[one] not in query.relevant]
            chosen = drawn.sample(wrong, negatives)
            texts = task.passages.texts
            examples.append(Example(query.text, texts[place], tuple(texts[one] for one in chosen)))
    return examples


def places_of_keys(passages: Passages) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, key in enumerate(passages.keys):
        places.setdefault(key, []).append(place)
    return places


def right_places(query: Query, scores: Vectors, places: dict[str, list[int]]) -> Iterator[int]:
    """Of each key that is right the passage nearest to the query: a document has others that say nothing of it."""
    for key in sorted(query.relevant):
        if key in places:
            yield max(places[key], key=lambda place: float(scores[place]))


def hard_negatives(query: Query, scores: Vectors, right: int, passages: Passages) -> Iterator[int]:
    bound = NEARLY_RIGHT * scores[right]
    nearest: Sequence[int] = np.argsort(-scores, kind="stable")[: NEAREST * 2].tolist()
    wrong = [place for place in nearest if passages.keys[place] not in query.relevant and scores[place] < bound]
    yield from wrong[:NEAREST]
