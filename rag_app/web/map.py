"""The page *Map*: a collection's passages as points, near where they are alike, and those that say nearly the same."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.web.answer_component import draw_outcome
from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Failure
from rag_app.web.duplicate_values import duplicate_values
from rag_app.web.frontend import load_component
from rag_app.web.map_values import Lit, base_values, last_answer, lit_values
from rag_app.web.opened_source import OpenedChunk, draw_source_panel
from rag_app.web.session import current
from vectorstore.errors import RagError
from vectorstore.filters import SourceFilter

if TYPE_CHECKING:
    from rag_app.web.map_values import Values
    from vectorstore.store import Store

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
    from rag_app.mapping.picture import draw_map

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
