"""From a text to its sentences, list items and table rows, each a slice of the text."""

import re
from itertools import pairwise

from sentencex import get_sentence_boundaries

Span = tuple[int, int]
# These lines stand by themselves: headings, list items, table rows, fences, and what follows an empty line.
LINE_OF_ITS_OWN = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]|[-*+•][ \t]|\d{1,3}[.)][ \t]|\||```|~~~|>)|^[ \t]*$",
    re.MULTILINE,
)
# A short first line of a paragraph without a full stop, before one that begins anew: a heading without its marks. Lines
# of wrapped text are longer.
BARE_HEADING = re.compile(r"(?:\A|\n[ \t]*\n)[^\n]{1,50}(?<![\s.,;:!?…-])[ \t]*\n(?=[^\W_a-z])")
ROW_OR_HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||```|~~~)")
HAS_WORD = re.compile(r"\w")
ITEM_MARK = re.compile(r"[ \t]*(?:[-*+•>]|\*{2,3}|\d{1,3}[.)])[ \t]+")


def split_sentences(text: str) -> list[Span]:
    """Start and end of each unit that has a word in it, in order, without the white space around it."""
    spans = []
    for start, end in split_lines(text):
        if ROW_OR_HEADING.match(text, start, end):
            units = [(start, end)]  # a table row or a heading is one unit, whatever points and stops it has
        else:
            found = get_sentence_boundaries("en", text[start:end])
            units = [(start + unit["start_index"], start + unit["end_index"]) for unit in found]
        spans += [strip(text, *unit) for unit in units]
    return [(start, end) for start, end in spans if HAS_WORD.search(text, start, end)]


def split_lines(text: str) -> list[Span]:
    """The text cut before every line that stands by itself, and after those that are rows or headings."""
    cuts = {0, len(text), *(match.end() for match in BARE_HEADING.finditer(text))}
    for match in LINE_OF_ITS_OWN.finditer(text):
        cuts.add(match.start())
        if ROW_OR_HEADING.match(text, match.start()):
            line_end = text.find("\n", match.start())
            cuts.add(len(text) if line_end < 0 else line_end + 1)
    ordered = sorted(cuts)
    return [(start, end) for start, end in pairwise(ordered) if text[start:end].strip()]


def strip(text: str, start: int, end: int) -> Span:
    """The span without the mark of a list item, the end of bold type before it, and white space at its ends."""
    mark = ITEM_MARK.match(text, start, end)
    start = mark.end() if mark else start
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
