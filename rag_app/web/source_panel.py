"""From the citation or passage that was clicked to the open source: the words in their page, how they were found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.web.conversation import Failure, Opened, Turn, View
from rag_app.web.frontend import load_component
from rag_app.web.page_picture import page_picture
from vectorstore.errors import CollectionError, RagError

if TYPE_CHECKING:
    from vectorstore.store import Store
    from vectorstore.types import Passage

CONTEXT_CHARACTERS = 1_500
# More text than this in one box makes a browser slow.
MOST_CHARACTERS = 200_000
GONE = "No longer in the collection: these words were in it when the answer was given."
CHANGED = "The document has changed since: these words were in it when the answer was given."


@dataclass(frozen=True, slots=True)
class Place:
    """The words of a page that stand open: `page_text[start:end] == quote` when the answer was given."""

    source: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and its rank among all that were found, from 1."""

    passage: "Passage"
    rank: int
    of: int


def draw_source(
    store: "Store", turn: Turn, opened: Opened, *, key: str, on_change: Callable[[], None] = lambda: None
) -> None:
    """Draw it; a click calls `on_change`, and `st.session_state[key]["change"]` is a view or `close`."""
    place = find_place(turn, opened)
    values = {**place_values(place), **view_values(store, place, opened.view), "count": opened.count}
    found = find_passage(turn, place)
    if found:
        values |= {"headings": list(found.passage.chunk.headings), "scores": describe_scores(found)}
    load_component("source")(key=key, data=values, on_change_change=on_change)


def find_place(turn: Turn, opened: Opened) -> Place:
    if opened.kind == "citation" and turn.outcome and not isinstance(turn.outcome, Failure):
        cited = turn.outcome.citations[opened.number - 1]
        return Place(cited.source, cited.title, cited.page, cited.start, cited.end, cited.quote)
    chunk = passages_of(turn)[opened.number - 1].chunk
    return Place(chunk.source, chunk.title, chunk.page, chunk.start, chunk.end, chunk.text)


def find_passage(turn: Turn, place: Place) -> Found | None:
    passages = passages_of(turn)
    for rank, passage in enumerate(passages, 1):
        chunk = passage.chunk
        same_page = (chunk.source, chunk.page) == (place.source, place.page)
        if same_page and chunk.start <= place.start < place.end <= chunk.end:
            return Found(passage, rank, len(passages))
    return None


def passages_of(turn: Turn) -> "Sequence[Passage]":
    return turn.outcome.passages if turn.outcome else ()


def describe_scores(found: Found) -> str:
    passage = found.passage
    return (
        f"Passage {found.rank} of {found.of} by score {passage.score:.2f}: "
        f"meaning {passage.cosine:.2f}, words {passage.lexical:.2f}"
    )


def place_values(place: Place) -> dict[str, Any]:
    return {"title": place.title, "path": place.source, "page": place.page, "quote": place.quote}


def view_values(store: "Store", place: Place, view: View) -> dict[str, Any]:
    """The page's picture where it has one and is to be shown by it, else its text."""
    values = text_values(store, place, whole=view == "whole")
    if "warning" in values:
        return values
    picture = page_picture(place.source, place.page, place.start, place.end, place.quote)
    if picture is None or view != "picture":
        return {**values, "hasPicture": picture is not None}
    return {"picture": picture.url, "top": picture.top}


def text_values(store: "Store", place: Place, *, whole: bool) -> dict[str, Any]:
    """The text around the quote; of a document that has changed since, the quote alone: other words stand there now."""
    try:
        text = store.load_page(place.source, place.page)
    except CollectionError:
        return {"warning": GONE}
    except RagError as error:
        return {"warning": error.message}
    if text[place.start : place.end] != place.quote:
        return {"warning": CHANGED}
    first, last = window(text, place, MOST_CHARACTERS if whole else CONTEXT_CHARACTERS)
    return {
        "before": ("… " if first else "") + text[first : place.start],
        "after": text[place.end : last] + (" …" if last < len(text) else ""),
        "whole": whole,
        "hasMore": len(text) > last - first,
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
