"""From claims and the spans that prove them to an answer's text, its sentences and its citations."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.types import Citation, Sentence
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


def compose(
    claims: Sequence[Claim],
) -> tuple[str, tuple[Sentence, ...], tuple[Citation, ...]]:
    """The answer's text with a marker for each span, the sentences that cover it, and the citations in order.

    The same span has the same marker wherever it is cited.
    """
    markers: dict[tuple[str, int | None, int, int], int] = {}
    citations: list[Citation] = []
    sentences: list[Sentence] = []
    position = 0
    for i, claim in enumerate(claims):
        for evidence in claim.evidence:
            if evidence.place not in markers:
                markers[evidence.place] = len(markers) + 1
                citations.append(cite(evidence, len(markers)))
        numbers = tuple(dict.fromkeys(markers[evidence.place] for evidence in claim.evidence))
        after = claim.after if i + 1 < len(claims) else ""
        text = claim.text + "".join(f" [{n}]" if k == 0 else f"[{n}]" for k, n in enumerate(numbers)) + after
        sentences.append(Sentence(text, position, position + len(text), bool(numbers), numbers))
        position += len(text)
    return (
        "".join(sentence.text for sentence in sentences),
        tuple(sentences),
        tuple(citations),
    )


def cite(evidence: Evidence, marker: int) -> Citation:
    chunk = evidence.passage.chunk
    return Citation(
        marker,
        chunk.source,
        chunk.title,
        chunk.page,
        evidence.start,
        evidence.end,
        evidence.quote,
    )
