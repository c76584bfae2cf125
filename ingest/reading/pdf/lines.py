"""Groups the characters of a PDF page by their boxes into lines, in the order of the page's content stream."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Item = TypeVar("Item")

# Shares of a character's height (about 1.2 times its font size).
SAME_LINE_OVERLAP = 0.4
WIDE_GAP = 0.9
WIDE_WORD_GAP = 2.2  # a share of the line's usual distance of words
STACK_GAP = 0.6
SCRIPT_HEIGHT = 0.8
MAX_SCRIPT_WIDTH = 3.0
BULLETS = "\u2022\u25cf\u25cb\u25e6\u25aa\u25a0\u25a1\u2023\u2043\u2219\xb7\u2013\u2014*-\uf0b7\uf0a7\uf0d8"
MAX_ITEM_MARK = 4  # characters
_ITEM_MARK = re.compile(rf"\(?\w{{1,3}}[.)]|\[\w+\]|\d{{1,2}}|[^\W\d_]|[{re.escape(BULLETS)}]")
# Which of the code points up to U+3000 are spaces or controls.
_BLANK = np.zeros(0x3002, dtype=np.bool_)
for _first, _last in ((0, 0x20), (0x7F, 0xA0), (0x1680, 0x1680), (0x2000, 0x200B), (0x2028, 0x2029), (0x3000, 0x3000)):
    _BLANK[_first : _last + 1] = True
_BLANK[[0x202F, 0x205F]] = True


DIRECTIONS = 4  # a direction counts the quarter turns, clockwise, from upright text to this one
_QUARTER_TURN = np.array([1, -1, 1, -1], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A page's characters as PDFium counts them: one code point and one box (left, top, right, bottom) each.

    Only the characters at the indices `visible` are drawn; the boxes of the others are empty. On the page the boxes
    are turned by `direction` quarters, clockwise; here they are as if that text were upright. Text from `typed_from` on
    was put onto the page, as the values of a form are. `sizes` and `baselines`: of each character, where sizes differ.
    `struck`: boxes of struck out words, and lines that may strike words out. `middles`: on a page that is written from
    the right, the left and the right of the line, added, of each character whose line is written from the left.
    """

    text: str
    visible: Ints
    boxes: Floats
    direction: int = 0
    middles: Floats | None = None
    typed_from: int = sys.maxsize
    sizes: Floats | None = None
    baselines: Floats | None = None
    struck: Floats | None = None

    def from_the_left(self) -> "Glyphs":
        """Themselves, or their mirror image, in which lines from the left are as they were, if the page needs it."""
        if self.middles is None:
            return self
        left, top, right, bottom = self.boxes.T
        mirrored = np.stack((-right, top, -left, bottom), axis=1)
        moved = np.stack((left - self.middles, top, right - self.middles, bottom), axis=1)
        return replace(self, boxes=np.where(np.isnan(moved), mirrored, moved))


def turn(boxes: Floats, quarters: int) -> Floats:
    """Boxes (left, top, right, bottom) turned clockwise about the origin."""
    for _ in range(quarters % DIRECTIONS):
        boxes = boxes[:, (3, 0, 1, 2)] * _QUARTER_TURN
    return boxes


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start:end` of one size, side by side with no wide gap, and the box around them.

    `turned`: the characters are stacked, as in text turned by 90 degrees and in vertical writing.
    `word_gap`: the mean distance of its words, 0 if it is one word.
    `is_mark`: it may mark an item, as `2.` or a bullet.
    """

    start: int
    end: int
    left: float
    bottom: float
    right: float
    top: float
    turned: bool
    word_gap: float
    is_mark: bool

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces of one line, left to right, and the box around them, its bottom and top those of the main text.

    `is_row`: gaps part the pieces that are wide for its words too, as in a table.
    """

    pieces: tuple[Piece, ...]
    left: float
    bottom: float
    right: float
    top: float
    is_row: bool

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> "Line":
        main = max(pieces, key=len)
        left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
        return cls(tuple(pieces), left, main.bottom, right, main.top, _is_row(pieces, main))

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def turned(self) -> bool:
        return self.pieces[0].turned

    def parts(self, before: Piece, piece: Piece) -> bool:
        """Whether the gap between two pieces parts the cells of a row."""
        return self.is_row and piece.left - before.right > _cell_gap(self.pieces, self.height)


def _is_row(pieces: Sequence[Piece], main: Piece) -> bool:
    if len(pieces) == 1:
        return False
    # The text after the mark of an item is set off from it too.
    counted = pieces[1:] if pieces[0].is_mark else pieces
    widest = max((piece.left - before.right for before, piece in pairwise(counted)), default=0.0)
    return widest > _cell_gap(pieces, main.height)


def _cell_gap(pieces: Sequence[Piece], height: float) -> float:
    # A justified line of few words has wide gaps all over.
    return max(WIDE_GAP * height, WIDE_WORD_GAP * max(piece.word_gap for piece in pieces))


def find_lines(glyphs: Glyphs) -> list[Line]:
    return [Line.of(pieces) for pieces in group_runs(_find_pieces(glyphs), _continues)]


def group_runs(items: Iterable[Item], goes_on: Callable[[list[Item], Item], bool]) -> list[list[Item]]:
    """Runs of items; `goes_on` says whether a run goes on with the next item."""
    runs: list[list[Item]] = []
    for item in items:
        if runs and goes_on(runs[-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _find_pieces(glyphs: Glyphs) -> list[Piece]:
    visible = glyphs.visible
    if not len(visible):
        return []
    left, top, right, bottom = glyphs.boxes[visible].T
    newlines = np.cumsum(find_codes(glyphs.text) == 10)
    line_breaks = newlines[visible[1:]] != newlines[visible[:-1]]
    turned, gaps, breaks = _find_breaks(left, bottom, right, top, line_breaks)
    word_ends = (np.diff(visible) > 1) & ~breaks
    starts: Ints = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends: Ints = np.append(starts[1:], len(visible))
    counts = ends - starts
    stacked = np.add.reduceat(np.append(turned, False).astype(np.intp), starts)
    spaces = np.maximum(np.add.reduceat(np.append(word_ends, False).astype(np.intp), starts), 1)
    space = np.add.reduceat(np.append(gaps * word_ends, 0), starts)
    firsts, lasts = visible[starts].tolist(), (visible[ends - 1] + 1).tolist()
    marks = [
        end - start <= MAX_ITEM_MARK and _ITEM_MARK.fullmatch(glyphs.text, start, end) is not None
        for start, end in zip(firsts, lasts, strict=True)
    ]
    # The mean of bottoms and tops is the main text's place, hardly moved by a superscript.
    columns = (
        firsts,
        lasts,
        np.minimum.reduceat(left, starts).tolist(),
        (np.add.reduceat(bottom, starts) / counts).tolist(),
        np.maximum.reduceat(right, starts).tolist(),
        (np.add.reduceat(top, starts) / counts).tolist(),
        ((stacked > 1) & (stacked >= counts - 2)).tolist(),
        (space / spaces).tolist(),
        marks,
    )
    return [Piece(*values) for values in zip(*columns, strict=True)]


def find_visible(text: str) -> Ints:
    """The indices of the characters that are neither spaces nor controls."""
    return np.flatnonzero(~_BLANK[np.minimum(find_codes(text), len(_BLANK) - 1)])


def find_codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _find_breaks(
    left: Floats, bottom: Floats, right: Floats, top: Floats, line_breaks: Bools
) -> tuple[Bools, Floats, Bools]:
    """Between each character and the next: are they stacked, how far apart are they, and does a new piece begin."""
    height, width = top - bottom, right - left
    overlap = np.minimum(top[1:], top[:-1]) - np.maximum(bottom[1:], bottom[:-1])
    same_line = overlap >= SAME_LINE_OVERLAP * np.minimum(height[1:], height[:-1])
    gap = np.maximum(left[1:] - right[:-1], left[:-1] - right[1:])  # in either direction: Arabic runs to the left
    side_by_side = np.minimum(right[1:], right[:-1]) - np.maximum(left[1:], left[:-1])
    stacked = ~line_breaks & ~same_line & (side_by_side >= 0.5 * np.minimum(width[1:], width[:-1]))
    stacked &= -overlap < STACK_GAP * np.maximum(width[1:], width[:-1])
    taller = np.maximum(height[1:], height[:-1])
    apart = ~same_line | (gap > WIDE_GAP * taller) | (np.minimum(height[1:], height[:-1]) < SCRIPT_HEIGHT * taller)
    return stacked, gap, line_breaks | (~stacked & apart)


def _continues(line: Sequence[Piece], piece: Piece) -> bool:
    main = max(line, key=len)  # the piece that shows where the line is; the last one may be an exponent
    if main.turned or piece.turned:
        return False
    smaller = min(main.height, piece.height)
    overlap = min(main.top, piece.top) - max(main.bottom, piece.bottom)
    # An index under an exponent begins where the exponent began.
    step_back = MAX_SCRIPT_WIDTH * main.height if piece.height < SCRIPT_HEIGHT * main.height else 0.3 * smaller
    return overlap >= SAME_LINE_OVERLAP * smaller and piece.left >= line[-1].right - step_back
