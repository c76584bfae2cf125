"""Writes the table of a document, some of whose cells span columns or rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.reading.tables.grids import Grid, render_grid

_MAX_COLUMNS, _MAX_PLACES = 500, 2_000_000


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` None continues the cell above."""

    text: str | None
    columns: int = 1
    rows: int = 1


def write_table(table: Iterable[Sequence[Cell]]) -> str:
    """Markdown, with first rows of one cell over all columns as paragraphs above it."""
    grid, width = _place(table)
    above = []
    ends = {(top, left): right for top, left, _, right in grid.merged}
    for number in list(grid.rows)[:-1]:
        if width == 1 or ends.get((number, 0)) != width - 1:
            break
        above.append(" ".join(grid.rows.pop(number)[0].split()))
    return "\n\n".join(filter(None, [*above, render_grid(grid)]))


def _place(table: Iterable[Sequence[Cell]]) -> tuple[Grid, int]:
    """The grid and the number of its columns."""
    rows: dict[int, dict[int, str]] = {}
    merged: dict[tuple[int, int], tuple[int, int]] = {}  # the last row and column by the first ones
    taken: set[tuple[int, int]] = set()
    width = 0
    covers: dict[int, tuple[int, int]] = {}  # the last cell that began in a column
    for number, row in enumerate(table):
        column, rows[number] = 0, {}
        for cell in row:
            while (number, column) in taken:
                column += 1
            columns = max(1, min(cell.columns, _MAX_COLUMNS - column))
            if column >= _MAX_COLUMNS or len(taken) > _MAX_PLACES:
                break
            down = max(1, cell.rows)
            start = (number, column)
            if cell.text is None and column in covers:
                start = covers[column]
            else:
                rows[number][column], covers[column] = cell.text or "", start
            last = max(number + down - 1, merged.get(start, start)[0])
            if (last, column + columns - 1) != start:
                merged[start] = (last, column + columns - 1)
            taken |= {(number + r, column + c) for r in range(1, min(down, 9999)) for c in range(columns)}
            column += columns
            width = max(width, column)
    return Grid(rows, [(*first, *last) for first, last in merged.items()]), width
