"""Puts the lines of a PDF page, as its content stream has them, into reading order, and the cells of tables into rows.

Typesetters write the stream as one reads, column by column, so its order is kept. Three kinds of program do not: some
draw two columns row by row (those lines are cut at the gutter), some draw all headings last (they are put back in
place), some draw a table column by column (its cells are joined).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.reading.pdf.lines import WIDE_GAP, Glyphs, Line, group_runs

PARAGRAPH_PITCH = 1.25  # share of the usual distance of two lines
SAME_SIZE = (0.84, 1.19)
MIN_COLUMN_LINES = 5
MIN_COLUMN_CHARS = 22
MIN_PROSE = 12
MIN_GUTTER = 0.7
MIN_SHARED_WIDTH = 0.5
OVERLAP_ALLOWED = 0.3
# Of tables that were drawn column by column.
MIN_ROWS = 3
MIN_ALIGNED = 0.8
SAME_ROW = 0.3  # share of a line's height
MAX_CELL = 24  # characters; lines of prose in columns are longer
MAX_SHORT_CELL = 12
MIN_COLUMNS_OF_WORDS = 3

Column = Sequence[Line]


def order_blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """Blocks of lines one below the other at an even distance and in one size, in reading order."""
    drawn = _find_blocks(_read_columns(lines))
    ordered = _put_back(drawn)
    return drawn if ordered == drawn else _find_blocks([line for block in ordered for line in block])


def is_below(above: Line, line: Line) -> bool:
    if above.bottom - line.bottom <= 0.2 * line.height or above.turned or line.turned:
        return False
    return above.left < line.right and line.left < above.right


def is_same_size(above: Line, line: Line) -> bool:
    return SAME_SIZE[0] * above.height < line.height < SAME_SIZE[1] * above.height


def _find_blocks(lines: Sequence[Line]) -> list[list[Line]]:
    usual_pitch = _usual_pitch(lines)

    def goes_on(block: Sequence[Line], line: Line) -> bool:
        above = block[-1]
        pitch = block[0].bottom - block[1].bottom if len(block) > 1 else usual_pitch * max(above.height, line.height)
        even = above.bottom - line.bottom <= PARAGRAPH_PITCH * pitch
        return even and is_below(above, line) and is_same_size(above, line)

    return group_runs(lines, goes_on)


def _usual_pitch(lines: Sequence[Line]) -> float:
    """The page's usual distance from one line to the next, as a share of the line's height."""
    pitches = [
        (above.bottom - line.bottom) / line.height
        for above, line in pairwise(lines)
        if line.height > 0 and is_below(above, line)
    ]
    usual = [pitch for pitch in pitches if 0.5 < pitch < 2.5]
    return median(usual) if usual else 1.0


@dataclass(frozen=True, slots=True)
class _Block:
    lines: Sequence[Line]
    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Block":
        left, right = min(line.left for line in lines), max(line.right for line in lines)
        return cls(lines, left, lines[-1].bottom, right, lines[0].top)

    @property
    def turned(self) -> bool:
        return self.lines[0].turned

    def is_over(self, other: "_Block") -> bool:
        """Above the other, and over so much of its width that both are of one column."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        narrower = min(self.right - self.left, other.right - other.left)
        allowed = OVERLAP_ALLOWED * min(self.lines[-1].height, other.lines[0].height)
        return self.bottom >= other.top - allowed and shared > MIN_SHARED_WIDTH * narrower


def _put_back(drawn: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Each block that is over one drawn before it is put in front of that one."""
    ordered: list[_Block] = []
    lowest = float("inf")
    for lines in drawn:
        block = _Block.of(lines)
        place = len(ordered)
        if block.bottom >= lowest and not block.turned:
            below = (i for i, other in enumerate(ordered) if not other.turned and block.is_over(other))
            place = next(below, place)
        ordered.insert(place, block)
        lowest = min(lowest, block.bottom)
    return [list(block.lines) for block in ordered]


def _read_columns(lines: Sequence[Line]) -> list[Line]:
    """Runs of lines with a common gutter and prose on both sides of it, cut there: all left halves, then the right."""
    if sum(map(_may_hold_columns, lines)) < MIN_COLUMN_LINES:
        return list(lines)
    ordered: list[Line] = []
    place = 0
    while place < len(lines):
        end, gutter = _column_run(lines, place)
        if gutter is None:
            ordered.append(lines[place])
            place += 1
        else:
            ordered += _split_at(lines[place:end], gutter)
            place = end
    return ordered


def _may_hold_columns(line: Line) -> bool:
    """Two pieces of prose with a wide gap; the numbers of a table are shorter."""
    return line.is_row and len(line.pieces) > 1 and sorted(map(len, line.pieces))[-2] >= MIN_PROSE


def _column_run(lines: Sequence[Line], start: int) -> tuple[int, float | None]:
    """The end of the longest run of lines from `start` that a gutter parts, and where that lies; None: no columns."""
    if not _may_hold_columns(lines[start]):
        return start, None
    low, high = float("-inf"), float("inf")
    end = start
    while end < len(lines) and (narrowed := _narrowed_gutter(lines[end], low, high)):
        low, high = narrowed
        end += 1
    if end - start < MIN_COLUMN_LINES or not _is_prose(lines[start:end], (low + high) / 2):
        return start, None
    return end, (low + high) / 2


def _narrowed_gutter(line: Line, low: float, high: float) -> tuple[float, float] | None:
    """The part of the gutter `low..high` that `line` leaves free; only a wide gap can open a gutter."""
    if line.turned:
        return None
    least = WIDE_GAP * line.height if low == float("-inf") else 0.0
    gaps = [(before.right, piece.left) for before, piece in pairwise(line.pieces)]
    edges = [(left, right) for left, right in gaps if right - left > MIN_GUTTER * line.height]
    free = [(float("-inf"), line.left), *edges, (line.right, float("inf"))] if low > float("-inf") else edges
    cuts = [(max(low, left), min(high, right)) for left, right in free]
    cuts = [(left, right) for left, right in cuts if right - left > least and right > left]
    return max(cuts, key=lambda cut: cut[1] - cut[0], default=None)


def _is_prose(lines: Sequence[Line], gutter: float) -> bool:
    both = [line for line in lines if line.left < gutter < line.right]
    if len(both) < max(MIN_COLUMN_LINES, 0.6 * len(lines)):
        return False
    sides = [sum(len(p) for line in both for p in line.pieces if (p.left < gutter) == side) for side in (1, 0)]
    return min(sides) >= MIN_COLUMN_CHARS * len(both)


def _split_at(lines: Sequence[Line], gutter: float) -> list[Line]:
    left = [[piece for piece in line.pieces if piece.left < gutter] for line in lines]
    right = [[piece for piece in line.pieces if piece.left >= gutter] for line in lines]
    rest = _read_columns([Line.of(pieces) for pieces in right if pieces])  # the right part may hold further columns
    return [*(Line.of(pieces) for pieces in left if pieces), *rest]


def put_in_place(lines: Sequence[Line], typed_from: int) -> list[Line]:
    """Typed text, such as the values of a form, follows the label on its line, else the line that it is under."""
    typed = [line for line in lines if line.pieces[0].start >= typed_from]
    placed = [line for line in lines if line.pieces[0].start < typed_from]
    for line in sorted(typed, key=lambda line: (-line.top, line.left)):
        beside = [place for place, other in enumerate(placed) if _shares_line(line, other)]
        if beside:
            place = min(beside, key=lambda place: max(line.left - placed[place].right, placed[place].left - line.right))
            other = placed[place]
            pieces = sorted([*other.pieces, *line.pieces], key=lambda piece: piece.left)
            left, right = min(line.left, other.left), max(line.right, other.right)
            placed[place] = Line(tuple(pieces), left, other.bottom, right, other.top, is_row=True)
        else:
            above = [place for place, other in enumerate(placed) if is_below(other, line)]
            after = min(above, key=lambda place: placed[place].bottom, default=None)
            under = (place for place, other in enumerate(placed) if is_below(line, other))
            place = next(under, len(placed)) if after is None else after + 1
            placed.insert(place, replace(line, is_row=True))
    return placed


def _shares_line(line: Line, other: Line) -> bool:
    overlap = min(line.top, other.top) - max(line.bottom, other.bottom)
    apart = line.left >= other.right or line.right <= other.left or other.is_row
    return apart and not other.turned and overlap > SAME_ROW * min(line.height, other.height)


def join_cells(lines: Sequence[Line], glyphs: Glyphs) -> list[Line]:
    """The lines, where they are a table that was drawn column by column, joined to its rows.

    Conservative: columns of prose, of names, of items stay columns.
    """
    cells = group_runs(
        lines, lambda run, line: len(run[-1].pieces) == len(line.pieces) == 1 and is_below(run[-1], line)
    )
    joined: list[Line] = []
    for columns in group_runs(cells, _takes_column):
        lines = [line for column in columns for line in column]
        joined += _rows(lines) if len(columns) > 1 and _is_table(columns, glyphs) else lines
    return joined


def _takes_column(table: Sequence[Column], column: Column) -> bool:
    """Whether the column is to the right of the last one, its cells on the lines of the first."""
    if len(column) < MIN_ROWS or len(table[0]) < MIN_ROWS or _cell_length(column) > MAX_CELL:
        return False
    if min(line.left for line in column) < max(line.right for line in table[-1]):
        return False
    aligned = sum(any(_is_in_row(line, other) for other in table[0]) for line in column)
    return aligned >= MIN_ALIGNED * max(len(column), len(table[0]))


def _is_table(columns: Sequence[Column], glyphs: Glyphs) -> bool:
    if any(_is_numeric(column, glyphs) for column in columns[1:]):
        return True
    short = all(_cell_length(column) <= MAX_SHORT_CELL for column in columns[1:])
    return len(columns) >= MIN_COLUMNS_OF_WORDS and short


def _rows(lines: Sequence[Line]) -> list[Line]:
    downwards = sorted(lines, key=lambda line: -line.bottom)
    rows = group_runs(downwards, lambda row, line: _is_in_row(row[0], line))
    return [Line.of(sorted((p for line in row for p in line.pieces), key=lambda piece: piece.left)) for row in rows]


def _is_in_row(line: Line, other: Line) -> bool:
    return abs(line.bottom - other.bottom) < SAME_ROW * max(line.height, other.height)


def _cell_length(column: Column) -> float:
    return median(sum(map(len, line.pieces)) for line in column)


def _is_numeric(column: Column, glyphs: Glyphs) -> bool:
    """Most of its cells have more digits than letters."""
    cells = ["".join(glyphs.text[piece.start : piece.end] for piece in line.pieces) for line in column]
    return sum(sum(map(str.isdigit, cell)) > sum(map(str.isalpha, cell)) for cell in cells) > len(cells) / 2
