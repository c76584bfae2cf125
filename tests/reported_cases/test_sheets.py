"""Tables and workbooks that were read without their heads, units, comments and links."""

from pathlib import Path

import pytest

from ingest.reading.parsing import parse_document


def text_of(path: Path) -> str:
    return "\n\n".join(page.text for page in parse_document(path, path.read_bytes()).pages)


def test_the_line_that_names_the_separator_is_no_row(cases: Path) -> None:
    assert text_of(cases / "csv-preamble" / "sepline.csv") == (
        "| Item | Stock |\n| --- | --- |\n| Hinge, steel | 412 |\n| Latch, brass | 97 |"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bom.csv", "| Name, first | Age | City |\n| --- | --- | --- |\n| Doe, Jana | 30 | Lviv |"),
        ("koi8.csv", "| Город | Население |\n| --- | --- |\n| Тула | 468825 |"),
        ("multiline.csv", '| 88 | First line second line, with "quotes" | Elif |\n| 89 | short | Gwen |'),
        ("pipes.csv", "| V-1 | 35 | Ana; Bo |\n| V-2 | 48 | Cy, Di |"),
        ("ragged.csv", "Report of the lab\n\n| sample | result |  |\n| --- | --- | --- |\n| A | 12 |  |\n"),
        ("ragged.csv", "| B | 13 | extra note |\n| C |  |  |"),
        (
            "semicolon1252.csv",
            "| Straße | Größe in m² | Preis |\n| --- | --- | --- |\n| Mühlgasse 4 | 81,5 | 1.250,00 € |",
        ),
        ("single.csv", "| email |\n| --- |\n| jo@example.org |"),
        ("sjis.csv", "| 都市 | 人口 |\n| --- | --- |\n| 奈良 | 354630 |"),
        ("tabs.tsv", "| City | Inhabitants |\n| --- | --- |\n| Nuuk | 19872 |"),
        ("utf16.csv", "| Station | Reading |\n| --- | --- |\n| Köln | 17,3 |"),
    ],
)
def test_delimited_text_is_read_whatever_it_was_written_by(cases: Path, name: str, text: str) -> None:
    assert text in text_of(cases / "csv-kinds" / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("budget1904.xlsx", "| Depot | 2025 plan | 2025 actual | 2026 plan | 2026 actual |\n| --- |"),
        ("budget1904.xlsx", "| Varna | 10 | 11 | 12 | 13 |"),
        ("budget1904.xlsx", "| Opened | 2026-03-14 |"),
        ("budget1904.xlsx", "| Growth | 7.25% |"),
        ("budget1904.xlsx", "| Rent | $2,500 |"),
        ("budget1904.xlsx", "| Broken | #DIV/0! |"),
        ("shipments.xlsx", "| C-1 [comment by x: Crate was dented, says Imre] | NA | NULL | TRUE | 12 | 2026-01-05 |"),
        ("shipments.xlsx", "| 12.5% | 1,234.50 EUR | 00731 | 1234567890123456 | 30:15 |"),
        ("shipments.xlsx", "| FALSE | 7 | 2026-02-09 14:30:00 | 100.0% | 99.00 EUR | 12E5 |"),
        ("shipments.xlsx", "| Total | =SUM(E2:E4) |"),
        ("shipments.xlsx", "| Link | portal (https://example.org/crates/77) |"),
        ("shipments.xlsx", "## Hidden plan (hidden)\n\nReserve is 880 crates"),
    ],
)
def test_a_workbook_says_what_its_cells_show(cases: Path, name: str, text: str) -> None:
    assert text in text_of(cases / "xlsx-values" / name)
