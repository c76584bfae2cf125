"""From a map of a collection, or its near-duplicates, to the values that are drawn of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.web.conversation import Conversation, Failure
from vectorstore.types import name_place

if TYPE_CHECKING:
    from rag_app.mapping.picture import CollectionMap
    from rag_app.mapping.projection import Projection
    from rag_app.types import Answer
    from vectorstore.store import Store

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle that all points of a map lie in; a place within it is two numbers from 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    def scale(self, x: float, y: float) -> tuple[float, float]:
        return within((x - self.left) / self.width), within((y - self.top) / self.height)


@dataclass(frozen=True, slots=True)
class Values:
    """What the browser draws of a map, what is told over it, and what places further passages on it."""

    values: dict[str, Any]
    told: str
    frame: Frame
    projection: "Projection | None"
    generation: int


@dataclass(frozen=True, slots=True)
class Lit:
    """The question that was answered last and the passages found for it."""

    question: str
    points: list[dict[str, Any]]


def within(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), DECIMALS)


def base_values(found: "CollectionMap", documents: int, name: str, generation: int) -> Values:
    frame = frame_of(found)
    places = [frame.scale(point.x, point.y) for point in found.points]
    titles = {title: number for number, title in enumerate(dict.fromkeys(point.title for point in found.points))}
    values = {
        "ids": [point.id for point in found.points],
        "xs": [x for x, _ in places],
        "ys": [y for _, y in places],
        "titles": list(titles),
        "title": [titles[point.title] for point in found.points],
        "pages": [point.page for point in found.points],
        "texts": [point.text for point in found.points],
        "clusters": [{"name": one.name, "members": list(one.members)} for one in found.clusters],
    }
    return Values(values, tell(found, documents, name), frame, found.projection, generation)


def frame_of(found: "CollectionMap") -> Frame:
    xs, ys = [point.x for point in found.points] or [0.0], [point.y for point in found.points] or [0.0]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    # Where all lie in one place or on one line, in the middle.
    return Frame(min(xs) if width else xs[0] - 0.5, min(ys) if height else ys[0] - 0.5, width or 1.0, height or 1.0)


def tell(found: "CollectionMap", documents: int, name: str) -> str:
    passages = f"{found.total:,} passage{'' if found.total == 1 else 's'}"
    number = f"{documents:,} document{'' if documents == 1 else 's'}"
    told = f"{passages} of {number} in the collection {name}. Those that lie near each other are alike."
    if found.total > len(found.points):
        told += f" {len(found.points):,} of them, chosen at random, are drawn."
    return told


def last_answer(conversation: Conversation) -> "Answer | None":
    outcome = conversation.turns[-1].outcome if conversation.turns else None
    return None if isinstance(outcome, Failure) else outcome


def lit_values(store: "Store", found: Values, answer: "Answer") -> Lit:
    """The answer's passages that are still in the collection, whether or not they were chosen to be drawn."""
    import numpy as np

    from rag_app.mapping.picture import beginning

    hidden = store.catalogue.hidden_ids()
    vectors = store.vectors([passage.chunk.id for passage in answer.passages if passage.chunk.id not in hidden])
    chunks = [passage.chunk for passage in answer.passages if passage.chunk.id in vectors]
    if not chunks or found.projection is None:
        return Lit(answer.question, [])
    places = found.projection.place(np.stack([vectors[chunk.id] for chunk in chunks]))
    points = []
    for chunk, (x, y) in zip(chunks, places.tolist(), strict=True):
        scaled = found.frame.scale(x, y)
        text = beginning(chunk.text)
        place = name_place(chunk.title, chunk.page, chunk.time)
        points.append({"id": chunk.id, "place": place, "text": text, "x": scaled[0], "y": scaled[1]})
    return Lit(answer.question, points)
