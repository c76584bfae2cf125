"""The lines of a PDF page, where a table was drawn column by column, turned into the rows of that table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.reading.pdf.lines import Glyphs, Line
from ingest.reading.pdf.reading_order import is_below

MIN_ROWS = 3
MIN_ALIGNED = 0.8
SAME_ROW = 0.3  # share of a line's height
MAX_CELL = 24  # characters; lines of prose in columns are longer
MAX_SHORT_CELL = 12
MIN_COLUMNS_OF_WORDS = 3

Column = Sequence[Line]


@dataclass(frozen=True, slots=True)
class _Table:
    columns: list[Column]

    def takes(self, column: Column) -> bool:
        """Whether the column stands beside the last one, its cells on the lines of the first."""
        if len(column) < MIN_ROWS or len(self.columns[0]) < MIN_ROWS or _cell_length(column) > MAX_CELL:
            return False
        if min(line.left for line in column) < max(line.right for line in self.columns[-1]):
            return False
        aligned = sum(any(_is_beside(line, other) for other in self.columns[0]) for line in column)
        return aligned >= MIN_ALIGNED * len(column) and aligned >= MIN_ALIGNED * len(self.columns[0])

    def is_one(self, glyphs: Glyphs) -> bool:
        if any(_is_numeric(column, glyphs) for column in self.columns[1:]):
            return True
        short = all(_cell_length(column) <= MAX_SHORT_CELL for column in self.columns[1:])
        return len(self.columns) >= MIN_COLUMNS_OF_WORDS and short

    def rows(self) -> list[Line]:
        rows: list[list[Line]] = []
        for line in sorted((line for column in self.columns for line in column), key=lambda line: -line.bottom):
            if rows and _is_beside(rows[-1][0], line):
                rows[-1].append(line)
            else:
                rows.append([line])
        return [_merge(row) for row in rows]


def join_cells(lines: Sequence[Line], glyphs: Glyphs) -> list[Line]:
    """Conservative: columns of prose, of names, of items stay columns."""
    joined: list[Line] = []
    for table in _tables(_columns(lines)):
        if len(table.columns) > 1 and table.is_one(glyphs):
            joined += table.rows()
        else:
            joined += [line for column in table.columns for line in column]
    return joined


def _tables(columns: Sequence[Column]) -> Iterator[_Table]:
    table: _Table | None = None
    for column in columns:
        if table and table.takes(column):
            table.columns.append(column)
            continue
        if table:
            yield table
        table = _Table([column])
    if table:
        yield table


def _columns(lines: Sequence[Line]) -> Sequence[Column]:
    """Runs of lines that are drawn one below the other, each a single cell."""
    columns: list[list[Line]] = [[line] for line in lines[:1]]
    for above, line in pairwise(lines):
        single = len(above.pieces) == 1 == len(line.pieces)
        if single and is_below(above, line):
            columns[-1].append(line)
        else:
            columns.append([line])
    return columns


def _is_beside(line: Line, other: Line) -> bool:
    return abs(line.bottom - other.bottom) < SAME_ROW * max(line.height, other.height)


def _cell_length(column: Column) -> float:
    return median(sum(map(len, line.pieces)) for line in column)


def _is_numeric(column: Column, glyphs: Glyphs) -> bool:
    """Most of its cells have more digits than letters."""
    cells = ["".join(glyphs.text[piece.start : piece.end] for piece in line.pieces) for line in column]
    return sum(sum(map(str.isdigit, cell)) > sum(map(str.isalpha, cell)) for cell in cells) > len(cells) / 2


def _merge(row: Sequence[Line]) -> Line:
    return Line.of(sorted((piece for line in row for piece in line.pieces), key=lambda piece: piece.left))
