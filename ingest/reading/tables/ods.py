"""Reads spreadsheets of OpenDocument, each cell by the text that it shows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.reading.marks import Run, Style, mark_runs, picture_text
from ingest.reading.office_package import Element, Package, child, children, name_of, stream_xml, text_of
from ingest.reading.tables.sheets import Sheet, sheet_pages
from vectorstore.types import Page

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{_NS}{name}:1.0}}" for name in ("table", "office", "text", "style"))
_HREF = "{http://www.w3.org/1999/xlink}href"
_TITLE, _OBJECT = "{http://purl.org/dc/elements/1.1/}title", f"{_NS}drawing:1.0}}object"
_PARTS = ("{*}style", "{*}table-column", "{*}table-row", "{*}shapes", f"{_TABLE}table", _OBJECT)
_REPEATED, _ACROSS = (f"{_TABLE}number-columns-{what}" for what in ("repeated", "spanned"))
_DOWN = f"{_TABLE}number-rows-spanned"
_STYLE_NAME, _TYPE, _DATE = f"{_TABLE}style-name", f"{_OFFICE}value-type", f"{_OFFICE}date-value"
# The letters that repeated cells may fill, beside what is written: at first, more for each written cell, at most.
_FIRST_ROOM, _CELL_ROOM, _MOST_ROOM = 1_000_000, 1_200, 50_000_000
_CELL_MARKS = 3
_MOST_EQUAL_ROWS = 50
_MOST_COLUMNS = 16_384
_NUMERIC_DATE = re.compile(r"\d{1,4}([-./ ]\s?)\d{1,2}\1\d{1,4}\b")
_CELL_OF_FORMULA = re.compile(r"\[\.?([^\]]*)\]")


@dataclass(slots=True)
class _Book:
    title: str | None = None
    sheets: list[Sheet] = field(default_factory=list)
    styles: dict[str, Style] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # styles of sheets
    letters_left: int = _FIRST_ROOM
    more_letters: int = _MOST_ROOM


@dataclass(slots=True)
class _Cursor:
    """The sheet that is being read, and how far."""

    sheet: Sheet = field(default_factory=lambda: Sheet(""))
    row: int = 0
    column: int = 0  # of the descriptions of columns
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def read_ods(data: bytes) -> tuple[str | None, tuple[Page, ...]]:
    """The title and the sheets; raises what it meets where the file is damaged."""
    package = Package(data)
    book = _Book(title=package.title())
    if (styles := package.part("styles.xml")) is not None:
        for style in styles.iter("{*}style"):
            _read_style(book, style)
    return _read_book(book, package.stream("content.xml", _PARTS))


def read_fods(data: bytes) -> tuple[str | None, tuple[Page, ...]]:
    """A spreadsheet that is one XML file."""
    return _read_book(_Book(), stream_xml(data, (*_PARTS, _TITLE)))


def _read_book(book: _Book, elements: Iterable[Element]) -> tuple[str | None, tuple[Page, ...]]:
    cursor = _Cursor()
    for element in _outside_charts(elements):
        name = name_of(element)
        if name == "title":
            book.title = book.title or text_of(element).strip() or None
        elif name == "style":
            _read_style(book, element)
        elif name == "table-column":
            last = min(cursor.column + _count(element, _REPEATED), _MOST_COLUMNS)
            cursor.hidden_columns |= set(range(cursor.column, last)) if _is_hidden(element) else set()
            cursor.column = last
        elif name == "table-row":
            _read_row(book, cursor, element)
            element.clear()
        elif name == "shapes":
            cursor.sheet.shapes = list(_boxes(element))
        else:
            cursor = _end_sheet(book, cursor, element)
    return book.title, sheet_pages(book.sheets)


def _outside_charts(elements: Iterable[Element]) -> Iterator[Element]:
    """A chart holds a copy of the cells that it shows."""
    for element in elements:
        if element.tag == _OBJECT:
            element.clear()
        elif next(element.iterancestors(_OBJECT), None) is None:
            yield element


def _read_style(book: _Book, style: Element) -> None:
    name = style.get(f"{_STYLE}name", "")
    for properties in style:
        values = {str(key).rpartition("}")[2]: str(value) for key, value in properties.items()}
        if values.get("display") == "false":
            book.hidden.add(name)
        position = values.get("text-position", "")
        line = values.get("text-line-through-style", values.get("text-line-through-type"))
        if line == "none":
            book.styles[name] = ""
        elif line:
            book.styles[name] = "struck"
        if line in (None, "none") and (position.startswith(("super", "sub", "-")) or position[:1].isdigit()):
            is_low = position.startswith(("sub", "-"))
            book.styles[name] = "" if position.startswith("0") else "lowered" if is_low else "raised"


def _end_sheet(book: _Book, cursor: _Cursor, table: Element) -> _Cursor:
    """Keeps the sheet; the cursor of the next one. A table within a table, or a copy of another file's, is none."""
    if name_of(table.getparent()) != "spreadsheet":
        return cursor
    sheet = cursor.sheet
    sheet.name = table.get(f"{_TABLE}name", "")
    sheet.is_hidden = table.get(_STYLE_NAME, "") in book.hidden
    sheet.grid.merged, sheet.grid.hidden_rows = cursor.merged, cursor.hidden_rows
    sheet.grid.hidden_columns = cursor.hidden_columns
    book.sheets.append(sheet)
    return _Cursor()


def _is_hidden(element: Element) -> bool:
    return element.get(f"{_TABLE}visibility") in ("collapse", "filter")


def _read_row(book: _Book, cursor: _Cursor, row: Element) -> None:
    times, column = _count(row, f"{_TABLE}number-rows-repeated"), 0
    granted = min(_CELL_ROOM * (1 + len(row)), book.more_letters)
    book.letters_left, book.more_letters = book.letters_left + granted, book.more_letters - granted
    cells: dict[int, str] = {}
    notes: list[tuple[int, Element]] = []
    for cell in row:
        width = _count(cell, _REPEATED)
        if name_of(cell) == "table-cell" and (len(cell) or cell.get(_TYPE)):
            text = _cell(book, cell)
            taken = min(width, 1 + book.letters_left // (len(text) + _CELL_MARKS), _MOST_COLUMNS) if text else 0
            cells |= dict.fromkeys(range(column, column + taken), text)
            book.letters_left -= max(taken - 1, 0) * (len(text) + _CELL_MARKS)
            if len(cell) != 1 or len(cell[0]):
                notes.append((column, cell))
            if cell.get(_ACROSS) is not None:
                bottom, right = cursor.row + _count(cell, _DOWN) - 1, column + _count(cell, _ACROSS) - 1
                cursor.merged.append((cursor.row, column, bottom, right))
        column += width
    letters = sum(map(len, cells.values())) + _CELL_MARKS * len(cells)
    copies = min(times, _MOST_EQUAL_ROWS, 1 + book.letters_left // letters) if cells else 0
    for number in range(cursor.row, cursor.row + copies):
        cursor.sheet.grid.rows[number] = dict(cells)
        cursor.hidden_rows.update([number] if _is_hidden(row) else [])
    book.letters_left -= letters * max(copies - 1, 0)
    for column, cell in notes:
        _add_notes(cursor, column, cell)
    cursor.row += copies or times


def _count(element: Element, name: str) -> int:
    text = element.get(name, "1")
    return max(int(text), 1) if text.isdecimal() else 1


def _cell(book: _Book, cell: Element) -> str:
    style = book.styles.get(cell.get(_STYLE_NAME, ""), "")
    is_plain = len(cell) == 1 and not len(cell[0]) and not style
    paragraphs = list(cell) if is_plain else children(cell, "p")
    if is_plain:
        text = paragraphs[0].text or ""
    elif paragraphs:
        text = " ".join("".join(mark_runs(list(_runs(book, p, style)))).strip() for p in paragraphs)
    else:
        text = _value(cell)
    if (day := cell.get(_DATE)) is not None:
        return _NUMERIC_DATE.sub(day[:10], text, count=1)
    return text


def _value(cell: Element) -> str:
    """Of a cell whose text was not written."""
    values = (cell.get(f"{_OFFICE}{name}value") for name in ("string-", "date-", "time-", "boolean-", ""))
    value = next((str(value) for value in values if value), "")
    formula = _CELL_OF_FORMULA.sub(r"\1", cell.get(f"{_TABLE}formula", "").removeprefix("of:")).replace(":.", ":")
    return value.upper() if cell.get(f"{_OFFICE}boolean-value") else value or formula


def _runs(book: _Book, element: Element, style: Style) -> Iterator[Run]:
    yield element.text or "", style
    for part in element:
        name = name_of(part)
        if name == "s":
            yield " " * min(int(part.get(f"{_TEXT}c", "1")), 100), style
        elif name in ("tab", "line-break"):
            yield " ", style
        elif name in ("span", "a"):
            yield from _runs(book, part, book.styles.get(part.get(f"{_TEXT}style-name", ""), style))
        yield part.tail or "", style


def _add_notes(cursor: _Cursor, column: int, cell: Element) -> None:
    for link in cell.iter(f"{_TEXT}a"):
        address = link.get(_HREF, "")
        if not address.startswith("#"):
            cursor.sheet.link(cursor.row, column, address)
    for note in children(cell, "annotation"):
        text = "\n".join(text_of(p) for p in note.iter(f"{_TEXT}p"))
        cursor.sheet.comment(cursor.row, column, text_of(child(note, "creator")), text)


def _boxes(shapes: Element) -> Iterator[str]:
    """Text boxes, and the descriptions of pictures."""
    for frame in children(shapes):
        lines = (text_of(p).strip() for p in frame.iter(f"{_TEXT}p"))
        yield "\n\n".join(line for line in lines if line)
        yield picture_text(text_of(child(frame, "desc")))
