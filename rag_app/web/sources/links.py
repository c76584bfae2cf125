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
from vectorstore.types import name_place

if TYPE_CHECKING:
    from vectorstore.types import Chunk, Passage

# A name cannot be guessed: only a visitor who was shown an answer can read its sources.
SECRET = secrets.token_bytes(32)
MAX_OFFERS = 10_000


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


def draw_source_panel(key: str, *, of: str, opened: "tuple[Chunk, int] | None" = None) -> None:
    """Draw the panel of the open source.

    `of` names the conversation or page whose sources it shows: an open source of another one is closed. `opened` is a
    chunk that the page opens by itself, and a count that grows with each click: a closed one can be opened again.
    """
    shown: dict[str, Any] | None = None
    if opened:
        chunk, count = opened
        shown = {"count": count, "card": {"id": chunk.id, **offer_source(cite_chunk(chunk))}}
    load_component("source", "sources")(key=key, data={"conversation": of, "shown": shown})
