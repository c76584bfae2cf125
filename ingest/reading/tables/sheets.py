"""Writes the sheets of a workbook as pages, with the links and comments of their cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.reading.tables.grids import Grid, render_grid
from vectorstore.types import Page


@dataclass(slots=True)
class Sheet:
    """`shapes` are the texts of boxes, charts and pictures that float over the cells."""

    name: str
    is_hidden: bool = False
    grid: Grid = field(default_factory=lambda: Grid({}))
    shapes: Sequence[str] = ()

    def annotate(self, row: int, column: int, note: str) -> None:
        """Adds a link or a comment to a cell, which may be empty."""
        if row >= 0:
            cells = self.grid.rows.setdefault(row, {})
            cells[column] = f"{cells.get(column, '')} {note}".strip()

    def link(self, row: int, column: int, address: str) -> None:
        """Addresses outside the workbook, unless the cell says them itself."""
        shown = self.grid.rows.get(row, {}).get(column, "")
        if shown and address and address.removeprefix("mailto:").rstrip("/") not in shown:
            self.annotate(row, column, f"({address})")

    def comment(self, row: int, column: int, author: str, text: str) -> None:
        words = " ".join(text.split())
        author = " ".join(author.split())
        words = words.removeprefix(f"{author}:").strip() if author else words
        by = f" by {author}" if author else ""
        if words:
            self.annotate(row, column, f"[comment{by}: {words}]")


def sheet_pages(sheets: Iterable[Sheet]) -> tuple[Page, ...]:
    """A page each, numbered by its place in the workbook; one without text is left out."""
    pages = []
    for number, sheet in enumerate(sheets, start=1):
        text = "\n\n".join(part for part in (render_grid(sheet.grid), *sheet.shapes) if part)
        if text:
            name = " ".join(sheet.name.split())
            pages.append(Page(number, f"## {name}{' (hidden)' if sheet.is_hidden else ''}\n\n{text}"))
    return tuple(pages)
