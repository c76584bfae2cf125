"""Offers quotes of documents to the browser under secret names, by which it asks for their sources over HTTP."""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.settings import Settings
from rag_app.types import Citation
from rag_app.web.components import load_component
from rag_app.web.session_settings import page_settings
from vectorstore.types import SourceRecord, name_place

if TYPE_CHECKING:
    from vectorstore.storage.store import Store
    from vectorstore.types import Chunk, Passage

# A name cannot be guessed: only a visitor who was shown an answer can read its sources.
SECRET = secrets.token_bytes(32)
MAX_OFFERS = 30_000
# A document without pages of its own is read in parts of so many characters.
PART_CHARACTERS = 12_000


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
