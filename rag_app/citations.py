"""From claims and the spans that prove them to an answer's text, its sentences and its citations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.types import Citation, Sentence
from vectorstore.types import Passage

# [1], [1,2], [1-3] and [1; 2]; two to three digits at most, so that years are none.
MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]")
# Where a marker is taken out, what stands around it must not close up to a new one: `[[1]2]`.
OPEN_MARKER = re.compile(r"\[[\d\s,;–-]*$")
# Nothing in code is a marker: `rows[1]` is an array's.
CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
WORD_JOINER = "\u2060"
LONGEST_RANGE = 20


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


def defuse(text: str) -> str:
    """The text of a document with anything that reads as one of our markers made to be none, looking the same."""
    return MARKER.sub(lambda match: f"[{WORD_JOINER}{match.group(1)}]", text)


def take_markers(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A model's text without its markers, and of each marker the offset in that text and the passage's number."""
    code = [match.span() for match in CODE.finditer(text)]
    kept, markers, length, last = [], [], 0, 0
    for match in MARKER.finditer(text):
        if any(start <= match.start() < end for start, end in code):
            continue
        before = text[last : match.start()].rstrip(" ")
        before += WORD_JOINER if OPEN_MARKER.search(before) else ""
        kept.append(before)
        length += len(before)
        markers += [(length, number) for number in expand_numbers(match.group(1))]
        last = match.end()
    return "".join([*kept, text[last:]]), markers


def expand_numbers(inside: str) -> list[int]:
    """`1, 3-5` as 1, 3, 4, 5."""
    numbers: list[int] = []
    for part in re.split(r"\s*[,;]\s*", inside):
        ends = [int(end) for end in re.split(r"\s*[–-]\s*", part)]
        numbers += range(ends[0], min(ends[-1], ends[0] + LONGEST_RANGE) + 1)
    return numbers
