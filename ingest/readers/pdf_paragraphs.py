"""The lines of a PDF page turned into paragraphs: which lines belong together, and how each is joined to the next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from ingest.readers.pdf_lines import Glyphs, Line
from ingest.readers.pdf_order import is_below, is_same_size

# Shares of a line's height.
INDENT = 0.6
MAX_INDENT = 5.0
SAME_EDGE = 0.4
MIN_JUSTIFIED_LINES = 3
MAX_PUSH = 2.0


class Joint(Enum):
    """What stands between a line and the next."""

    SPACE = " "  # the line was broken because the next word did not fit
    NEWLINE = "\n"  # the author broke it: a row, an address, an item
    PARAGRAPH = "\n\n"
    UNSURE = "?"  # the next column, or a line that a formula pushed down: the words tell whether they go on


@dataclass(frozen=True, slots=True)
class Layout:
    """A page's lines, the width of each one's first word, and how it is joined to the line before."""

    lines: tuple[Line, ...]
    joints: tuple[Joint, ...]


def lay_out(blocks: Sequence[Sequence[Line]], glyphs: Glyphs) -> Layout:
    """Blocks of lines in reading order; a paragraph may be a part of one, or go on from one into the next."""
    lines = [line for block in blocks for line in block]
    first_words = [_first_word_width(line, glyphs) for line in lines]
    joints = [Joint.PARAGRAPH] * len(lines)
    margin = 0.0
    start = 0
    for end in accumulate(map(len, blocks)):
        if start and _may_go_on(lines, first_words, place=start, margin=margin):
            joints[start] = Joint.UNSURE
        margin = _right_margin(lines, first_words, start=start, end=end)
        for place in range(start + 1, end):
            full = _is_full(lines[place - 1], first_words[place], margin)
            joints[place] = _joint(lines, joints, place=place, end=end, full=full)
        start = end
    return Layout(tuple(lines), tuple(joints))


def _first_word_width(line: Line, glyphs: Glyphs) -> float:
    piece = line.pieces[0]
    word = glyphs.text[piece.start : piece.end].split(maxsplit=1)[0]
    boxes = glyphs.boxes[piece.start : piece.start + len(word)]
    return float(boxes[:, 2].max() - boxes[:, 0].min())


def _right_margin(lines: Sequence[Line], first_words: Sequence[float], *, start: int, end: int) -> float:
    """Where the lines of a block would end if they were full."""
    block = lines[start:end]
    widest = max(line.right for line in block)
    tolerance = SAME_EDGE * block[0].height
    justified = sum(widest - line.right < tolerance for line in block) >= MIN_JUSTIFIED_LINES
    full = [_is_full(lines[place], first_words[place + 1], widest) for place in range(start, end - 1)]
    if justified or (len(full) > 1 and sum(full) >= 0.8 * len(full)):
        return widest
    return max(widest, _column_margin(lines, block))


def _is_full(line: Line, next_word: float, margin: float) -> bool:
    """A line is full if the next line's first word had no room on it."""
    return line.right + 0.2 * line.height + next_word > margin - 0.1 * line.height


def _column_margin(lines: Sequence[Line], block: Sequence[Line]) -> float:
    """The right edge that most lines over or under the block share, if three do."""
    left, right = block[0].left, max(line.right for line in block)
    height = block[0].height or 1.0
    edges = [line.right for line in lines if line.left < right and line.right > left and not line.turned]
    counted = Counter(round(edge / height) for edge in edges)
    shared, count = max(counted.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return max(edge for edge in edges if round(edge / height) == shared) if count >= MIN_JUSTIFIED_LINES else 0.0


def _may_go_on(lines: Sequence[Line], first_words: Sequence[float], *, place: int, margin: float) -> bool:
    """Whether the paragraph of a full line may go on after the end of its block; `margin` is that block's."""
    above, line = lines[place - 1], lines[place]
    if above.is_row or line.is_row or above.turned or line.turned:
        return False
    next_column = line.bottom > above.top and line.left > above.left + above.height
    pushed_down = is_below(above, line) and above.bottom - line.bottom < MAX_PUSH * line.height
    return is_same_size(above, line) and (next_column or pushed_down) and _is_full(above, first_words[place], margin)


def _joint(lines: Sequence[Line], joints: Sequence[Joint], *, place: int, end: int, full: bool) -> Joint:
    if lines[place - 1].is_row or lines[place].is_row:
        return Joint.NEWLINE
    if _begins_paragraph(lines, joints, place=place, end=end, full=full):
        return Joint.PARAGRAPH
    return Joint.SPACE if full else Joint.NEWLINE


def _begins_paragraph(lines: Sequence[Line], joints: Sequence[Joint], *, place: int, end: int, full: bool) -> bool:
    """By its own indent, or by standing out where the lines before it hang."""
    above, line = lines[place - 1], lines[place]
    step = (line.left - above.left) / (line.height or 1.0)
    if INDENT < step < MAX_INDENT:
        hangs = place + 1 == end or abs(lines[place + 1].left - line.left) < SAME_EDGE * line.height
        return not (full and hangs)
    return step < -INDENT and _hangs(lines, joints, place=place)


def _hangs(lines: Sequence[Line], joints: Sequence[Joint], *, place: int) -> bool:
    """Whether the paragraph before `place` began further left than it went on."""
    first = place - 1
    while first > 0 and joints[first] is not Joint.PARAGRAPH:
        first -= 1
    return place - first > 1 and lines[first].left < lines[place - 1].left - INDENT * lines[place].height
