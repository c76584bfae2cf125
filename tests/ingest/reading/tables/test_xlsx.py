"""Workbooks of Excel are read as they are shown, with comments, links, marks and what floats over the cells."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from ingest.reading.tables.xlsx import read_xlsx
from tests.ingest.documents import parse, refusal, saved, workbook

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def page_of(fill: Callable[[Worksheet], object]) -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    fill(sheet)
    (page,) = read_xlsx(saved(book))[1]
    return page.text.removeprefix("## Sheet\n\n")


def changed(data: bytes, **members: str) -> bytes:
    """The package with these members: `xl__workbook` is `xl/workbook.xml`."""
    target = io.BytesIO()
    new = {f"{name.replace('__', '/')}.xml": text for name, text in members.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as archive:
        for name in {*old.namelist(), *new}:
            archive.writestr(name, new.get(name) or old.read(name))
    return target.getvalue()


@pytest.mark.shows(
    "xlsx",
    "TRUE and FALSE, errors such as #DIV/0!, the results of formulas",
    "read",
    "a formula that was never calculated as itself: `=SUM(B2:B9)`",
)
def test_cells_show_what_they_hold() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["Item", "Value", "When"])
        sheet.append(["Growth", 0.0725, date(2026, 1, 5)])
        sheet.append(["Whole", True, "00731"])
        sheet.append(["Sum", "=SUM(B2:B3)", "12E5"])
        sheet.append(["Error", "#DIV/0!", 1234567890123456])
        sheet["B2"].number_format = "0.00 %"
        sheet["C2"].number_format = "d mmmm yyyy"

    assert page_of(fill).splitlines()[2:] == [
        "| Growth | 7.25 % | 5 January 2026 |",
        "| Whole | TRUE | 00731 |",
        "| Sum | =SUM(B2:B3) | 12E5 |",
        "| Error | #DIV/0! | 1234567890123456 |",
    ]


@pytest.mark.shows("xlsx", "links", "marked", "the address after the cell's text: `portal (https://example.org)`")
@pytest.mark.shows(
    "xlsx",
    "comments and notes, also threaded ones",
    "marked",
    "in the cell, so that the table stays whole: `C-1 [comment by Ana: It was dented]`",
)
def test_links_and_comments_are_kept_in_their_cells() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["Crate", "Page"])
        sheet.append(["C-1", "portal"])
        sheet.append(["C-2", "https://example.org/b"])
        sheet.append(["C-3", '=HYPERLINK("https://example.org/c","more")'])
        sheet["B2"].hyperlink = "https://example.org/a?x=1"
        sheet["B3"].hyperlink = "https://example.org/b"
        sheet["A2"].comment = Comment("Ana:\nIt was dented", "Ana")
        sheet["B5"].comment = Comment("Ask Imre", "")

    lines = page_of(fill).splitlines()
    assert lines[2] == "| C-1 [comment by Ana: It was dented] | portal (https://example.org/a?x=1) |"
    assert lines[3] == "| C-2 | https://example.org/b |"
    assert "https://example.org/c" in lines[4]
    assert lines[5] == "|  | [comment: Ask Imre] |"


@pytest.mark.shows("xlsx", "struck out words, superscripts and subscripts", "marked", "`~~900~~`, `m²`, `CO₂`")
def test_marks_of_type_are_written() -> None:
    def fill(sheet: Worksheet) -> None:
        up = InlineFont(vertAlign="superscript")
        sheet.append(["Gas", "Area"])
        sheet.append(
            [
                CellRichText("CO", TextBlock(InlineFont(vertAlign="subscript"), "2")),
                CellRichText("40 m", TextBlock(up, "2")),
            ]
        )
        sheet.append(["was 5", 900])
        sheet.append(["now", CellRichText("770", TextBlock(InlineFont(b=True), " 690"))])
        sheet["B3"].font = sheet["B4"].font = Font(strike=True)

    assert page_of(fill).splitlines()[2:] == ["| CO₂ | 40 m² |", "| was 5 | ~~900~~ |", "| now | ~~770~~ 690 |"]


@pytest.mark.shows("xlsx xls ods", "hidden sheets", "marked", "` (hidden)` after their name")
def test_hidden_sheets_rows_and_columns_say_so() -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Plan")
    for row in (["Item", "Cost"], ["Bolt", 3], ["Nut", 4]):
        sheet.append(row)
    sheet.sheet_state = "veryHidden"
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    (page,) = read_xlsx(saved(book))[1]
    assert (page.number, page.text.splitlines()[0]) == (2, "## Plan (hidden)")
    assert page.text.splitlines()[2:] == [
        "| Item | Cost (hidden) |", "| --- | --- |", "| Bolt | 3 |", "| Nut (hidden) | 4 |",
    ]  # fmt: skip


def test_merged_heads_are_those_of_each_column() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["Plan of the depots"])
        sheet.append(["Depot", 2025, None, 2026])
        sheet.append([None, "plan", "actual", "plan", "actual"])
        sheet.append(["Varna", 10, 11, 12, 13])
        for cells in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(cells)

    assert page_of(fill).split("\n\n") == [
        "Plan of the depots",
        "| Depot | 2025 plan | 2025 actual | 2026 plan | 2026 actual |\n| --- | --- | --- | --- | --- |\n"
        "| Varna | 10 | 11 | 12 | 13 |",
    ]


DRAWING = f"""{XML}<xdr:wsDr xmlns:xdr="urn:x" xmlns:a="urn:a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Sluice </a:t></a:r>
<a:r><a:t>gate</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:pic><xdr:nvPicPr><xdr:cNvPr descr="Map of the weir"/>
</xdr:nvPicPr></xdr:pic><xdr:pic><xdr:nvPicPr><xdr:cNvPr descr="Picture 1"/></xdr:nvPicPr></xdr:pic></xdr:wsDr>"""
RELATION = '<Relationship Id="d1" Type="http://x/relationships/{}" Target="../{}"/>'


@pytest.mark.shows("xlsx", "text boxes, diagrams, titles of charts", "read", "paragraphs after the cells")
@pytest.mark.shows("xlsx", "pictures with alternative text", "marked", "`[picture: Map of the weir]`")
@pytest.mark.shows(
    "xlsx", "printed headers and footers of sheets, data of charts, macros, conditional formats", "left out"
)
def test_what_floats_over_the_cells_follows_them() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Only words"])
    sheet.oddHeader.center.text = "Printed head"
    relations = f"<Relationships>{RELATION.format('drawing', 'drawings/drawing1.xml')}</Relationships>"
    data = io.BytesIO(saved(book))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("xl/drawings/drawing1.xml", DRAWING)
        archive.writestr("xl/worksheets/_rels/sheet1.xml.rels", relations)
    (page,) = read_xlsx(data.getvalue())[1]
    assert page.text == "## Sheet\n\nOnly words\n\nSluice gate\n\n[picture: Map of the weir]"


def test_the_title_is_that_of_the_properties() -> None:
    book = openpyxl.Workbook()
    book.properties.title = "Depot plan"
    book.active.append(["x"])
    assert parse("a.xlsx", saved(book)).title == "Depot plan"


def test_hostile_workbooks_are_refused_or_read_in_bounds() -> None:
    entity = changed(workbook(), xl__sharedStrings='<!DOCTYPE x [<!ENTITY e "boom">]><sst><si><t>&e;</t></si></sst>')
    assert "boom" not in "".join(page.text for page in parse("a.xlsx", entity).pages)
    sheet = f"""{XML}<worksheet><cols><col min="1" max="99999999" hidden="1"/></cols><sheetData><row r="1048576">
<c r="XFD1048576" t="str"><v>far</v></c></row></sheetData>
<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>"""
    far = changed(workbook(), xl__worksheets__sheet1=sheet)
    assert parse("a.xlsx", far).pages[0].text == "## Missions\n\nfar"
    broken = changed(workbook(), xl__worksheets__sheet1="<worksheet><sheetData><row>", xl__workbook="<workbook>")
    assert refusal("a.xlsx", broken)[0].startswith("damaged, or not what its name says")


def test_what_is_wrong_with_one_cell_spares_the_others() -> None:
    sheet = f"""{XML}<worksheet><cols><col min="x" max="9"/></cols><sheetData><row r="x">
<c r="A1" t="s"><v>999</v></c><c r="?" t="str"><v>found</v></c><c s="77"><v>5</v></c>
<c s="-1"><v>6</v></c></row></sheetData>
<mergeCells><mergeCell ref="?:?"/></mergeCells><hyperlinks><hyperlink ref="?"/></hyperlinks></worksheet>"""
    page = parse("a.xlsx", changed(workbook(), xl__worksheets__sheet1=sheet)).pages[0]
    assert page.text == "## Missions\n\n| found | 5 | 6 |\n| --- | --- | --- |"
