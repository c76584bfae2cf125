"""From places that an answer shows to secret names, by which the browser asks for them without a run of the page."""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.types import Citation
    from vectorstore.types import Chunk, Passage


@dataclass(frozen=True, slots=True)
class Place:
    """Words of a page: `page_text[start:end] == quote` when the answer was given."""

    source: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str

    @classmethod
    def of_citation(cls, cited: "Citation") -> "Place":
        return cls(cited.source, cited.title, cited.page, cited.start, cited.end, cited.quote)

    @classmethod
    def of_chunk(cls, chunk: "Chunk") -> "Place":
        return cls(chunk.source, chunk.title, chunk.page, chunk.start, chunk.end, chunk.text)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and its rank among all that were found, from 1."""

    passage: "Passage"
    rank: int
    of: int


def find_passage(passages: "Sequence[Passage]", place: Place) -> Found | None:
    for rank, passage in enumerate(passages, 1):
        chunk = passage.chunk
        same_page = (chunk.source, chunk.page) == (place.source, place.page)
        if same_page and chunk.start <= place.start < place.end <= chunk.end:
            return Found(passage, rank, len(passages))
    return None


# A name cannot be guessed: only who was shown an answer reads the sources of it.
SECRET = secrets.token_bytes(32)
MOST_OFFERED = 20_000


@dataclass(frozen=True, slots=True)
class Offered:
    """A place that may be read, how it was found, and the settings of the visitor's session."""

    settings: Settings
    question: str
    place: Place
    found: Found | None


_offered: OrderedDict[str, Offered] = OrderedDict()
_lock = threading.Lock()


def offer(offered: Offered) -> str:
    """The same name for the same place and question, in whatever run of the page."""
    settings = offered.settings
    told = repr((settings.collection, settings.data_dir, offered.question, offered.place))
    name = hmac.new(SECRET, told.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    with _lock:
        _offered[name] = offered
        _offered.move_to_end(name)
        if len(_offered) > MOST_OFFERED:
            _offered.popitem(last=False)
    return name


def find_offered(name: str) -> Offered | None:
    with _lock:
        return _offered.get(name)
