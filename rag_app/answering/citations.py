"""Composes an answer's text, sentences and numbered citations from claims and the evidence for each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag_app.answering.generation.markers import OPENERS, defuse, read_markers
from rag_app.types import Citation, Sentence, State
from vectorstore.types import Passage

Place = tuple[str, int | None, int, int]
# No form of a marker has more digits.
MOST_PASSAGES = 999
FENCE_AT_END = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*\Z", re.MULTILINE)
Composed = tuple[str, tuple[Sentence, ...], tuple[Citation, ...]]


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
    def place(self) -> Place:
        return self.passage.chunk.source, self.passage.chunk.page, self.start, self.end


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, the spans that its state rests on, and the white space that follows it.

    Without a span, whatever claims something is not proved.
    """

    text: str
    evidence: tuple[Evidence, ...]
    after: str = "\n\n"
    state: State = "proved"

    def __post_init__(self) -> None:
        if not self.evidence and self.state != "not a claim":
            object.__setattr__(self, "state", "not proved")


def compose(claims: Sequence[Claim]) -> Composed:
    """The answer's text with a marker for each span, the sentences that cover it, and the citations in order.

    The same span has the same marker wherever it is cited. Brackets within a claim that read as markers are broken by a
    word joiner: those of a document, and those of a link or of code that was cut in two.
    """
    composed = join(claims)
    if not any(sign in claim.text for claim in claims for sign in OPENERS):
        return composed
    text, sentences, _ = composed
    own = Counter(number for sentence in sentences for number in sentence.markers)
    read = Counter(number for _, number in read_markers(text, passages=MOST_PASSAGES)[1])
    return composed if read <= own else join([replace(claim, text=defuse(claim.text)) for claim in claims])


def join(claims: Sequence[Claim]) -> Composed:
    markers: dict[Place, int] = {}
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
        text = mark(claim.text, numbers) + after
        sentences.append(Sentence(text, position, position + len(text), claim.state, numbers))
        position += len(text)
    return "".join(sentence.text for sentence in sentences), tuple(sentences), tuple(citations)


def mark(text: str, numbers: Sequence[int]) -> str:
    """The text with its markers; below the end of a block of code, which they would keep open on the same line."""
    space = "\n" if FENCE_AT_END.search(text) else " "
    return text + (space if numbers else "") + "".join(f"[{number}]" for number in numbers)


def cite(evidence: Evidence, marker: int) -> Citation:
    chunk, quote = evidence.passage.chunk, evidence.quote
    return Citation(marker, chunk.source, chunk.title, chunk.page, evidence.start, evidence.end, quote, chunk.time)
