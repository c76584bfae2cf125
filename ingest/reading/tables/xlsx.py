"""Reads workbooks of Excel, each cell as it is shown: number formats, merged cells, comments, links."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ingest.reading.marks import Style, mark_runs, picture_text
from ingest.reading.office_package import Element, Package, child, children, name_of, text_of, whole_number
from ingest.reading.tables.number_formats import BUILT_IN, show_general, show_number, show_text
from ingest.reading.tables.sheets import Sheet, sheet_pages
from vectorstore.types import Page

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_HYPERLINK = re.compile(r"""\bHYPERLINK\(\s*"([^"]+)\"""", re.IGNORECASE)
_NO_DESCRIPTION = re.compile(r"(?:picture|image|grafik|bild)\s*\d*", re.IGNORECASE)
_RAISED: dict[str, Style] = {"superscript": "raised", "subscript": "lowered"}

# A string of one font, or its runs; one without a style has that of its cell.
_Text = str | list[tuple[str, Style | None]]
_T = TypeVar("_T")


@dataclass(slots=True)
class _Book:
    package: Package
    from_1904: bool
    strings: Sequence["_Text"] = ()
    formats: Sequence[str] = ("General",)  # of each style of cells
    struck: frozenset[str] = frozenset()  # styles
    people: dict[str, str] = field(default_factory=dict)


def read_xlsx(data: bytes) -> tuple[str | None, tuple[Page, ...]]:
    """The title and the sheets; raises what it meets where the file is damaged."""
    package = Package(data)
    name = next(iter(package.related_names("", "officeDocument")), "xl/workbook.xml")
    workbook = package.part(name)
    targets = package.related(name)
    if workbook is None or not targets:
        raise ValueError("no workbook in it")
    properties = child(workbook, "workbookPr")
    book = _Book(package, properties is not None and _is_true(properties.get("date1904")))
    for kind, path in targets.values():
        if kind == "sharedStrings":
            book.strings = [_rich_text(item) for item in package.stream(path, ("{*}si",))]
        elif kind == "styles":
            book.formats, book.struck = _styles(package.part(path))
        elif kind == "person":
            book.people = {p.get("id", ""): p.get("displayName", "") for p in children(package.part(path), "person")}
    sheets = []
    for entry in children(child(workbook, "sheets"), "sheet"):
        kind, path = targets.get(_relation(entry), ("", ""))
        sheet = Sheet(entry.get("name", ""), entry.get("state", "visible") != "visible")
        if kind == "worksheet":
            _read_sheet(book, path, sheet)
        sheets.append(sheet)
    return package.title(), sheet_pages(sheets)


def _styles(part: Element | None) -> tuple[list[str], frozenset[str]]:
    codes = {str(number): code for number, code in BUILT_IN.items()}
    for entry in children(child(part, "numFmts"), "numFmt"):
        codes.setdefault(entry.get("numFmtId", "0"), entry.get("formatCode", "General"))
    fonts = [_is_on(child(font, "strike")) for font in children(child(part, "fonts"), "font")]
    styles = children(child(part, "cellXfs"), "xf")
    formats = [codes.get(style.get("numFmtId", "0"), "General") for style in styles]
    used = [_at(fonts, style.get("fontId", "0"), default=False) for style in styles]
    return formats, frozenset(str(place) for place, is_struck in enumerate(used) if is_struck)


def _at(values: Sequence[_T], place: str, default: _T) -> _T:
    """What is referred to by its place, as far as it is there."""
    known = place.isdecimal() and len(place) < 9 and int(place) < len(values)
    return values[int(place)] if known else default


def _is_on(element: Element | None) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")


def _rich_text(element: Element) -> _Text:
    """The text of a string, without its readings for Japanese."""
    runs: list[tuple[str, Style | None]] = []
    for part in element:
        if name_of(part) == "t":
            runs.append((part.text or "", None))
        elif name_of(part) == "r":
            properties = child(part, "rPr")
            raised = child(properties, "vertAlign")
            style: Style = "struck" if _is_on(child(properties, "strike")) else ""
            style = style or _RAISED.get(raised.get("val", "") if raised is not None else "", "")
            runs += [(text.text or "", None if properties is None else style) for text in children(part, "t")]
    return "".join(text for text, _ in runs) if all(style is None for _, style in runs) else runs


def _mark(text: _Text, of_cell: Style = "") -> str:
    if isinstance(text, str):
        return text if not of_cell else "".join(mark_runs([(text, of_cell)]))
    return "".join(mark_runs([(words, of_cell if style is None else style) for words, style in text]))


def _read_sheet(book: _Book, path: str, sheet: Sheet) -> None:
    addresses = book.package.addresses(path)
    grid = sheet.grid
    merged: list[tuple[int, int, int, int]] = []
    hidden: tuple[set[int], set[int]] = set(), set()
    grid.merged, grid.hidden_rows, grid.hidden_columns = merged, *hidden
    links: list[tuple[str, str]] = []
    number = 0
    for element in book.package.stream(path, ("{*}row", "{*}col", "{*}mergeCell", "{*}hyperlink")):
        name, is_hidden = name_of(element), _is_true(element.get("hidden"))
        if name == "row":
            written = element.get("r", "")
            number = int(written) if written.isdecimal() and len(written) < 8 else number + 1
            grid.rows[number - 1] = _read_row(book, element, links)
            hidden[0].update([number - 1] if is_hidden else [])
        elif name == "col":
            first, last = (whole_number(element.get(name, "1"), 1) for name in ("min", "max"))
            hidden[1].update(range(first - 1, last) if is_hidden else [])
        elif name == "mergeCell":
            first, _, last = element.get("ref", "").partition(":")
            reach = (*_place(first), *_place(last or first))
            merged += [reach] if min(reach) >= 0 else []
        else:
            links.append((element.get("ref", ""), addresses.get(_relation(element), "")))
        element.clear()
    for reference, address in links:
        sheet.link(*_place(reference.partition(":")[0]), address)
    _add_comments(book, path, sheet)
    sheet.shapes = list(_shapes(book.package, path))


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")


def _relation(element: Element) -> str:
    return next((str(value) for key, value in element.items() if str(key).endswith("}id")), "")


def _place(reference: str) -> tuple[int, int]:
    """Row and column from 0 of `B3`; both -1 for what is no cell."""
    found = _REFERENCE.fullmatch(reference)
    return (int(found[2]) - 1, _column(found[1])) if found else (-1, -1)


def _column(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def _read_row(book: _Book, row: Element, links: list[tuple[str, str]]) -> dict[int, str]:
    cells: dict[int, str] = {}
    column = -1
    for cell in row:
        reference = cell.get("r", "")
        found = _REFERENCE.fullmatch(reference)
        column = _column(found[1]) if found else column + 1
        parts = {name_of(part): part for part in cell}
        formula = text_of(parts.get("f"))
        written = _rich_text(parts["is"]) if "is" in parts else _value(book, cell, text_of(parts.get("v")))
        # A formula that no program has calculated yet is shown itself.
        written = written or (f"={formula}" if formula else "")
        text = _mark(written, "struck" if cell.get("s", "0") in book.struck else "")
        if text.strip():
            cells[column] = text
        if "HYPERLINK" in formula and (link := _HYPERLINK.search(formula)):
            links.append((reference, link[1]))
    return cells


def _value(book: _Book, cell: Element, value: str) -> _Text:
    kind = cell.get("t", "n")
    code = _at(book.formats, cell.get("s", "0"), "General")
    if not value or kind == "e":
        return value
    if kind == "b":
        return "TRUE" if _is_true(value) else "FALSE"
    if kind == "n":
        return _number(value, code, book)
    text = _at(book.strings, value, "") if kind == "s" else value
    return show_text(text, code) if isinstance(text, str) else text


def _number(value: str, code: str, book: _Book) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    if code == "General":
        return value if value.isdecimal() else show_general(number)
    return show_number(number, code, from_1904=book.from_1904)


def _add_comments(book: _Book, path: str, sheet: Sheet) -> None:
    threaded: set[str] = set()
    for _, part in book.package.related_parts(path, "threadedComment"):
        for entry in children(part, "threadedComment"):
            threaded.add(entry.get("ref", ""))
            author = book.people.get(entry.get("personId", ""), "")
            sheet.comment(*_place(entry.get("ref", "")), author, text_of(child(entry, "text")))
    for _, part in book.package.related_parts(path, "comments"):
        authors = [text_of(author) for author in children(child(part, "authors"), "author")]
        for entry in children(child(part, "commentList"), "comment"):
            text, reference = child(entry, "text"), entry.get("ref", "")
            if text is not None and reference not in threaded:
                author = _at(authors, entry.get("authorId", "0"), "")
                sheet.comment(*_place(reference), author, _mark(_rich_text(text)))


def _shapes(package: Package, path: str) -> Iterator[str]:
    """Text boxes and diagrams, the titles of charts, pictures with alternative text."""
    for drawing, part in package.related_parts(path, "drawing"):
        for element in part.iter("{*}txBody", "{*}pic"):
            if name_of(element) == "txBody":
                yield _paragraphs(element)
            else:
                described = next((one.get("descr", "") for one in element.iter("{*}cNvPr")), "").strip()
                yield "" if _NO_DESCRIPTION.fullmatch(described) else picture_text(described)
        yield from (_paragraphs(diagram) for _, diagram in package.related_parts(drawing, "diagramData"))
        for _, chart in package.related_parts(drawing, "chart"):
            yield from map(_paragraphs, children(child(chart, "chart"), "title"))


def _paragraphs(element: Element) -> str:
    lines = ("".join(text.text or "" for text in p.iter("{*}t")) for p in element.iter("{*}p"))
    return "\n\n".join(line.strip() for line in lines if line.strip())
