"""The documents of the chosen collection, as a table to search, and what is done to single ones."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.answer_component import draw_outcome
from rag_app.web.chosen import page_settings
from rag_app.web.collection_actions import draw_absent, draw_collection
from rag_app.web.conversation import Failure
from rag_app.web.document_view import draw_document, open_document, opened_document
from rag_app.web.frontend import load_component
from rag_app.web.jobs import start_job
from vectorstore.errors import CollectionError, CollectionNotFoundError, RagError

if TYPE_CHECKING:
    from vectorstore.records import SourceRecord
    from vectorstore.store import Store

KEY, PROBLEM = "shelf", "shelf-problem"
REMOVED_HERE = "removed-sources"


def draw_shelf() -> None:
    """The collection's name and actions, its table, and beside it the document that stands open."""
    settings = page_settings()
    try:
        store = open_shelf(settings)
    except CollectionNotFoundError:
        draw_absent(settings)
        return
    except RagError as error:
        draw_outcome(Failure(error.message, error.hint), key="shelf-failure")
        return
    shelf, panel = st.columns(2, gap="large")
    with shelf, st.container(key="shelf-column"):
        draw_list(store, settings)
    if opened_document(store):
        with panel, st.container(key="document-panel"):
            draw_document()


def open_shelf(settings: Settings) -> "Store":
    with st.spinner("Opening the collection …"):
        from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now

        return build_store(settings)


def draw_list(store: "Store", settings: Settings) -> None:
    from rag_app.web.shelf_rows import shelf_rows

    rows = shelf_rows(store, settings)
    draw_collection(settings, rows)
    if PROBLEM in st.session_state:
        problem: RagError = st.session_state.pop(PROBLEM)
        draw_outcome(Failure(problem.message, problem.hint), key=PROBLEM + "-note")
    opened = opened_document(store)
    load_component("shelf")(
        key=KEY,
        data={
            "collection": store.name,
            "rows": rows,
            "opened": opened.source if opened else None,
            "removed": describe_removed(in_order_of_removal(store), settings),
        },
        on_act_change=act,
    )


def in_order_of_removal(store: "Store") -> list["SourceRecord"]:
    """The last of this session last; before them those that another session, or this one before a reload, removed."""
    from rag_app.removals import removed_records

    here: list[str] = st.session_state.get(REMOVED_HERE, [])
    order = {source: place for place, source in enumerate(here)}
    return sorted(removed_records(store), key=lambda record: order.get(record.source, -1))


def describe_removed(records: list["SourceRecord"], settings: Settings) -> dict[str, Any] | None:
    from rag_app.removals import is_uploaded
    from rag_app.web.shelf_rows import name_of

    if not records:
        return None
    last = records[-1].source
    return {
        "name": name_of(last),
        "more": len(records) - 1,
        "file": "page" if "://" in last else "copy" if is_uploaded(last, settings) else "file",
    }


# What clicks do; each is called before the page is drawn anew.


def act() -> None:
    """Do what was clicked in the table, or keep why it cannot be done for the next drawing."""
    clicked = st.session_state[KEY]["act"]
    settings = page_settings()
    try:
        ACTIONS[clicked["what"]](open_shelf(settings), settings, str(clicked.get("source", "")))
    except RagError as error:
        st.session_state[PROBLEM] = error


def view(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    open_document(store, source)


def ingest_again(store: "Store", settings: Settings, source: str) -> None:
    """Have one document read anew, whether its file has changed or not.

    Raises CollectionError for another file: what a browser sends must never name one to be read.
    """
    from rag_app.web.shelf_rows import shelf_rows

    if source not in {row["source"] for row in shelf_rows(store, settings)}:
        raise CollectionError("this document is not in the collection", "reload the page")
    store.catalogue.read_anew([source])
    start_job(settings, [source])


def delete(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.removals import remove_for_now

    if store.catalogue.source(source) is None:
        store.catalogue.read_anew([source])  # nothing of it was ever stored, but that it failed
        return
    remove_for_now(store, [source])
    here = st.session_state.setdefault(REMOVED_HERE, [])
    here[:] = [*(kept for kept in here if kept != source), source]


def undo(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.removals import bring_back

    removed = in_order_of_removal(store)
    if removed:
        bring_back(store, [removed[-1].source])


def forget_removed(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.removals import forget, removed_records

    forget(store, [record.source for record in removed_records(store)], settings=settings)


ACTIONS = {"view": view, "again": ingest_again, "delete": delete, "undo": undo, "forget": forget_removed}
