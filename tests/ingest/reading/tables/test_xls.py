"""Workbooks of Excel before 2007 are read as they are shown."""

from pathlib import Path

import pytest

from tests.ingest.documents import parse

BOOK = Path(__file__).parents[3] / "data" / "depots.xls"


@pytest.mark.shows(
    "xls",
    "percent, currencies, units, dates and times of number formats, errors, merged cells",
    "read",
    "as the cell shows them; dates in digits as `2026-01-05`",
)
@pytest.mark.shows(
    "xls", "links, comments, hidden sheets, rows and columns, struck out words, superscripts", "marked", "as in xlsx"
)
@pytest.mark.shows("xls", "text boxes, charts, alternative texts of pictures", "left out")
@pytest.mark.shows(
    "xlsb",
    "number formats, comments, links, hidden rows and columns, text boxes",
    "left out",
    "numbers and dates come as they are stored: save it as xlsx",
)
def test_an_old_workbook_says_what_its_cells_show() -> None:
    first, last = parse("depots.xls", BOOK.read_bytes()).pages
    assert first.text.split("\n") == [
        "## Plan",
        "",
        "Plan of the depots",
        "",
        head := "| Depot | 2025 plan | 2025 actual | 2026 plan | 2026 actual (hidden) | When | Note |",
        rule := "| --- | --- | --- | --- | --- | --- | --- |",
        "| Varna [comment: Crate was dented] | 7.25% | € 11.50 | 1,234.50 EUR | 13 | 2026-01-05 | 40 m² big |",
        "| Burgas | 0.5 | TRUE | 99 | 0.5725 | 2026-02-09 14:30 | portal (https://example.org/a) |",
        "",
        head,
        rule,
        "| Hidden row (hidden) | 1 | 2 | 3 | #DIV/0! | 6:45:00 | ~~struck~~ |",
    ]
    assert (last.number, last.text) == (2, "## Secret (hidden)\n\nReserve is 880 crates")
