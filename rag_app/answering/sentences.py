"""Splits text into sentences, list items and table rows, each a slice of the text."""

import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from ingest.chunking.sentences import FindSentences, Span, find_sentences, load_find_sentences

Split = Callable[[str], list[Span]]
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
# In text that is parted into tokens a full stop between spaces ends a sentence, within quotation marks too; the mark
# that closes them belongs to it.
STOP_ALONE = re.compile(r"(?<=\s[.?!])(?:\s+(?:'{1,2}|[\"”’])(?=\s))*\s+(?=\S)")
CLOSING_MARKS = re.compile(r"(?<=[.?!])(?:\s+(?:'{1,2}|[\"”’])(?=\s|\Z))+")
ITEM_MARK = re.compile(r"[ \t]*(?:[-*+•>]|\*{2,3}|\d{1,3}[.)])[ \t]+")


def load_split(setting: str) -> Split:
    """`split_sentences` by what RAG_SENTENCES names; errors as of `load_find_sentences`."""
    return partial(split_sentences, find=load_find_sentences(setting))


def split_sentences(text: str, find: FindSentences = find_sentences) -> list[Span]:
    """Start and end of each unit that has a word in it, in order, without the white space around it.

    `find` parts what is neither a row nor a heading nor several items into sentences.
    """
    spans: list[Span] = []
    for start, end in split_lines(text):
        if ROW_OR_HEADING.match(text, start, end):
            units = [(start, end)]  # a table row or a heading is one unit, whatever points and stops it has
        else:
            found = find(text[start:end])
            units = [part for unit in found for part in split_at_stops(text, start + unit[0], start + unit[1])]
        for unit in units:
            found_start, found_end = strip(text, *unit)
            found_start = max(found_start, spans[-1][1] if spans else 0)  # marks that closed the one before it
            if HAS_WORD.search(text, found_start, found_end):
                spans.append(strip(text, found_start, close(text, found_end)))
    return spans


def split_at_stops(text: str, start: int, end: int) -> list[Span]:
    """A sentence cut after every full stop that stands between spaces."""
    cuts = [start, *(match.end() for match in STOP_ALONE.finditer(text, start, end)), end]
    return list(pairwise(cuts))


def close(text: str, end: int) -> int:
    """The end of a sentence behind the marks that close a quotation, where these stand apart from its full stop."""
    marks = CLOSING_MARKS.match(text, end)
    return marks.end() if marks else end


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
