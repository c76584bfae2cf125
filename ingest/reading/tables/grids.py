"""Writes the cells of a sheet as paragraphs and Markdown tables, each with a head that names its columns."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.reading.tables.heads import (
    SAMPLE,
    Cells,
    Row,
    columns_of,
    has_head,
    head_height,
    is_headless,
    join_heads,
    names_rows,
    title_lines,
)
from ingest.reading.tables.markdown_table import markdown_table

_MOST_PREAMBLE = 12  # rows of a name and its value above a table
_LONGEST_REPEATED = 80  # letters of a merged cell: more are no name of rows or columns
_MAX_REPEATED = 1_000_000  # cells that merged ranges may fill


@dataclass(slots=True)
class Grid:
    """The filled cells of a sheet by row and column; `merged` are ranges of top, left, bottom and right."""

    rows: dict[int, Cells]
    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden_rows: Collection[int] = ()
    hidden_columns: Collection[int] = ()


@dataclass(slots=True)
class _Table:
    names: Cells
    columns: Sequence[int]
    rows: list[Row]

    def continues_with(self, rows: Sequence[Row]) -> bool:
        """Whether rows after an empty one belong to this table: they have no head of their own."""
        columns = columns_of(rows)
        if not self.rows and set(columns) >= set(self.columns):
            self.columns = columns  # a head, with an empty row below it
        if not set(columns) <= set(self.columns) or title_lines(rows) or has_head(rows):
            return False
        if len(columns) == 1:
            return len(self.columns) == 1
        is_block = len(rows) > 2 and all(len(row.cells) == len(columns) for row in rows)
        return not is_block or all(self._is_sparse(column) for column in set(self.columns) - set(columns))

    def _is_sparse(self, column: int) -> bool:
        sample = self.rows[:SAMPLE]
        return 2 * sum(column in row.cells for row in sample) < len(sample)

    def render(self) -> str:
        first = self.columns[0]
        rows = []
        for row in self.rows:
            inner = {column: width for column, width in row.widths.items() if column != first}
            cells = Row(row.cells, inner).spread(self.columns) if inner else row.cells
            rows.append([cells.get(column, "") for column in self.columns])
        return markdown_table([self.names.get(column, "") for column in self.columns], rows)


def render_grid(grid: Grid) -> str:
    """Tables apart by empty rows, their titles and notes as paragraphs."""
    parts: list[str | _Table] = []
    widest = max(map(len, grid.rows.values()), default=0)
    for block in _blocks(grid):
        if len(columns_of(block)) == 1 < widest or (not parts and _is_preamble(block, widest)):
            parts += map(_line, block)
            continue
        for rows in _side_by_side(block):
            last = parts[-1] if parts else None
            if isinstance(last, _Table) and last.continues_with(rows):
                last.rows += rows
            else:
                parts += _read_block(rows, grid.hidden_columns)
    return "\n\n".join(part if isinstance(part, str) else part.render() for part in parts)


def _blocks(grid: Grid) -> Iterator[list[Row]]:
    """Rows without an empty one between them, with the marks of hidden rows and the cells that merged ranges repeat."""
    widths, covered = _repeat_merged(grid)
    block: list[Row] = []
    previous = -1
    for number in sorted(grid.rows):
        cells = {column: text for column, words in grid.rows[number].items() if (text := " ".join(words.split()))}
        if not cells:
            continue
        if number in grid.hidden_rows:
            cells[min(cells)] += " (hidden)"
        if block and any(between not in covered for between in range(previous + 1, number)):
            yield block
            block = []
        block.append(Row(cells, {column: width for column, width in widths.get(number, {}).items() if column in cells}))
        previous = number
    if block:
        yield block


def _repeat_merged(grid: Grid) -> tuple[dict[int, dict[int, int]], set[int]]:
    """Repeats merged cells downwards, in rows that have cells of their own.

    The widths of those that reach to the right, by row and column; the rows that they cover whole.
    """
    widths: dict[int, dict[int, int]] = {}
    own = {number for number, cells in grid.rows.items() if any(text.strip() for text in cells.values())}
    covered: set[int] = set()
    left = _MAX_REPEATED
    for top, first, bottom, last in grid.merged:
        text = grid.rows.get(top, {}).get(first, "")
        left -= bottom - top + 1
        if not text.strip() or left < 0:
            continue
        covered.update(number for number in range(top + 1, bottom + 1) if number not in own)
        if len(text) > _LONGEST_REPEATED:
            bottom, last = top, first
        for number in range(top, bottom + 1):
            if number in own:
                grid.rows[number][first] = text
                if last > first:
                    widths.setdefault(number, {})[first] = last - first + 1
    return widths, covered


def _side_by_side(block: list[Row]) -> Iterator[list[Row]]:
    """The tables of a block that have an empty column between them, where each names its columns and rows itself."""
    columns = columns_of(block)
    gaps = [right for left, right in pairwise(columns) if right > left + 1]
    bounds = [columns[0], *gaps, columns[-1] + 1]
    sides = [
        [
            Row(cells, {column: width for column, width in row.widths.items() if first <= column < end})
            for row in block
            if (cells := {column: text for column, text in row.cells.items() if first <= column < end})
        ]
        for first, end in pairwise(bounds)
    ]
    if len(sides) > 1 and all(has_head(side) and names_rows(side) for side in sides):
        yield from sides
    else:
        yield block


def _read_block(rows: list[Row], hidden: Collection[int]) -> list[str | _Table]:
    titles = title_lines(rows)
    parts: list[str | _Table] = [_line(row) for row in rows[:titles]]
    rows = rows[titles:]
    columns = columns_of(rows)
    texts = [text for row in rows for text in row.cells.values()]
    is_prose = len(columns) == 1 and any(len(text) > 60 or text.endswith(".") for text in texts)
    if len(texts) == 1 or is_prose or len(texts) == len(rows) < len(columns) * len(rows):
        return [*parts, *map(_line, rows)]
    head = 0 if is_headless(rows) else head_height(rows)
    names = join_heads([row.spread(columns) for row in rows[:head]], columns)
    names |= {column: f"{names.get(column, '')} (hidden)".strip() for column in columns if column in hidden}
    return [*parts, _Table(names, columns, rows[head:])]


def _is_preamble(rows: Sequence[Row], widest: int) -> bool:
    """Whether they are names with their values, above a table that is wider."""
    is_table = has_head(rows) and len(rows) > 2
    return len(columns_of(rows)) == 2 < widest and len(rows) <= _MOST_PREAMBLE and not is_table


def _line(row: Row) -> str:
    """A row that belongs to no table; a mark of a comment would make it a heading."""
    texts = [row.cells[column] for column in sorted(row.cells)]
    joint = ": " if len(texts) == 2 and not texts[0].endswith(":") else " "
    return joint.join(texts).lstrip("# ")
