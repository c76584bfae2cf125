"""Whether words of a passage support a sentence that a model wrote, and which."""

import re
from collections.abc import Sequence
from itertools import pairwise

from rag_app.citations import Claim, Evidence
from rag_app.markers import read_markers
from rag_app.sentences import ITEM_MARK, split_sentences
from vectorstore.stopwords import ENGLISH_STOP_WORDS
from vectorstore.types import Passage

WORDS = re.compile(r"\w+(?:[.,]\d+)*")
NUMBER = re.compile(r"\d")
# The share of a sentence's content words that must stand in the span.
ENOUGH_WORDS = 0.6
STEM_LETTERS = 5


def prove(text: str, passages: Sequence[Passage]) -> list[Claim]:
    """A model's text as claims, each with the spans that prove it.

    Passages that a sentence's own markers name are searched first, then the others; markers of passages that were not
    given are dropped. A text of markers alone makes no claim.
    """
    bare, markers = read_markers(text, passages=len(passages))
    if not bare.strip():
        return []
    claims = []
    for start, end in cover(bare):
        named = [number - 1 for position, number in markers if start < max(position, 1) <= end]
        order = dict.fromkeys(n for n in [*named, *range(len(passages))] if 0 <= n < len(passages))
        sentence = bare[start:end]
        evidence = next(filter(None, (find_evidence(sentence, passages[n]) for n in order)), None)
        shown = sentence.strip()
        claims.append(Claim(shown, (evidence,) if evidence else (), after=sentence[len(sentence.rstrip()) :]))
    return claims


def cover(text: str) -> list[tuple[int, int]]:
    """The sentences of a text with what lies between them, so that together they are the text."""
    starts = [item_start(text, start) for start, _ in split_sentences(text)][1:]
    return list(zip([0, *starts], [*starts, len(text)], strict=True))


def item_start(text: str, start: int) -> int:
    """Where the mark of a list item begins, if the sentence is an item's first."""
    line = text.rfind("\n", 0, start) + 1
    mark = ITEM_MARK.match(text, line)
    return line if mark and mark.end() == start else start


def find_evidence(sentence: str, passage: Passage) -> Evidence | None:
    """The sentence of a passage, or two neighbours, with most of the claim's content words and all of its numbers."""
    chunk = passage.chunk
    units = split_sentences(chunk.text)
    spans = units + [(first[0], second[1]) for first, second in pairwise(units)]
    wanted = content_words(sentence)
    scored = [(share_found(wanted, content_words(chunk.text[start:end])), start, end) for start, end in spans]
    best = max(
        scored,
        key=lambda scored_span: (scored_span[0], scored_span[1] - scored_span[2]),
        default=None,
    )
    if best is None or best[0] < ENOUGH_WORDS:
        return None
    return Evidence(passage, chunk.start + best[1], chunk.start + best[2])


def content_words(text: str) -> set[str]:
    """Numbers whole, other words by their first letters, which do for an ending that differs."""
    words = (word.lower() for word in WORDS.findall(text))
    return {word if NUMBER.search(word) else word[:STEM_LETTERS] for word in words if word not in ENGLISH_STOP_WORDS}


def share_found(wanted: set[str], there: set[str]) -> float:
    """The share of the wanted words that are there; 0 if a number is not, or if nothing is wanted."""
    missing = wanted - there
    if not wanted or any(NUMBER.search(word) for word in missing):
        return 0.0
    return 1 - len(missing) / len(wanted)
