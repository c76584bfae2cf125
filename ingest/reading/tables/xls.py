"""Reads workbooks of Excel before 2007, each cell as it is shown."""

import io
from typing import Any

import olefile

from ingest.reading.marks import Run, Style, mark_runs
from ingest.reading.tables.grids import Grid
from ingest.reading.tables.number_formats import show_general, show_number, show_text
from ingest.reading.tables.sheets import Sheet, sheet_pages
from vectorstore.types import Page

_ESCAPEMENTS: dict[int, Style] = {1: "raised", 2: "lowered"}


def read_xls(data: bytes) -> tuple[str | None, tuple[Page, ...]]:
    """The title and the sheets."""
    import xlrd  # seldom needed

    book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
    return _title(data), sheet_pages(_read_sheet(book, sheet) for sheet in book.sheets())


def _title(data: bytes) -> str | None:
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        known = file.get_metadata()
    encoding = f"cp{known.codepage}" if known.codepage and 0 < known.codepage < 60_000 else "utf-8"
    try:
        return (known.title or b"").decode(encoding).strip() or None
    except (UnicodeDecodeError, LookupError):
        return None


def _read_sheet(book: Any, source: Any) -> Sheet:
    rows = {number: _read_row(book, source, number) for number in range(source.nrows)}
    merged = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in source.merged_cells]
    hidden_rows = {number for number, row in source.rowinfo_map.items() if row.hidden}
    hidden_columns = {number for number, column in source.colinfo_map.items() if column.hidden}
    sheet = Sheet(source.name, source.visibility != 0, Grid(rows, merged, hidden_rows, hidden_columns))
    for link in source.hyperlink_list:
        if link.url_or_path and link.type == "url":
            address = link.url_or_path
            sheet.link(
                link.frowx, link.fcolx, address if isinstance(address, str) else address.decode("utf-8", "replace")
            )
    for (row, column), note in source.cell_note_map.items():
        sheet.comment(row, column, note.author or "", note.text or "")
    return sheet


def _read_row(book: Any, sheet: Any, number: int) -> dict[int, str]:
    cells = {}
    for column in range(sheet.row_len(number)):
        kind, value = sheet.cell_type(number, column), sheet.cell_value(number, column)
        if kind in (0, 6):  # empty, or with a format alone
            continue
        style = book.xf_list[sheet.cell_xf_index(number, column)]
        code = book.format_map[style.format_key].format_str if style.format_key in book.format_map else "General"
        changes = sheet.rich_text_runlist_map.get((number, column), ())
        text = show_text(value, code) if kind == 1 else _show(kind, value, code, from_1904=book.datemode == 1)
        own: Style = "struck" if book.font_list[style.font_index].struck_out else ""
        cells[column] = show_text(_text(book, changes, value, own), code) if changes else _text(book, (), text, own)
    return cells


def _show(kind: int, value: Any, code: str, *, from_1904: bool) -> str:
    from xlrd.biffh import error_text_from_code

    if kind == 4:
        return "TRUE" if value else "FALSE"
    if kind == 5:
        return str(error_text_from_code.get(value, "#N/A"))
    return show_general(value) if code.lower() == "general" else show_number(value, code, from_1904=from_1904)


def _text(book: Any, changes: Any, text: str, own: Style) -> str:
    """`changes` are the places where another font begins; what is before them is set as its cell is."""
    runs: list[Run] = [(text[: changes[0][0]] if changes else text, own)]
    for place, (start, font) in enumerate(changes):
        end = changes[place + 1][0] if place + 1 < len(changes) else len(text)
        shown = book.font_list[font]
        style: Style = "struck" if shown.struck_out else _ESCAPEMENTS.get(shown.escapement, "")
        runs.append((text[start:end], style))
    return "".join(mark_runs(runs))
