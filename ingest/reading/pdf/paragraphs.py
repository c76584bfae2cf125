"""Finds the paragraphs of a PDF page: which lines belong together, and how each is joined to the next."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from ingest.reading.pdf.lines import Glyphs, Line
from ingest.reading.pdf.reading_order import is_below, is_same_size

# Shares of a line's height.
INDENT = 0.6
MAX_INDENT = 5.0
SAME_EDGE = 0.4
MIN_JUSTIFIED_LINES = 3
MAX_PUSH = 2.0
WORD_SPACE = 0.2
MOST = 0.8
MAX_SPARE = 0.3  # of the width of the column
_BULLETS = "\u2022\u25cf\u25cb\u25e6\u25aa\u25a0\u25a1\u2023\u2043\u2219\xb7\u2013\u2014*-\uf0b7\uf0a7\uf0d8"
_ITEM_MARK = re.compile(rf"(\(?\w{{1,3}}[.)]|\[\w+\]|[{re.escape(_BULLETS)}])$")


class Joint(Enum):
    """The separator between a line and the next."""

    SPACE = " "  # the line was broken because the next word did not fit
    NEWLINE = "\n"  # the author broke it: a row, an address, an item
    PARAGRAPH = "\n\n"
    UNSURE_NEWLINE = "a newline, or a space if the words go on"  # a ragged line
    UNSURE_PARAGRAPH = "a blank line, or a space if the words go on"  # the next column; a line a formula pushed down


@dataclass(frozen=True, slots=True)
class Layout:
    """A page's lines, and how each is joined to the line before."""

    lines: tuple[Line, ...]
    joints: tuple[Joint, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A line with its first word: the width it takes, and whether it marks an item (`2.`, `(b)`, `[7]`, a bullet)."""

    line: Line
    word_width: float
    marks_item: bool
    is_bullet: bool

    @classmethod
    def of(cls, line: Line, glyphs: Glyphs) -> "_Opened":
        piece = line.pieces[0]
        word = glyphs.text[piece.start : piece.end].split(maxsplit=1)[0]
        boxes = glyphs.boxes[piece.start : piece.start + len(word)]
        width = float(boxes[:, 2].max() - boxes[:, 0].min())
        return cls(line, width, _ITEM_MARK.match(word) is not None, word in _BULLETS)


def lay_out(blocks: Sequence[Sequence[Line]], glyphs: Glyphs) -> Layout:
    """Blocks of lines in reading order; a paragraph may be a part of one, or go on from one into the next."""
    opened = [[_Opened.of(line, glyphs) for line in block] for block in blocks]
    lines = [line for block in blocks for line in block]
    joints: list[Joint] = []
    margin = 0.0
    for number, block in enumerate(opened):
        goes_on = number > 0 and _may_go_on(opened[number - 1][-1].line, block[0], margin)
        margin = _right_margin(block, lines)
        block_joints = [Joint.UNSURE_PARAGRAPH if goes_on else Joint.PARAGRAPH]
        for place in range(1, len(block)):
            block_joints.append(_joint(block, block_joints, place=place, margin=margin))
        joints += block_joints
    return Layout(tuple(lines), tuple(joints))


def _right_margin(block: Sequence[_Opened], lines: Sequence[Line]) -> float:
    """Where the lines of a block would end if they were full."""
    widest = max(opened.line.right for opened in block)
    tolerance = SAME_EDGE * block[0].line.height
    justified = sum(widest - opened.line.right < tolerance for opened in block) >= MIN_JUSTIFIED_LINES
    full = [_is_full(above.line, opened, widest) for above, opened in pairwise(block)]
    if justified or (len(full) >= MIN_JUSTIFIED_LINES and sum(full) >= MOST * len(full)):
        return widest
    return max(widest, _column_margin(block[0].line, widest, lines))


def _is_full(line: Line, after: _Opened, margin: float) -> bool:
    """A line is full if the next line's first word had no room on it."""
    return line.right + WORD_SPACE * line.height + after.word_width > margin - 0.1 * line.height


def _column_margin(first: Line, right: float, lines: Sequence[Line]) -> float:
    """The right edge that most lines over or under a block share, if three do."""
    height = first.height or 1.0
    edges = [line.right for line in lines if line.left < right and line.right > first.left and not line.turned]
    counted = Counter(round(edge / height) for edge in edges)
    shared, count = max(counted.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return max(edge for edge in edges if round(edge / height) == shared) if count >= MIN_JUSTIFIED_LINES else right


def _may_go_on(above: Line, opened: _Opened, margin: float) -> bool:
    """Whether the paragraph of a full line may go on after the end of its block; `margin` is that block's."""
    line = opened.line
    if above.is_row or line.is_row or above.turned or line.turned:
        return False
    next_column = line.bottom > above.top and line.left > above.left + above.height
    pushed_down = is_below(above, line) and above.bottom - line.bottom < MAX_PUSH * line.height
    return is_same_size(above, line) and (next_column or pushed_down) and _is_full(above, opened, margin)


def _joint(block: Sequence[_Opened], joints: Sequence[Joint], *, place: int, margin: float) -> Joint:
    above, opened = block[place - 1], block[place]
    if above.line.is_row or opened.line.is_row:
        return Joint.NEWLINE
    full = _is_full(above.line, opened, margin)
    step = (opened.line.left - above.line.left) / (opened.line.height or 1.0)
    if INDENT < step < MAX_INDENT:
        hangs = full and (above.marks_item or _keeps_left(block, place))
        return Joint.SPACE if hangs else Joint.PARAGRAPH
    if step < -INDENT and _hangs(block, joints):
        return Joint.PARAGRAPH
    if opened.is_bullet:
        return Joint.NEWLINE
    if full:
        return Joint.SPACE
    spare = margin - above.line.right
    return Joint.UNSURE_NEWLINE if spare < MAX_SPARE * (margin - above.line.left) else Joint.NEWLINE


def _keeps_left(block: Sequence[_Opened], place: int) -> bool:
    """Whether the next line, if any, begins where this one does: a paragraph's indent is its first line's alone."""
    if place + 1 == len(block):
        return True
    line, after = block[place].line, block[place + 1].line
    return abs(after.left - line.left) < SAME_EDGE * line.height


def _hangs(block: Sequence[_Opened], joints: Sequence[Joint]) -> bool:
    """Whether the paragraph that `joints` end in began further left than it went on."""
    last = len(joints) - 1
    first = last
    while first > 0 and joints[first] is not Joint.PARAGRAPH:
        first -= 1
    return first < last and block[first].line.left < block[last].line.left - INDENT * block[last].line.height
