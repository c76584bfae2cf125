"""Keeps what an RTF reader collects: paragraphs and tables of the body, a note or a header, and the state of groups."""

from dataclasses import dataclass, field
from itertools import pairwise

from ingest.reading.marks import Run, Style, mark_runs
from ingest.reading.structured.document_tree import Block, clean_text, write_heading
from ingest.reading.structured.office.signs import SHORT_NUMBER
from ingest.reading.tables.grids import Cell, write_table


@dataclass(slots=True)
class Flow:
    """The body, or a note, header or text box: its finished blocks, and the paragraph and table that are open."""

    blocks: list[Block] = field(default_factory=list)
    after: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    label: str = ""
    cell: list[str] = field(default_factory=list)
    row: list[str] = field(default_factory=list)
    rows: list[tuple[list[str], list[tuple[int, bool]]]] = field(default_factory=list)
    edges: list[tuple[int, bool]] = field(default_factory=list)  # of the cells: the right one, and merged with above
    goes_on: bool = False
    kind: str = ""
    has_page_number: bool = False

    def take_text(self) -> str:
        words = "".join(mark_runs(self.runs)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = clean_text(words).strip(" ")
        self.runs = []
        return text

    def end_paragraph(self, level: int, *, in_table: bool) -> None:
        text, label = self.take_text(), self.label.strip()
        self.label = ""
        if label and not any(map(str.isalnum, label)):
            label = "-"
        if in_table:
            self.cell.append(f"{label} {text}" if label not in ("", "-") else text)
            return
        self.end_table()
        if text and level:
            self.blocks.append(Block(write_heading(f"{label} {text}" if label not in ("", "-") else text, level)))
        elif text:
            is_item = SHORT_NUMBER.fullmatch(label) is not None
            self.blocks.append(Block(f"{label} {text}" if label else text, is_item))
        self.blocks += self.after
        self.after = []

    def end_cell(self) -> None:
        self.end_paragraph(0, in_table=True)
        self.row.append(" ".join(filter(None, self.cell)))
        self.cell = []

    def end_row(self) -> None:
        if self.row:
            self.rows.append((self.row, self.edges))
        self.row = []

    def end_table(self) -> None:
        if self.rows:
            self.blocks.append(Block(write_table(_cells(self.rows))))
        self.rows, self.row = [], []

    def finish(self) -> list[Block]:
        self.end_paragraph(0, in_table=False)
        return self.blocks

    def margin_text(self) -> str:
        """Of a header or footer; none of little but the number of the page."""
        text = "\n".join(block.text for block in self.finish()).strip()
        words = [word for word in text.split() if any(map(str.isalnum, word))]
        return "" if self.has_page_number and len(words) < 3 and not any(map(str.isdigit, text)) else text


def _cells(rows: list[tuple[list[str], list[tuple[int, bool]]]]) -> list[list[Cell]]:
    """A cell spans the columns whose edges lie within it; edges a hair apart are one."""
    edges = sorted({edge for _, cells in rows for edge, _ in cells})
    edges = [edge for before, edge in pairwise([-(10**9), *edges]) if edge - before > 40]
    table = []
    for texts, cells in rows:
        line, left = [], -(10**9)
        for place, text in enumerate(texts):
            right, merged = cells[place] if place < len(cells) else (left, False)
            line.append(Cell(None if merged else text, max(1, sum(left + 40 < edge <= right + 40 for edge in edges))))
            left = right
        table.append(line)
    return table


@dataclass(slots=True)
class State:
    """What holds in a group. Without a flow its words are not read."""

    flow: Flow | None
    group: str = ""
    style: Style = ""
    shift: int = 0
    size: int = 24  # both in half points
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    font: int = -1
    replaced: int = 1  # characters that stand for a Unicode one, for older programs
    level: int = 0
    in_table: bool = False
    is_page_number: bool = False
