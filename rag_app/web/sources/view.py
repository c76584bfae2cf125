"""From a place that was offered to what the open source shows: the words in their page, and why they were found."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag_app.web.sources.links import Found, Offered, Place
from rag_app.web.sources.page_picture import box_quote
from vectorstore.errors import CollectionError, RagError

if TYPE_CHECKING:
    from vectorstore.storage.store import Store
    from vectorstore.types import SourceRecord


FILE_GONE = "The file is no longer there."
FILE_CHANGED = "The file has changed since it was read."


def original_values(source: str, record: "SourceRecord | None") -> dict[str, Any]:
    """`record` is what the collection knows of the file, if it still does."""
    if urlsplit(source).scheme in ("http", "https"):
        return {"address": source}
    if not Path(source).is_absolute():
        return {}  # a text that was given from Python
    path = find_file(source)
    if path is None:
        return {"note": FILE_GONE}
    return {"download": True, "note": FILE_CHANGED if record and has_changed(path, record) else None}


def find_file(source: str) -> Path | None:
    try:
        path = Path(source)
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def has_changed(path: Path, record: "SourceRecord") -> bool:
    try:
        now = path.stat()
        if (now.st_size, now.st_mtime_ns) == (record.size, record.mtime_ns):
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != record.content_hash
    except OSError:
        return True


CONTEXT_CHARACTERS = 1_500
# More text than this in one box makes a browser slow.
MOST_CHARACTERS = 200_000
GONE = "No longer in the collection: these words were in it when the answer was given."
CHANGED = "The document has changed since: these words were in it when the answer was given."


def source_values(offered: Offered, *, whole: bool = False) -> dict[str, Any]:
    """All that is shown of it, but for a page's picture; `whole`: with all the text of the page."""
    from rag_app.wiring import build_store

    place, found = offered.place, offered.found
    values: dict[str, Any] = {"title": place.title, "path": place.source, "page": place.page, "quote": place.quote}
    if found:
        values["headings"] = list(found.passage.chunk.headings)
    try:
        store = build_store(offered.settings)
        values |= text_values(store, place, whole=whole)
        record = store.catalogue.source(place.source)
        values |= {"original": original_values(place.source, record), "isCode": bool(record and record.kind == "code")}
        if found:
            values["why"] = found_values(store, offered.question, found)
    except RagError as error:
        return {**values, "warning": error.message}
    return values | picture_values(offered) if "warning" not in values else values


def picture_values(offered: Offered) -> dict[str, Any]:
    """Where the quote begins on the page's picture; `drawn` changes when the file does."""
    boxed = box_quote(offered.place, file_password(offered))
    return {"picture": {"top": boxed.top, "drawn": str(boxed.changed)}} if boxed else {}


def file_password(offered: Offered) -> str | None:
    secret = offered.settings.file_password
    return secret.get_secret_value() if secret else None


def text_values(store: "Store", place: Place, *, whole: bool) -> dict[str, Any]:
    """The text around the quote; of a document that has changed since, the quote alone: other words stand there now."""
    try:
        text = store.load_page(place.source, place.page)
    except CollectionError:
        return {"warning": GONE}
    if text[place.start : place.end] != place.quote:
        return {"warning": CHANGED}
    first, last = window(text, place, MOST_CHARACTERS if whole else CONTEXT_CHARACTERS)
    return {
        "before": ("… " if first else "") + text[first : place.start],
        "after": text[place.end : last] + (" …" if last < len(text) else ""),
        "hasMore": not whole and len(text) > last - first,
    }


def window(text: str, place: Place, reach: int) -> tuple[int, int]:
    """The span of text around a place, some `reach` characters either side, begun and ended between words."""
    first, last = max(0, place.start - reach), min(len(text), place.end + reach)
    if first:
        cut = text.find(" ", first, place.start)
        first = cut + 1 if cut >= 0 else first
    if last < len(text):
        cut = text.rfind(" ", place.end, last)
        last = cut if cut >= 0 else last
    return first, last


def found_values(store: "Store", question: str, found: Found) -> list[list[str]]:
    """Why the passage was found, each reason with its name; see `rag search --explain`."""
    passage = found.passage
    words = store.lexical.matched(question, passage.chunk)
    return [
        ["By meaning", f"{describe_rank(passage.dense_rank)}, similarity {passage.cosine:.2f}"],
        ["By words", f"{describe_rank(passage.lexical_rank)}, score {passage.lexical:.2f}"],
        ["Words in common", ", ".join(words) or "none"],
        ["Together", f"passage {found.rank} of {found.of}, score {passage.score:.2f}"],
    ]


def describe_rank(rank: int | None) -> str:
    return f"no. {rank}" if rank else "not among the first"
