"""A document of the shelf, opened beside it: its stored text a page at a time, or a PDF's page as it looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.components import draw_error, load_component
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.page_picture import plain_picture
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from vectorstore.storage.store import Store
    from vectorstore.types import SourceRecord

KEY = "document"
IN_SESSION = "open-document"
# A document without pages of its own is shown in parts of so many characters.
PART_CHARACTERS = 12_000
CHANGED = "The file has changed since it was read. This is the text that answers quote."
GONE = "The file is gone from disk. This is the text that was read of it; it is left out of answers."


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """`position` counts its pages, or parts, from 1; `count` grows with each document that is opened."""

    collection: str
    source: str
    count: int
    position: int = 1
    view: Literal["picture", "text"] = "picture"


def open_document(store: "Store", source: str) -> None:
    before: OpenDocument | None = st.session_state.get(IN_SESSION)
    count = st.session_state.setdefault(f"{IN_SESSION}-count", 0) + 1
    st.session_state[f"{IN_SESSION}-count"] = count
    is_open = before is not None and (before.collection, before.source) == (store.name, source)
    st.session_state[IN_SESSION] = None if is_open else OpenDocument(store.name, source, count)


def opened_document(store: "Store") -> OpenDocument | None:
    """None too where it has left the collection since, or another collection is on the page."""
    from vectorstore.types import REMOVED

    opened: OpenDocument | None = st.session_state.get(IN_SESSION)
    if opened is None or opened.collection != store.name:
        return None
    record = store.catalogue.source(opened.source)
    return opened if record and record.state != REMOVED else None


@st.fragment
def draw_document() -> None:
    """In a fragment: to turn a page draws the page alone."""
    from rag_app.wiring import build_store

    try:
        store = build_store(page_settings())
        opened = opened_document(store)
        record = store.catalogue.source(opened.source) if opened else None
        if opened is None or record is None:
            st.rerun()
        values = document_values(store, record, opened)
    except RagError as error:
        draw_error(error, key="document-failure")
        return
    load_component("document")(key=KEY, data=values, on_change_change=change)
    draw_download(Path(record.source))


def draw_download(path: Path) -> None:
    if path.is_file():
        st.download_button(
            "Download original",
            path.read_bytes,
            file_name=path.name,
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            key="download-original",
        )


def document_values(store: "Store", record: "SourceRecord", opened: OpenDocument) -> dict[str, Any]:
    numbers = store.catalogue.page_numbers(record.text_id)
    paged = len(numbers) > 1 or numbers[0] is not None
    texts: Sequence[str] = [] if paged else parts_of(store.load_page(record.source, None))
    of = len(numbers) if paged else len(texts)
    position = min(max(opened.position, 1), of)
    number = numbers[position - 1] if paged else None
    values = {
        "title": record.title,
        "path": record.source,
        "count": opened.count,
        "position": position,
        "of": of,
        "unit": "Page" if paged else "Part",
        "number": number or position,
        "note": note_on(record),
    }
    picture = picture_of(record, number)
    if picture and opened.view == "picture":
        return {**values, "picture": picture}
    text = store.load_page(record.source, number) if paged else texts[position - 1]
    return {**values, "hasPicture": picture is not None, "blocks": blocks_of(text, record.kind)}


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


def blocks_of(text: str, kind: str) -> list[dict[str, Any]]:
    from ingest.chunking.blocks import find_blocks, heading_text
    from ingest.reading.file_types import has_markdown

    blocks = [
        (block, text[block.start : block.end].strip("\n")) for block in find_blocks(text, markdown=has_markdown(kind))
    ]
    return [
        {"kind": block.kind, "level": block.level, "text": heading_text(shown) if block.level else shown}
        for block, shown in blocks
        if shown.strip()
    ]


def note_on(record: "SourceRecord") -> str | None:
    """Why the text may not be that of the file."""
    if "://" in record.source:
        return None
    try:
        status = Path(record.source).stat()
    except OSError:
        return GONE
    return CHANGED if (status.st_size, status.st_mtime_ns) != (record.size, record.mtime_ns) else None


def picture_of(record: "SourceRecord", page: int | None) -> str | None:
    """None for what is no PDF, and for a file that is not the one that was read."""
    if page is None or record.kind != "pdf" or note_on(record):
        return None
    return plain_picture(record.source, page, Settings().file_password)


def change() -> None:
    """A click in the view: another page, the other way to show it, or its end."""
    clicked = st.session_state[KEY]["change"]
    opened: OpenDocument | None = st.session_state.get(IN_SESSION)
    if clicked == "close" or opened is None:
        st.session_state[IN_SESSION] = None
    else:
        st.session_state[IN_SESSION] = replace(opened, **clicked)
