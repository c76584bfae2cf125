"""The documents of the chosen collection, as a table to search, and what is done to single ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ingest.reading.file_types import describe_readers
from rag_app.settings import Settings
from rag_app.web.components import draw_error, load_component
from rag_app.web.library.collection_dialogs import draw_absent, draw_collection
from rag_app.web.library.document_view import draw_document, open_document, opened_document
from rag_app.web.library.jobs import start_job
from rag_app.web.session_settings import page_settings
from vectorstore.errors import CollectionError, CollectionNotFoundError, RagError
from vectorstore.storage.store import Store
from vectorstore.types import REMOVED, Refusal, SourceRecord

if TYPE_CHECKING:
    from vectorstore.storage.store import Store
    from vectorstore.types import SourceRecord


FAILED = "failed"


def shelf_rows(store: Store, settings: Settings) -> list[dict[str, Any]]:
    """A row a document, and one a file that could not be read; 2,000 are sent with every click, so they are short."""
    password = settings.file_password.get_secret_value() if settings.file_password else None
    refusals = store.catalogue.refusals(describe_readers(password, settings.whisper))
    failed = {source: refusal for source, refusal in refusals.items() if refusal.status == FAILED}
    return list(rows_of(store.catalogue.sources(), failed))


def rows_of(records: Sequence[SourceRecord], failed: Mapping[str, Refusal]) -> Iterator[dict[str, Any]]:
    for record in records:
        if record.state != REMOVED:
            yield record_row(record, failed.get(record.source))
    for source in failed.keys() - {record.source for record in records}:
        refusal = failed[source]
        yield {
            "source": source,
            "title": name_of(source),
            "state": FAILED,
            "reason": refusal.reason,
            "size": refusal.size,
        }


def record_row(record: SourceRecord, refusal: Refusal | None) -> dict[str, Any]:
    row = {
        "source": record.source,
        "title": record.title,
        "kind": record.kind,
        "size": record.size,
        "chunks": record.chunks,
        "added": record.ingested_at,
        "state": record.state,
    }
    if refusal and refusal.mtime_ns > record.mtime_ns:
        row |= {"state": FAILED, "reason": f"Its newest version could not be read: {refusal.reason}"}
    return row


def name_of(source: str) -> str:
    """A file's name; of a web page the whole address."""
    return source if "://" in source else source.rpartition("/")[2]


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
        draw_error(error, key="shelf-failure")
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

    rows = shelf_rows(store, settings)
    draw_collection(settings, rows)
    if PROBLEM in st.session_state:
        problem: RagError = st.session_state.pop(PROBLEM)
        draw_error(problem, key=PROBLEM + "-note")
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
    from rag_app.library.documents import removed_records

    here: list[str] = st.session_state.get(REMOVED_HERE, [])
    order = {source: place for place, source in enumerate(here)}
    return sorted(removed_records(store), key=lambda record: order.get(record.source, -1))


def describe_removed(records: list["SourceRecord"], settings: Settings) -> dict[str, Any] | None:
    from rag_app.library.documents import is_uploaded

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

    if source not in {row["source"] for row in shelf_rows(store, settings)}:
        raise CollectionError("this document is not in the collection", "reload the page")
    store.catalogue.read_anew([source])
    start_job(settings, [source])


def delete(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.library.documents import remove_for_now

    if store.catalogue.source(source) is None:
        store.catalogue.read_anew([source])  # nothing of it was ever stored, but that it failed
        return
    remove_for_now(store, [source])
    here = st.session_state.setdefault(REMOVED_HERE, [])
    here[:] = [*(kept for kept in here if kept != source), source]


def undo(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.library.documents import bring_back

    removed = in_order_of_removal(store)
    if removed:
        bring_back(store, [removed[-1].source])


def forget_removed(store: "Store", settings: Settings, source: str) -> None:  # noqa: ARG001 (as all actions)
    from rag_app.library.documents import forget, removed_records

    forget(store, [record.source for record in removed_records(store)], settings=settings)


ACTIONS = {"view": view, "again": ingest_again, "delete": delete, "undo": undo, "forget": forget_removed}
