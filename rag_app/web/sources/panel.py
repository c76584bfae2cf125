"""The panel in which a source stands open, and the passage that a page opens there by itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.web.components import load_component
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.links import Offered, Place, offer
from vectorstore.types import name_place

if TYPE_CHECKING:
    from vectorstore.types import Chunk

PARTS = ("sources", "page_text")


@dataclass(frozen=True, slots=True)
class OpenedChunk:
    """A chunk to be opened; `count` grows with each click, so that one that was closed can be opened again."""

    chunk: "Chunk"
    count: int


def draw_source_panel(key: str, *, of: str, opened: OpenedChunk | None = None) -> None:
    """`of` says whose sources are shown: what stands open of another's is closed."""
    shown = opened and shown_values(opened)
    load_component("source", *PARTS)(key=key, data={"conversation": of, "shown": shown})


def shown_values(opened: OpenedChunk) -> dict[str, Any]:
    chunk = opened.chunk
    source = offer(Offered(page_settings(), "", Place.of_chunk(chunk), None))
    card = {"id": chunk.id, "source": source, "place": name_place(chunk.title, chunk.page, chunk.time)}
    return {"count": opened.count, "card": card}
