"""Joins the blocks of a page, and lays out the cells of its tables, as Markdown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ingest.reading.tables import grids

# Its kind and its text: p, item, code, table, h1 to h6.
Block = tuple[str, str]
_MOST_COLUMNS = 500
_MOST_CELLS = 2_000_000
_LONGEST_CELL = 600
_SPACES = re.compile("[ \N{NO-BREAK SPACE}]{2,}")
_EMPTY_LINES = re.compile(r"\n{3,}")
_AROUND_BREAK = re.compile(r" *\n *")


def clean_run(text: str) -> str:
    """The words of a paragraph without the white space that a page doesn't show."""
    text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _EMPTY_LINES.sub("\n\n", _AROUND_BREAK.sub("\n", text))
    return text.strip()


def fence(text: str, language: str = "") -> str:
    """A code block, its marks longer than any within it."""
    marks = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{marks}{language}\n{text}\n{marks}" if text.strip() else ""


def join_blocks(blocks: Sequence[Block], *, in_item: bool = False) -> str:
    """The text of blocks, the items of a list without a blank line between them."""
    parts: list[str] = []
    previous = ""
    for kind, words in blocks:
        if written := _write(kind, words, in_item=in_item):
            is_close = kind == "item" and (previous == "item" or in_item)
            parts += [("\n" if is_close else "\n\n") if parts else "", written]
            previous = kind
    return "".join(parts)


def _write(kind: str, words: str, *, in_item: bool) -> str:
    if kind == "code":
        return fence(words)
    if kind[0] == "h" and words and not in_item:
        return f"{'#' * int(kind[1])} {words}"
    return words


@dataclass(frozen=True, slots=True)
class Cell:
    blocks: Sequence[Block]
    text: str  # on one line; tables within the cell come after its table
    is_head: bool
    columns: int
    rows: int

    @classmethod
    def of(cls, element: Any, blocks: Sequence[Block]) -> Self:
        columns, rows = _number(element, "colspan"), _number(element, "rowspan")
        joined, previous = "", ""
        for kind, words in blocks:
            if kind != "table":
                joined += (
                    f"; {words.removeprefix('- ')}" if kind == previous == "item" else f" {words.removeprefix('- ')}"
                )
                previous = kind
        text = " ".join(joined.split())
        return cls(blocks, text, element.tag == "th", min(columns, _MOST_COLUMNS), rows)

    @property
    def is_long(self) -> bool:
        """Whether it holds a part of the page, rather than a value."""
        return len(self.text) > _LONGEST_CELL or any(kind[0] == "h" for kind, _ in self.blocks)

    @property
    def has_table(self) -> bool:
        return any(kind == "table" for kind, _ in self.blocks)


def _number(element: Any, name: str) -> int:
    value = (element.get(name) or "").strip()
    return max(int(value), 1) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def write_table(rows: Sequence[tuple[bool, Sequence[Cell]]], *, is_layout: bool) -> list[Block]:
    """A table, then those within its cells; the parts of a page that is laid out in a table one after the other."""
    cells = [cell for _, row in rows for cell in row]
    if not any(cell.is_head for cell in cells):
        is_line = len(rows) == 1 and any(cell.has_table for cell in cells)
        is_layout = is_layout or is_line or max((len(row) for _, row in rows), default=0) < 2
        is_layout = is_layout or any(cell.is_long for cell in cells)
    if is_layout:
        return [block for cell in cells for block in cell.blocks]
    grid, heads = _lay_out(rows)
    if grid is None:
        return [("p", " | ".join(cell.text for cell in row)) for _, row in rows if row]
    nested = [block for cell in cells for block in cell.blocks if block[0] == "table"]
    is_named = heads > 0 or any(cell.is_head for cell in cells)
    if not is_named and len(rows) > 2 and any(cell.columns > 1 for cell in rows[0][1]):
        # What names its columns by cells of values, as word processors write it, is read as a table of theirs.
        return [("table", grids.write_table(map(_as_grid, rows))), *nested]
    above, grid = _join_heads(grid, heads)
    grid = [row for row in grid if any(row)]
    if heads == 0 and any(cell.is_head for cell in cells):  # each row is named, no column is
        grid.insert(0, [""] * len(grid[0]))
    columns = [place for place in range(len(grid[0]) if grid else 0) if any(row[place] for row in grid)]
    table = [[row[place] for place in columns] for row in grid]
    written = [("table", grids.markdown_table(table[0], table[1:]))] if table else []
    return [*(("p", words) for words in above), *written, *nested]


def _as_grid(row: tuple[bool, Sequence[Cell]]) -> list[grids.Cell]:
    return [grids.Cell(cell.text, cell.columns, cell.rows) for cell in row[1]]


def _lay_out(rows: Sequence[tuple[bool, Sequence[Cell]]]) -> tuple[list[list[str]] | None, int]:
    """The text at each place, that of a cell over several rows in each, and how many rows are the head.

    No grid where it would have millions of cells, most of them empty.
    """
    places: dict[tuple[int, int], str] = {}
    heads, is_divided = 0, False
    for number, (in_head, row) in enumerate(rows):
        filled = [cell for cell in row if cell.blocks]
        named = bool(filled) and all(cell.is_head for cell in filled)
        is_head = heads == number and bool(row) and (in_head or (named and (number == 0 or is_divided)))
        heads += is_head
        is_divided = any(cell.columns > 1 for cell in row)
        column = 0
        for cell in row:
            while (number, column) in places:
                column += 1
            text = cell.text
            for down in range(min(cell.rows, len(rows) - number)):
                for right in range(cell.columns):
                    # A cell over several columns names each of them in the head; below, it is one value.
                    places[number + down, column + right] = text if is_head or not right else ""
                if len(places) > _MOST_CELLS:
                    return None, 0
            column += cell.columns
    width = 1 + max((column for _, column in places), default=0)
    if width * len(rows) > _MOST_CELLS:
        return None, 0
    return [[places.get((number, column), "") for column in range(width)] for number in range(len(rows))], heads


def _join_heads(grid: list[list[str]], heads: int) -> tuple[list[str], list[list[str]]]:
    """What stands above all columns, and the grid with one row of heads, in which each column reads whole."""
    head, above = grid[:heads], []
    while len(head) > 1 and len(set(head[0])) == 1 < len(head[0]):
        above.append(head.pop(0)[0])
    if len(head) < 2:
        return above, [*head, *grid[heads:]]
    joined = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*head, strict=True)]
    return above, [joined, *grid[heads:]]
