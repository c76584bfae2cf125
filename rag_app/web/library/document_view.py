"""Shows one document next to the list: its stored text a page at a time, or a PDF's page as it looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.components import draw_error, plain
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.page_picture import plain_picture
from vectorstore.errors import RagError
from vectorstore.types import REMOVED, SourceRecord

if TYPE_CHECKING:
    from ingest.chunking.chunks import Block
    from vectorstore.storage.store import Store

OPENED = "open-document"
# A document without pages of its own is shown in parts of so many characters.
PART_CHARACTERS = 12_000
PAGE, TEXT = "Page", "Text"
CHANGED = "The file has changed since it was read. This is the text that answers quote."
GONE = "The file is gone from disk. This is the text that was read of it; it is left out of answers."


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of a document, or a part; one of `of`. `number` is the file's own, and counts those without text."""

    unit: str
    of: int
    number: int | None
    text: str


def open_document(store: "Store", source: str) -> None:
    """Open it, or close it where it is open."""
    is_open = st.session_state.get(OPENED) == (store.name, source)
    st.session_state[OPENED] = None if is_open else (store.name, source)


def opened_source(store: "Store") -> str | None:
    """None too where it has left the collection since, or another collection is on the page."""
    collection, source = st.session_state.get(OPENED) or ("", "")
    record = store.catalogue.source(source) if collection == store.name else None
    return source if record and record.state != REMOVED else None


@st.fragment
def draw_document() -> None:
    """In a fragment: to turn a page draws the page alone."""
    from rag_app.wiring import build_store

    try:
        store = build_store(page_settings())
        source = opened_source(store)
        record = store.catalogue.source(source) if source else None
        if record is None:
            st.rerun()
        with st.container(border=True, key="document"):
            draw_record(store, record)
    except RagError as error:
        draw_error(error, key="document-failure")


def draw_record(store: "Store", record: SourceRecord) -> None:
    with st.container(horizontal=True, key="document-heading"):
        st.subheader(plain(record.title), anchor=False)
        st.button("Close", icon=":material/close:", type="tertiary", shortcut="Esc", on_click=close)
    note = note_on(record)
    if note:
        st.info(note)
    tools = st.container(horizontal=True, vertical_alignment="bottom")
    key = f"document-position-{record.source}"
    page = load_part(store, record, st.session_state.get(key, 1))
    if page.of > 1:
        tools.number_input(f"{page.unit} (of {page.of:,})", 1, page.of, key=key, width=160)
    picture = picture_of(record, page.number)
    view = TEXT
    if picture:
        view = tools.segmented_control("Show", [PAGE, TEXT], default=PAGE, required=True, key="document-view")
    with st.container(key="document-page"):
        if picture and view == PAGE:
            st.image(picture, width="stretch", alt=f"Page {page.number} of {record.title}")
        else:
            draw_text(page.text, record.kind)
    st.caption(plain(record.source))
    path = Path(record.source)
    if path.is_file():
        st.download_button(
            "Download original",
            path.read_bytes,
            file_name=path.name,
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def close() -> None:
    st.session_state[OPENED] = None


def load_part(store: "Store", record: SourceRecord, position: int) -> ShownPage:
    """The page at this position, from 1, among those with text; of a document without pages the part."""
    numbers = store.catalogue.page_numbers(record.text_id)
    if len(numbers) > 1 or numbers[0] is not None:
        number = numbers[min(position, len(numbers)) - 1]
        return ShownPage("Page", len(numbers), number, store.load_page(record.source, number))
    parts = parts_of(store.load_page(record.source, None))
    return ShownPage("Part", len(parts), None, parts[min(position, len(parts)) - 1])


def parts_of(text: str) -> list[str]:
    """A long text cut between paragraphs, or lines, where it has them."""
    parts, start = [], 0
    while len(text) - start > PART_CHARACTERS:
        reach = start + PART_CHARACTERS
        ends = (text.rfind(gap, start + PART_CHARACTERS // 2, reach) for gap in ("\n\n", "\n", " "))
        end = next((end for end in ends if end > 0), reach)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def draw_text(text: str, kind: str) -> None:
    """Headings as headings, tables and code with their columns, all else as lines of text."""
    for block, words in blocks_of(text, kind):
        if block.level:
            st.markdown(f"{'#' * min(block.level + 3, 6)} {plain(words)}", anchors=False)
        elif block.kind in ("table", "code"):
            st.code(words, language=None)
        else:
            st.text(words)


def blocks_of(text: str, kind: str) -> Iterator[tuple["Block", str]]:
    from ingest.chunking.chunks import find_blocks, heading_text
    from ingest.reading.file_types import has_markdown

    for block in find_blocks(text, markdown=has_markdown(kind)):
        words = text[block.start : block.end].strip("\n")
        if words.strip():
            yield block, " ".join(heading_text(words).split()) if block.level else words


def note_on(record: SourceRecord) -> str | None:
    """Why the text may not be that of the file."""
    if "://" in record.source:
        return None
    try:
        status = Path(record.source).stat()
    except OSError:
        return GONE
    return CHANGED if (status.st_size, status.st_mtime_ns) != (record.size, record.mtime_ns) else None


def picture_of(record: SourceRecord, page: int | None) -> str | None:
    """None for what is no PDF, and for a file that is not the one that was read."""
    if page is None or record.kind != "pdf" or note_on(record):
        return None
    return plain_picture(record.source, page, Settings().file_password)
