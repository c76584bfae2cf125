"""Defines claims, the sentences of an answer in the making, and the evidence for each."""

from dataclasses import dataclass

from vectorstore.types import Passage


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of a passage's page; `start` and `end` are offsets into the page's text."""

    passage: Passage
    start: int
    end: int

    @property
    def quote(self) -> str:
        chunk = self.passage.chunk
        return chunk.text[self.start - chunk.start : self.end - chunk.start]

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def place(self) -> tuple[str, int | None, int, int]:
        return (
            self.passage.chunk.source,
            self.passage.chunk.page,
            self.start,
            self.end,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence to be shown, the spans that prove it (none: unsupported), and the white space that follows it."""

    text: str
    evidence: tuple[Evidence, ...]
    after: str = "\n\n"
