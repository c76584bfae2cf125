"""Offers the sources of quotes to the browser under secret names, and serves them over HTTP.

Separate from Streamlit's own connection, so that opening a source neither reruns the page nor stops an answer.
"""

import hashlib
import hmac
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from ingest import has_markdown, hash_file, stamp_file
from rag_app.settings import Settings
from rag_app.types import Citation
from rag_app.web.components import load_component
from rag_app.web.page_picture import MIME, box_quote, draw_boxed
from rag_app.web.session_settings import page_settings
from vectorstore.errors import CollectionError, RagError
from vectorstore.types import SourceRecord, name_place

if TYPE_CHECKING:
    from vectorstore import Store
    from vectorstore.types import Chunk, Passage

# A name cannot be guessed: only a visitor who was shown an answer can read its sources.
SECRET = secrets.token_bytes(32)
MAX_OFFERS = 30_000
# A document without pages of its own is read in parts of this many characters.
PART_CHARACTERS = 12_000
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
CACHED = HEADERS | {"Cache-Control": "private, max-age=3600"}
UNKNOWN = "Nothing is known under this name any more."
FILE_GONE = "The file is no longer there."
FILE_CHANGED = "The file has changed since it was read."
GONE = "No longer in the collection: these words were in it when the answer was given."
CHANGED = "The document has changed since: these words were in it when the answer was given."
CONTEXT_CHARACTERS = 1_500
# More text than this in one box makes a browser slow.
MAX_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote whose source may be read, with the question and passages it comes from and the session's settings."""

    settings: Settings
    cited: Citation
    question: str
    passages: "tuple[Passage, ...]"


_offers: OrderedDict[str, Offer] = OrderedDict()
_lock = threading.Lock()


def cite_chunk(chunk: "Chunk", number: int = 0) -> Citation:
    """The whole text of a chunk as a quote."""
    return Citation(number, chunk.source, chunk.title, chunk.page, chunk.start, chunk.end, chunk.text, chunk.time)


def offer_source(cited: Citation, *, question: str = "", passages: "tuple[Passage, ...]" = ()) -> dict[str, str]:
    """What the browser needs to open the source: its secret name, and the place to show meanwhile.

    The name is the same for the same quote and question, however often the page is redrawn.
    """
    settings = page_settings()
    key = repr((settings.collection, settings.data_dir, question, cited))
    name = hmac.new(SECRET, key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    with _lock:
        _offers[name] = Offer(settings, cited, question, passages)
        _offers.move_to_end(name)
        if len(_offers) > MAX_OFFERS:
            _offers.popitem(last=False)
    return {"source": name, "place": name_place(cited.title, cited.page, cited.time)}


def find_offer(name: str) -> Offer | None:
    with _lock:
        return _offers.get(name)


def document_cards(store: "Store", record: SourceRecord) -> dict[str, Any]:
    """A card for each page of a document, or each part of one without pages: a quote of no words at its beginning."""
    places = [(number, 0) for number in store.catalogue.page_numbers(record.text_id)]
    unit = "page"
    if places == [(None, 0)]:
        places = [(None, start) for start in part_starts(store.load_page(record.source, None))]
        unit = "part"
    cited = (
        Citation(number, record.source, record.title, page, start, start, "", None)
        for number, (page, start) in enumerate(places, 1)
    )
    return {"unit": unit, "cards": [offer_source(one) for one in cited]}


def part_starts(text: str) -> list[int]:
    starts = [0]
    while (end := part_end(text, starts[-1])) < len(text):
        starts.append(end)
    return starts


def part_end(text: str, start: int) -> int:
    """Where a part of a long text ends: between paragraphs, else lines, else words, where it has them."""
    reach = start + PART_CHARACTERS
    if reach >= len(text):
        return len(text)
    ends = (text.rfind(gap, start + PART_CHARACTERS // 2, reach) for gap in ("\n\n", "\n", " "))
    return next((end for end in ends if end > 0), reach)


def draw_source_panel(key: str, *, of: str, shown: dict[str, Any] | None = None) -> None:
    """Draw the panel of the open source.

    `of` names the conversation or page whose sources it shows: an open source of another one is closed. `shown` is what
    the web app opens by itself: its `cards`, the `unit` that each is, the key of what opened it (`by`), and a `count`
    that grows with each click, so that what was closed can be opened again.
    """
    load_component("source")(key=key, data={"conversation": of, "shown": shown})


# The answers to requests of the browser.


def source_routes() -> list[Route]:
    senders: dict[str, Callable[[Offer], Response]] = {
        "": send_values,
        "/whole": partial(send_values, reach=MAX_CHARACTERS),
        "/picture": send_picture,
        "/original": send_original,
    }
    return [Route(f"/sources/{{name}}{ending}", endpoint(send)) for ending, send in senders.items()]


def endpoint(send: Callable[[Offer], Response]) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        offer = find_offer(request.path_params["name"])
        return send(offer) if offer else not_found(UNKNOWN)

    return respond


def send_values(offer: Offer, *, reach: int = CONTEXT_CHARACTERS) -> Response:
    # ASCII, since half a surrogate pair, which a file name or a text may contain, cannot be encoded as UTF-8.
    values = json.dumps(source_values(offer, reach=reach))
    return Response(values, media_type="application/json", headers=HEADERS)


def send_picture(offer: Offer) -> Response:
    """Cached by the browser: the picture of a changed file has another address."""
    password = offer.settings.file_password
    try:
        boxed = box_quote(offer.cited, password)
        return Response(draw_boxed(boxed, password), media_type=MIME, headers=CACHED) if boxed else not_found(FILE_GONE)
    except (OSError, RagError):
        return not_found(FILE_GONE)


def send_original(offer: Offer) -> Response:
    """Always as a download: a document shown by the browser as a page of this site could act as this page."""
    path = find_file(offer.cited.source)
    if path is None:
        return not_found(FILE_GONE)
    return FileResponse(path, filename=path.name, media_type="application/octet-stream", headers=HEADERS)


def not_found(message: str) -> Response:
    return PlainTextResponse(message, status_code=404, headers=HEADERS)


def source_values(offer: Offer, *, reach: int) -> dict[str, Any]:
    """All that the panel shows, with about `reach` characters of text either side of the quote."""
    from rag_app.wiring import build_store

    cited = offer.cited
    values: dict[str, Any] = {"title": cited.title, "path": cited.source, "page": cited.page, "quote": cited.quote}
    try:
        store = build_store(offer.settings)
        record = store.catalogue.source(cited.source)
        values |= explain_match(store, offer) | text_values(store, cited, reach=reach)
        original = original_values(cited.source, record)
    except RagError as error:
        return {**values, "warning": error.message}
    kind = record.kind if record else "text"
    values |= {"original": original, "isCode": kind == "code", "isMarkdown": has_markdown(kind)}
    is_other = "warning" in values or (not cited.quote and original.get("note"))  # than what was read
    boxed = None if is_other else box_quote(cited, offer.settings.file_password)
    return {**values, "picture": {"top": boxed.top, "version": str(boxed.stamp)}} if boxed else values


def text_values(store: "Store", cited: Citation, *, reach: int) -> dict[str, Any]:
    """The text around the quote, or of the page or part where nothing is quoted.

    Only a warning if the document has changed, as its offsets no longer hold.
    """
    try:
        text = store.load_page(cited.source, cited.page)
    except CollectionError:
        return {"warning": GONE}
    if text[cited.start : cited.end] != cited.quote:
        return {"warning": CHANGED}
    if not cited.quote:
        return {"after": text[cited.start : part_end(text, cited.start) if cited.page is None else MAX_CHARACTERS]}
    first, last = context_span(text, cited.start, cited.end, reach)
    return {
        "before": ("… " if first else "") + text[first : cited.start],
        "after": text[cited.end : last] + (" …" if last < len(text) else ""),
        "hasMore": reach < MAX_CHARACTERS and len(text) > last - first,
    }


def context_span(text: str, start: int, end: int, reach: int) -> tuple[int, int]:
    """The span of text about `reach` characters either side of a quote, cut between words."""
    first, last = max(0, start - reach), min(len(text), end + reach)
    if first:
        first = text.find(" ", first, start) + 1 or first
    if last < len(text) and (cut := text.rfind(" ", end, last)) >= 0:
        last = cut
    return first, last


def explain_match(store: "Store", offer: Offer) -> dict[str, Any]:
    """The headings of the passage that has the quote, and why it was found; see `rag search --explain`."""
    cited = offer.cited
    for rank, passage in enumerate(offer.passages, 1):
        chunk = passage.chunk
        same_page = (chunk.source, chunk.page) == (cited.source, cited.page)
        if same_page and chunk.start <= cited.start < cited.end <= chunk.end:
            words = store.snapshot().lexical.matched(offer.question, chunk)
            reasons = [
                ["By meaning", f"{describe_rank(passage.dense_rank)}, similarity {passage.cosine:.2f}"],
                ["By words", f"{describe_rank(passage.lexical_rank)}, score {passage.lexical:.2f}"],
                ["Words in common", ", ".join(words) or "none"],
                ["Together", f"passage {rank} of {len(offer.passages)}, score {passage.score:.2f}"],
            ]
            return {"headings": list(chunk.headings), "why": reasons}
    return {}


def describe_rank(rank: int | None) -> str:
    return f"no. {rank}" if rank else "not among the first"


def original_values(source: str, record: "SourceRecord | None") -> dict[str, Any]:
    """The address or download of the original; `record` is the collection's, if it still has the source."""
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
        return path if (path := Path(source)).is_file() else None
    except (OSError, ValueError):
        return None


def has_changed(path: Path, record: "SourceRecord") -> bool:
    try:
        return stamp_file(path.stat()) != record.stamp and hash_file(path) != record.content_hash
    except OSError:
        return True
