"""Reads HWPX, the XML documents of Hancom's Hangul, with their notes, margins, marks and tables."""

import re
from collections.abc import Iterator
from itertools import count

from ingest.reading.marks import Run, Style, labelled, mark_runs, picture_text
from ingest.reading.office_package import (
    Element,
    Package,
    attribute,
    child,
    children,
    name_of,
    outermost,
    text_of,
    whole_number,
)
from ingest.reading.structured.document_tree import Block, clean_text, join_blocks, write_heading
from ingest.reading.tables.grids import Cell, write_table
from vectorstore.types import Page

_SECTION = re.compile(r"Contents/section(\d+)\.xml")
_SIGNS = {"tab": "\t", "lineBreak": "\n", "nbSpace": "\N{NO-BREAK SPACE}", "fwSpace": " ", "hyphen": "-"}
_AUTOMATIC = "그림입니다"  # what the program writes for each picture: the name of its file
_NOTES = {"footNote": "Footnote", "endNote": "Endnote", "hiddenComment": "Comment"}


def read_hwpx(package: Package) -> tuple[Page, ...] | None:
    names = sorted(filter(_SECTION.fullmatch, package.names), key=lambda name: int(_SECTION.sub(r"\1", name)[:9]))
    sections = [part for name in names if (part := package.part(name)) is not None]
    if not sections:
        return None
    reader = _Reader(package.part("Contents/header.xml"))
    body = [block for section in sections for block in reader.blocks(section)]
    heads, feet = (
        [Block(labelled(kind.title(), text)) for text in reader.margins[kind] if text] for kind in ("header", "footer")
    )
    return (Page(None, join_blocks([*heads, *body, *feet])),)


class _Reader:
    def __init__(self, head: Element | None) -> None:
        self._styles = {attribute(one, "id"): _style(one) for one in outermost(head, "charPr")}
        self._levels = {attribute(one, "id"): _level(one) for one in outermost(head, "paraPr")}
        self._numbers = {"Footnote": count(1), "Endnote": count(1)}
        self._after: list[Block] = []
        self._deleted = False
        self.margins: dict[str, dict[str, None]] = {"header": {}, "footer": {}}

    def _take_after(self) -> list[Block]:
        taken, self._after = self._after, []
        return taken

    def blocks(self, parent: Element) -> Iterator[Block]:
        for paragraph in outermost(parent, "p"):
            kept = self._take_after()
            text = clean_text("".join(mark_runs(list(self._runs(paragraph))))).strip()
            level = self._levels.get(attribute(paragraph, "paraPrIDRef"), 0)
            yield Block(write_heading(text, level) if level else text)
            yield from (*kept, *self._take_after())

    def _runs(self, paragraph: Element) -> Iterator[Run]:
        for run in children(paragraph, "run"):
            style = self._styles.get(attribute(run, "charPrIDRef"), "")
            for one in children(run):
                if name_of(one) == "t":
                    yield from ((text, style) for text in self._texts(one))
                else:
                    yield self._object(one), ""

    def _object(self, one: Element) -> str:
        """What stands in the line; what does not follows the paragraph."""
        name = name_of(one)
        if name == "ctrl":
            for inside in children(one):
                self._control(inside)
        elif name == "tbl":
            self._table(one)
        elif name == "equation":
            return text_of(child(one, "script")).strip()
        elif name != "secPr":
            return self._drawing(one)
        return ""

    def _texts(self, element: Element) -> Iterator[str]:
        """Words and signs, without what is tracked as deleted."""
        yield "" if self._deleted else element.text or ""
        for one in element:
            name = name_of(one)
            if name in ("deleteBegin", "deleteEnd"):
                self._deleted = name == "deleteBegin"
            yield "" if self._deleted else _SIGNS.get(name, "") + (one.tail or "")

    def _control(self, control: Element) -> None:
        name = name_of(control)
        if name not in _NOTES and name not in self.margins:
            return
        kept = self._take_after()
        text = "\n".join(block.text for block in self.blocks(control) if block.text)
        self._after = kept
        if name in self.margins:
            self.margins[name].setdefault(text)
        else:
            label = _NOTES[name]
            number = f" {next(self._numbers[label])}" if label in self._numbers else ""
            self._after.append(Block(labelled(f"{label}{number}", text)))

    def _table(self, table: Element) -> None:
        kept = self._take_after()
        rows = [[self._cell(cell) for cell in children(row, "tc")] for row in children(table, "tr")]
        notes = self._take_after()
        self._after = [*kept, Block(write_table(rows)), *notes]

    def _cell(self, cell: Element) -> Cell:
        kept = self._take_after()
        text = " ".join(block.text for block in self.blocks(cell) if block.text)
        self._after = kept
        columns, rows = (whole_number(attribute(child(cell, "cellSpan"), f"{of}Span"), 1) for of in ("col", "row"))
        return Cell(text, columns, rows)

    def _drawing(self, drawing: Element) -> str:
        """The alternative text; the text of a shape follows the paragraph."""
        kept = self._take_after()
        blocks = [block for text in outermost(drawing, "drawText") for block in self.blocks(text)]
        self._after = [*kept, *blocks]
        words = text_of(child(drawing, "shapeComment")).strip()
        return "" if blocks or words.startswith(_AUTOMATIC) else picture_text(words)


def _style(properties: Element) -> Style:
    if attribute(child(properties, "strikeout"), "shape", "NONE") not in ("NONE", "3D"):
        return "struck"
    if child(properties, "supscript") is not None:
        return "raised"
    return "lowered" if child(properties, "subscript") is not None else ""


def _level(properties: Element) -> int:
    heading = next(outermost(properties, "heading"), None)
    return whole_number(attribute(heading, "level")) + 1 if attribute(heading, "type") == "OUTLINE" else 0
