"""The page *Library*: adds documents to a collection, lists them, and does what is asked for with single ones."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from rich.filesize import decimal

from ingest import describe_readers
from rag_app.settings import Settings
from rag_app.web.components import counted, load_component, page_of, shown_errors
from rag_app.web.library.adding import draw_adding, kept_problem
from rag_app.web.library.collection_dialogs import draw_absent, draw_collection
from rag_app.web.library.jobs import start_job
from rag_app.web.session_settings import page_settings
from rag_app.web.sources import document_cards, draw_source_panel
from vectorstore.errors import CollectionError, CollectionNotFoundError
from vectorstore.types import REMOVED, Refusal, SourceRecord

if TYPE_CHECKING:
    from vectorstore import Store

PAGE_ROWS = 25
FAILED = "failed"
# What is sorted by, and whether the largest is first.
ORDERS = {
    "Name, A to Z": ("title", False),
    "Name, Z to A": ("title", True),
    "Type": ("kind", False),
    "Largest first": ("size", True),
    "Smallest first": ("size", False),
    "Most chunks first": ("chunks", True),
    "Fewest chunks first": ("chunks", False),
    "Newest first": ("added", True),
    "Oldest first": ("added", False),
}
TABLE, OPENED, REMOVED_HERE = "documents", "opened-document", "removed-sources"


@dataclass(frozen=True, slots=True)
class Row:
    """A document of the list; one that was never read has a size and a reason alone."""

    source: str
    title: str
    state: str
    size: int
    kind: str = ""
    chunks: int | None = None
    added: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        return name_of(self.source)


def show() -> None:
    with st.container(key="library"):
        st.title("Library", anchor=False)
        draw_adding()
        settings = page_settings()
        with shown_errors("library-failure"):
            try:
                draw_collection_of(settings)
            except CollectionNotFoundError:
                draw_absent(settings)


def draw_collection_of(settings: Settings) -> None:
    """The list of documents and, next to it, the document that is open."""
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now

    with st.spinner("Opening the collection …"):
        store = build_store(settings)
    left, right = st.columns(2, gap="large")
    with left:
        draw_list(store, settings)
    with right, st.container(key="panel"):
        draw_source_panel("document", of=f"library of {store.name}", shown=shown_document(store))


def shown_document(store: "Store") -> dict[str, Any] | None:
    """Its pages; None too where it has left the collection since, or another collection has been chosen."""
    collection, source, request = st.session_state.get(OPENED, ("", "", ""))
    record = store.catalogue.source(source) if collection == store.name else None
    if record is None or record.state == REMOVED:
        return None
    return {"request": request, "version": record.text_id, "by": source, **document_cards(store, record)}


def draw_list(store: "Store", settings: Settings) -> None:
    rows = list_rows(store, settings)
    draw_collection(settings, [row.source for row in rows])
    draw_removed(in_order_of_removal(store), settings)
    if not rows:
        st.text("No documents yet\nAdd files, folders or web pages above: each is listed here, and answers quote it.")
        return
    with st.container(horizontal=True, key="document-tools"):
        words = st.text_input(
            "Search documents",
            placeholder="Search by name, folder or type",
            type="search",
            live=True,
            label_visibility="collapsed",
        )
        order = st.selectbox("Sort by", list(ORDERS), label_visibility="collapsed", filter_mode=None)
    found = sorted_rows(matching(rows, words), order)
    of = counted(len(rows), "document")
    st.caption(of if len(found) == len(rows) else f"{len(found):,} of {of}")
    if not found:
        st.text("No document has all of these words\nNames, folders, titles and types are searched.")
        return
    table = st.container()
    shown = page_of(found, size=PAGE_ROWS, key=f"documents-{store.name}-{words}-{order}")
    with table:
        load_component("documents")(key=TABLE, data={"rows": [row_values(row) for row in shown]}, on_act_change=act)


def list_rows(store: "Store", settings: Settings) -> list[Row]:
    """A row for each document, and one for each file that could not be read."""
    password = settings.file_password.get_secret_value() if settings.file_password else None
    refusals = store.catalogue.refusals(describe_readers(password, settings.whisper))
    failed = {source: refusal for source, refusal in refusals.items() if refusal.status == FAILED}
    records = [(record, failed.pop(record.source, None)) for record in store.catalogue.sources()]
    return [row_of(record, refusal) for record, refusal in records if record.state != REMOVED] + [
        Row(source, name_of(source), FAILED, refusal.size, reason=refusal.reason) for source, refusal in failed.items()
    ]


def row_of(record: SourceRecord, refusal: Refusal | None) -> Row:
    state, reason = record.state, ""
    if refusal:
        state, reason = FAILED, f"Its newest version could not be read: {refusal.reason}"
    elif state == "missing":
        reason = "Gone from disk, and left out of answers."
    return Row(
        record.source, record.title, state, record.size, record.kind, record.chunks, record.ingested_at[:10], reason
    )


def name_of(source: str) -> str:
    """A file's name; of a web page the whole address."""
    return source if "://" in source else source.rpartition("/")[2]


def matching(rows: Sequence[Row], words: str) -> list[Row]:
    """Those that have all of the words in their name, folder, title, type or state."""
    texts = [f"{row.title} {row.source} {row.kind} {row.state}".lower() for row in rows]
    return [row for row, text in zip(rows, texts, strict=True) if all(word in text for word in words.lower().split())]


def sorted_rows(rows: Iterable[Row], order: str) -> list[Row]:
    field, is_descending = ORDERS[order]

    def key(row: Row) -> Any:
        value = getattr(row, field)
        return natural(value) if isinstance(value, str) else value or 0

    return sorted(sorted(rows, key=lambda row: row.source), key=key, reverse=is_descending)


def natural(text: str) -> list[str | int]:
    """A key that sorts `part 9` before `part 10`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", text.casefold())]


def row_values(row: Row) -> dict[str, Any]:
    """The cells of the table, in words."""
    folder = "" if row.name == row.source else row.source.removesuffix(f"/{row.name}")
    chunks = "" if row.chunks is None else f"{row.chunks:,}"
    return {
        "source": row.source,
        "name": row.name,
        "title": row.title,
        "file": " · ".join(part for part in ("" if row.name == row.title else row.name, folder) if part),
        "cells": [row.kind, decimal(row.size), chunks, row.added, row.state.capitalize()],
        "reason": row.reason,
        "isStored": row.chunks is not None,
    }


def in_order_of_removal(store: "Store") -> list[SourceRecord]:
    """The last of this session last; before them those that another session, or this one before a reload, removed."""
    from rag_app.library.documents import removed_records

    here: list[str] = st.session_state.get(REMOVED_HERE, [])
    order = {source: place for place, source in enumerate(here)}
    return sorted(removed_records(store), key=lambda record: order.get(record.source, -1))


def draw_removed(removed: Sequence[SourceRecord], settings: Settings) -> None:
    """What was removed last, with the ways to bring it back or to forget all that was removed."""
    from rag_app.library.documents import is_uploaded

    if not removed:
        return
    last = removed[-1].source
    kept = "The file on disk stays as it is."
    if "://" in last:
        kept = "The page on the web stays as it is."
    elif is_uploaded(last, settings):
        kept = "Its uploaded copy is kept until it is removed for good."
    more = len(removed) - 1
    before = f" {more:,} more {'was' if more == 1 else 'were'} removed before it." if more else ""
    with st.container(key="removed", horizontal=True, vertical_alignment="center"):
        st.text(f"{name_of(last)} was removed\nIt is left out of answers. {kept}{before}", width="stretch")
        st.button("Undo", on_click=act, args=("undo",))
        st.button("Remove for good", type="tertiary", on_click=act, args=("forget",))


def act(what: str = "") -> None:
    """Do what was clicked, in the table or under it."""
    from rag_app.library.documents import bring_back, forget
    from rag_app.wiring import build_store

    clicked = {"what": what} if what else st.session_state[TABLE]["act"]
    source, settings = str(clicked.get("source", "")), page_settings()
    with kept_problem():
        store = build_store(settings)
        removed = [record.source for record in in_order_of_removal(store)]
        match clicked["what"]:
            case "view":
                st.session_state[OPENED] = (store.name, source, uuid.uuid4().hex)
            case "again":
                ingest_again(store, settings, source)
            case "delete":
                delete(store, source)
            case "undo":
                bring_back(store, removed[-1:])
            case "forget":
                forget(store, removed, settings=settings)


def ingest_again(store: "Store", settings: Settings, source: str) -> None:
    """Read one document again, whether its file has changed or not.

    Raises CollectionError for another file: what a browser sends must never name one to be read.
    """
    if source not in {row.source for row in list_rows(store, settings)}:
        raise CollectionError("this document is not in the collection", "reload the page in the browser")
    store.catalogue.read_again([source])
    start_job(settings, [source])


def delete(store: "Store", source: str) -> None:
    from rag_app.library.documents import remove_for_now

    if store.catalogue.source(source) is None:
        store.catalogue.read_again([source])  # nothing of it was ever stored, but that it failed
        return
    remove_for_now(store, [source])
    here = st.session_state.setdefault(REMOVED_HERE, [])
    here[:] = [*(kept for kept in here if kept != source), source]
