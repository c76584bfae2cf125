"""Composes an answer's text from claims: a numbered marker for each piece of evidence, its sentences, its citations."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag_app.answering.claims import Claim, Evidence
from rag_app.answering.generation.markers import defuse, read_markers
from rag_app.types import Citation, Sentence

# No form of a marker has more digits.
MOST_PASSAGES = 999
FENCE_AT_END = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*\Z", re.MULTILINE)
Composed = tuple[str, tuple[Sentence, ...], tuple[Citation, ...]]


def compose(claims: Sequence[Claim]) -> Composed:
    """The answer's text with a marker for each span, the sentences that cover it, and the citations in order.

    The same span has the same marker wherever it is cited. What a claim holds that would be read as a marker, now that
    the claim stands by itself (a link or code cut in two), is made to be none.
    """
    composed = join(claims)
    text, sentences, _ = composed
    own = Counter(number for sentence in sentences for number in sentence.markers)
    read = Counter(number for _, number in read_markers(text, passages=MOST_PASSAGES)[1])
    return composed if read <= own else join([replace(claim, text=defuse(claim.text)) for claim in claims])


def join(claims: Sequence[Claim]) -> Composed:
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
        text = mark(claim.text, numbers) + after
        sentences.append(Sentence(text, position, position + len(text), bool(numbers), numbers))
        position += len(text)
    return "".join(sentence.text for sentence in sentences), tuple(sentences), tuple(citations)


def mark(text: str, numbers: Sequence[int]) -> str:
    """The text with its markers; below the end of a block of code, which they would keep open on the same line."""
    space = "\n" if FENCE_AT_END.search(text) else " "
    return text + (space if numbers else "") + "".join(f"[{number}]" for number in numbers)


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
        chunk.time,
    )
