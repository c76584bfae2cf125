"""From the citations and passages of an answer to places in documents, and to the passage each was found in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
