"""Spreadsheets of OpenDocument are read by the text that their cells show."""

import io
import zipfile

import pytest

from tests.ingest.documents import parse

NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("draw", "drawing"),
    )
)
STYLES = """<office:automatic-styles><style:style style:name="gone">
<style:table-properties display="false"/></style:style>
<style:style style:name="up"><style:text-properties text-position="super 58%"/></style:style>
<style:style style:name="out"><style:text-properties text-line-through-style="solid"/></style:style>
<style:style style:name="kept"><style:text-properties text-line-through-style="none"/></style:style>
</office:automatic-styles>"""

CHART = """<draw:frame><draw:object><office:document><dc:title>Chart</dc:title><table:table><table:table-row>
<table:table-cell office:value-type="string"><text:p>copy</text:p></table:table-cell></table:table-row></table:table>
</office:document></draw:object></draw:frame>"""


def sheet(rows: str, name: str = "Plan", **attributes: str) -> str:
    more = "".join(f' table:{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<table:table table:name="{name}"{more}>{rows}</table:table>'


def ods(*sheets: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content {NAMESPACES} xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">{STYLES}<office:body><office:spreadsheet>{"".join(sheets)}'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return target.getvalue()


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(text: str, attributes: str = 'office:value-type="string"', notes: str = "") -> str:
    return f"<table:table-cell {attributes}>{notes}<text:p>{text}</text:p></table:table-cell>"


@pytest.mark.shows(
    "ods fods",
    "percent, currencies, units, times, errors, results of formulas",
    "read",
    "as the cell shows them; dates in digits as `2026-01-05`",
)
@pytest.mark.shows(
    "ods fods",
    "links, comments",
    "marked",
    "in the cell: `portal (https://example.org)`, `C-1 [comment by Ana: It was dented]`",
)
@pytest.mark.shows("ods fods", "struck out words, superscripts and subscripts", "marked", "`~~900~~`, `m²`")
def test_cells_show_their_text_their_links_and_comments() -> None:
    comment = "<office:annotation><dc:creator>Ana</dc:creator><text:p>It was dented</text:p></office:annotation>"
    text = parse("a.ods", ods(sheet(
        row(cell("Item"), cell("Value"), cell("When"))
        + row(cell("C-1", notes=comment), cell("7.25%", 'office:value-type="percentage" office:value="0.0725"'),
              cell("05/01/2026 14:30", 'office:value-type="date" office:date-value="2026-01-05T14:30:00"'))
        + row(cell('<text:a xlink:href="https://example.org/a">portal</text:a>'), cell("€ 11.50"),
              cell("5. Januar 2026", 'office:value-type="date" office:date-value="2026-01-05"'))
        + row(cell('40<text:s text:c="2"/>m<text:span text:style-name="up">2</text:span>'),
              cell("900", 'office:value-type="float" table:style-name="out"'), cell("#DIV/0!"))
        + row(cell('770<text:span text:style-name="kept"> 690</text:span>', 'table:style-name="out"'))
        + row(cell("Sum"), '<table:table-cell table:formula="of:=SUM([.B2:.B9])" office:value-type="float"/>',
              '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>')
    ))).pages[0].text  # fmt: skip
    assert [
        line for line in text.splitlines() if line.startswith("| ") and "---" not in line and "Item" not in line
    ] == [
        "| C-1 [comment by Ana: It was dented] | 7.25% | 2026-01-05 14:30 |",
        "| portal (https://example.org/a) | € 11.50 | 5. Januar 2026 |",
        "| 40 m² | ~~900~~ | #DIV/0! |",
        "| ~~770~~ 690 |  |  |",
        "| Sum | =SUM(B2:B9) | TRUE |",
    ]


@pytest.mark.shows(
    "ods fods", "text boxes, pictures with alternative text", "read", "paragraphs after the cells, `[picture: A map]`"
)
@pytest.mark.shows("ods fods", "charts, macros, printed headers and footers of sheets", "left out")
def test_sheets_repeated_cells_merged_heads_and_what_is_hidden() -> None:
    merged = 'office:value-type="string" table:number-columns-spanned="2" table:number-rows-spanned="1"'
    shapes = "<table:shapes><draw:frame><draw:desc>A map</draw:desc></draw:frame>"
    shapes += "<draw:frame><draw:text-box><text:p>Sluice gate</text:p></draw:text-box></draw:frame></table:shapes>"
    columns = '<table:table-column/><table:table-column table:number-columns-repeated="2" table:visibility="collapse"/>'
    covered = "<table:covered-table-cell/>"
    first = sheet(
        columns + shapes
        + row(cell("Depot"), cell("2025", merged), covered, '<table:table-cell table:number-columns-repeated="16000"/>')
        + row(cell(""), cell("plan"), cell("actual"))
        + row(cell("Varna"), cell("10", 'office:value-type="float" table:number-columns-repeated="2"'),
              attributes='table:number-rows-repeated="2" table:visibility="filter"')
        + row(cell("", ""), attributes='table:number-rows-repeated="1048000"')
    )  # fmt: skip
    pages = parse(
        "a.ods", ods(first, sheet("", "Empty"), sheet(row(cell("880 crates")), "Secret", style_name="gone"))
    ).pages
    with zipfile.ZipFile(io.BytesIO(ods(first.replace("</table:shapes>", CHART + "</table:shapes>")))) as archive:
        flat = archive.read("content.xml").decode().replace("office:document-content", "office:document")
    read = parse("a.fods", flat.replace("<office:auto", "<dc:title>Depots</dc:title><office:auto", 1))
    assert (read.title, read.kind, read.pages) == ("Depots", "fods", pages[:1])
    assert pages[0].text.splitlines() == [
        "## Plan", "", "| Depot | 2025 plan (hidden) | 2025 actual (hidden) |", "| --- | --- | --- |",
        "| Varna (hidden) | 10 | 10 |", "| Varna (hidden) | 10 | 10 |", "", "[picture: A map]", "", "Sluice gate",
    ]  # fmt: skip
    assert (pages[1].number, pages[1].text) == (3, "## Secret (hidden)\n\n880 crates")


def test_cells_repeated_without_end_are_read_in_bounds() -> None:
    endless = 'office:value-type="float" table:number-columns-repeated="2000000000"'
    pages = parse("a.ods", ods(sheet(row(cell("1", endless), attributes='table:number-rows-repeated="2"')))).pages
    assert pages[0].text.count("| 1 ") < 40_000
    rows, columns = (f'table:number-{what}-repeated="1000000000"' for what in ("rows", "columns"))
    for text in ("x", "abc " * 500):
        endless = row(cell(text, f'office:value-type="string" {columns}'), attributes=rows) + row(cell("The last"))
        pages = parse("a.ods", ods(sheet(endless))).pages
        assert len(pages[0].text) < 4_000_000
        assert "The last" in pages[0].text
    assert parse("a.ods", ods(sheet(row(cell("Oak"), attributes=rows)))).pages[0].text.count("Oak") == 50
    odd = cell("Oak", 'table:number-columns-repeated="abc" table:number-columns-spanned="-3"')
    assert parse("a.ods", ods(sheet(row(odd)))).pages[0].text.endswith("Oak")
