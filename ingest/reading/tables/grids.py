"""Writes the cells of sheets and of documents' tables as paragraphs and Markdown tables, each with a head."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
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

COMMENT_MARK = re.compile(r"^\s*#+\s+")
_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
# A piece fits a chunk of 200 tokens together with the sheet's name; a longer head leaves the rows too little room.
_TABLE_TOKENS, _MAX_HEAD_TOKENS, _ROOM = 150, 110, 60
_GROUP_TOKENS = 75  # of the heads of columns that are shown together, where all are too many
_WIDE = 5  # columns


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A long table as several, each with the head: a chunk of it then says what its columns are.

    A wide one is parted into groups of columns too, each with the first column, as sheets are printed.
    """
    groups: list[list[int]] = [[0]]
    costs = [_token_estimate(name) + 1 for name in head]
    is_wide = len(head) >= _WIDE and sum(costs) > _MAX_HEAD_TOKENS
    for column in range(1, len(head)):
        is_full = sum(costs[one] for one in groups[-1]) + costs[column] > _GROUP_TOKENS
        if is_wide and is_full and len(groups[-1]) > 1:
            groups.append([0])
        groups[-1].append(column)
    tables = []
    for group in groups:
        lines = [
            f"| {' | '.join([row[column].replace('|', chr(92) + '|') for column in group])} |" for row in (head, *rows)
        ]
        tables.append(_with_repeated_head(lines, f"|{' --- |' * len(group)}"))
    return "\n\n".join(tables)


def _with_repeated_head(lines: Sequence[str], rule: str) -> str:
    head_cost = _token_estimate(lines[0])
    if head_cost > _MAX_HEAD_TOKENS or not lines[0].strip("| "):
        return "\n".join([lines[0], rule, *lines[1:]])
    most = max(_TABLE_TOKENS, head_cost + _ROOM)
    tables, cost = [[lines[0], rule]], head_cost
    for line in lines[1:]:
        line_cost = _token_estimate(line)
        if cost + line_cost > most and len(tables[-1]) > 2:
            tables.append([lines[0], rule])
            cost = head_cost
        tables[-1].append(line)
        cost += line_cost
    return "\n\n".join("\n".join(table) for table in tables)


def _token_estimate(line: str) -> int:
    # Word pieces: one a mark or short word, one more for every five letters or three digits.
    return sum(1 + len(word) // (3 if word[0].isdigit() else 5) for word in _WORD_OR_MARK.findall(line))


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
    left, end = _MAX_REPEATED, max(grid.rows, default=0)
    right = max((max(cells) for cells in grid.rows.values() if cells), default=0)
    for top, first, bottom, last in grid.merged:
        text, bottom, last = grid.rows.get(top, {}).get(first, ""), min(bottom, end), min(last, right)
        left -= (bottom - top + 1) * max(last - first + 1, 1)
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
    """A row that belongs to no table; a mark of a comment, with a space after it, would make it a heading."""
    texts = [row.cells[column] for column in sorted(row.cells)]
    joint = ": " if len(texts) == 2 and not texts[0].endswith(":") else " "
    return COMMENT_MARK.sub("", joint.join(texts))


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
