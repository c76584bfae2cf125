"""The page *Map*: a collection's passages as points, near where they are alike, and those that say nearly the same."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.web.chat.answer_view import draw_outcome
from rag_app.web.chat.conversation import Conversation, current
from rag_app.web.chat.outcomes import Failure
from rag_app.web.components import load_component
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.panel import OpenedChunk, draw_source_panel
from vectorstore.errors import RagError
from vectorstore.filters import SourceFilter
from vectorstore.types import name_place

if TYPE_CHECKING:
    from rag_app.library.map.layout import Projection
    from rag_app.library.map.map import CollectionMap
    from rag_app.library.map.near_duplicates import NearDuplicates, SimilarPassages
    from rag_app.types import Answer
    from vectorstore.storage.store import Store
    from vectorstore.types import Chunk


def duplicate_values(store: "Store") -> dict[str, Any]:
    from rag_app.library.map.near_duplicates import find_near_duplicates

    found = find_near_duplicates(store)
    titles = {record.source: record.title for record in store.catalogue.sources()}
    return {
        "told": tell_duplicates(found),
        "documents": [
            {
                "alike": f"{one.share:.0%} of the passages of the shorter one are in the other",
                "sides": [document_side(source, titles) for source in (one.first, one.second)],
            }
            for one in found.documents
        ],
        "pairs": [
            {"alike": alike(one), "sides": [passage_side(chunk) for chunk in (one.first, one.second)]}
            for one in found.passages
        ],
    }


def tell_duplicates(found: "NearDuplicates") -> list[str]:
    from rag_app.library.map.near_duplicates import MOST_PAIRS, MOST_SHOWN, THRESHOLD

    told = [f"No two documents have a passage in common, even nearly (cosine {THRESHOLD} or more)."]
    if found.groups:
        number = f"{found.groups:,} text{'' if found.groups == 1 else 's'}"
        told = [f"{number} in more than one document, or nearly so (cosine {THRESHOLD} or more), the most alike first."]
    if found.groups > MOST_SHOWN:
        told.append(f"The first {MOST_SHOWN} are shown.")
    if not found.is_whole:
        told.append(f"There are more than {MOST_PAIRS:,} pairs: only the most alike were looked at.")
    if found.compared < found.total:
        told.append(f"{found.compared:,} of {found.total:,} passages, chosen at random, were compared.")
    return told


def alike(one: "SimilarPassages") -> str:
    others = one.members - 2
    more = f", and {others:,} more like these" if others else ""
    return f"Cosine {one.cosine:.3f}{more}"


def passage_side(chunk: "Chunk") -> dict[str, Any]:
    return {"id": chunk.id, "place": name_place(chunk.title, chunk.page, chunk.time), "text": chunk.text}


def document_side(source: str, titles: dict[str, str]) -> dict[str, Any]:
    return {"id": None, "place": titles.get(source, source), "text": source}


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
    return Values(values, tell_map(found, documents, name), frame, found.projection, generation)


def frame_of(found: "CollectionMap") -> Frame:
    xs, ys = [point.x for point in found.points] or [0.0], [point.y for point in found.points] or [0.0]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    # Where all lie in one place or on one line, in the middle.
    return Frame(min(xs) if width else xs[0] - 0.5, min(ys) if height else ys[0] - 0.5, width or 1.0, height or 1.0)


def tell_map(found: "CollectionMap", documents: int, name: str) -> str:
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

    from rag_app.library.map.map import beginning

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


TOPICS, DUPLICATES = "Topics", "Near-duplicates"
IN_SESSION = "map-opened"
MAP_KEY, DUPLICATES_KEY, SOURCE_KEY = "collection-map", "near-duplicates", "map-source"
PARTS = ("plot",)


@dataclass(frozen=True, slots=True)
class OpenedPassage:
    """The passage that was opened last beside the map; `count` grows with each click."""

    id: str
    count: int


def show() -> None:
    with st.container(key="map"):
        st.title("Map", anchor=False)
        try:
            draw()
        except RagError as error:
            draw_outcome(Failure(error.message, error.hint), key="map-failure")


def draw() -> None:
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now

    store = build_store(page_settings())
    if not store.catalogue.has_documents():
        st.text(f"The collection {store.name} has no document yet.")
        return
    view = st.segmented_control(
        "Show", [TOPICS, DUPLICATES], default=TOPICS, required=True, key="map-view", label_visibility="collapsed"
    )
    main, panel = st.columns([3, 2], gap="large")
    with main:
        draw_topics(store) if view == TOPICS else draw_duplicates(store)
    with panel, st.container(key="panel"):
        draw_source_panel(SOURCE_KEY, of=f"map of {store.name}", opened=opened_chunk(store))


def draw_topics(store: "Store") -> None:
    found = cached_map(store, str(store.folder), store.catalogue.generation())
    answer = last_answer(current())
    lit = lit_values(store, found, answer) if answer else Lit("", [])
    with st.container(key="map-told"):
        st.text(found.told)
    opened = opened_passage()
    load_component("map", *PARTS)(
        key=MAP_KEY,
        data={
            **found.values,
            "lit": lit.points,
            "question": lit.question,
            "drawn": f"{store.folder} {found.generation} {[point['id'] for point in lit.points]} {lit.question}",
            "opened": opened.id if opened else None,
        },
        on_open_change=lambda: open_clicked(MAP_KEY),
    )


def draw_duplicates(store: "Store") -> None:
    opened = opened_passage()
    load_component("duplicates")(
        key=DUPLICATES_KEY,
        data={
            **cached_duplicates(store, str(store.folder), store.catalogue.generation()),
            "opened": opened.id if opened else None,
        },
        on_open_change=lambda: open_clicked(DUPLICATES_KEY),
    )


@st.cache_resource(show_spinner="Drawing the map …", max_entries=4)
def cached_map(_store: "Store", folder: str, generation: int) -> "Values":  # noqa: ARG001 (part of the key)
    from rag_app.library.map.map import draw_map

    return base_values(draw_map(_store), len(_store.catalogue.matching(SourceFilter())), _store.name, generation)


@st.cache_resource(show_spinner="Comparing the passages …", max_entries=4)
def cached_duplicates(_store: "Store", folder: str, generation: int) -> "dict[str, object]":  # noqa: ARG001 (the same)
    return duplicate_values(_store)


def opened_chunk(store: "Store") -> OpenedChunk | None:
    """None too where another collection has been chosen, or the document is gone."""
    opened = opened_passage()
    found = store.fetch([opened.id]) if opened else {}
    return OpenedChunk(found[opened.id][0], opened.count) if opened and opened.id in found else None


def opened_passage() -> OpenedPassage | None:
    opened: OpenedPassage | None = st.session_state.get(IN_SESSION)
    return opened


# What clicks do; each is called before the page is drawn anew.


def open_clicked(key: str) -> None:
    before = opened_passage()
    st.session_state[IN_SESSION] = OpenedPassage(st.session_state[key]["open"], before.count + 1 if before else 1)
