"""Tables of web pages become Markdown tables whose columns read whole; those that lay out a page do not."""

import pytest

from tests.ingest.documents import text_of

TWO_HEADS = """<table><caption>Output by site</caption><tr><th rowspan=2>Site</th><th colspan=2>Output</th></tr>
<tr><th>2024</th><th>2025</th></tr><tr><td rowspan=2>Lund</td><td>511</td><td>622</td></tr><tr><td>7</td><td>8</td></tr>
</table>"""


@pytest.mark.shows("html epub", "merged heads and cells of tables", "marked", "repeated: `Output 2024`, `Output 2025`")
def test_merged_cells_are_repeated_so_that_rows_and_columns_read_whole() -> None:
    assert text_of("a.html", TWO_HEADS) == (
        "Output by site\n\n| Site | Output 2024 | Output 2025 |\n| --- | --- | --- |\n"
        "| Lund | 511 | 622 |\n| Lund | 7 | 8 |"
    )


@pytest.mark.shows("html epub", "heads of several rows that are cells of values, as LibreOffice writes", "marked")
def test_a_head_of_values_is_joined() -> None:
    head = "<tr><td rowspan=2><p>Site</p><td colspan=2><p>2024<td colspan=2><p>2025<tr>" + "<td>plan<td>actual" * 2
    row = "<tr><td>Lund<td>511<td>622<td>7<td>8"
    assert text_of("a.html", f"<table>{head}{row}{row}</table>").splitlines() == [
        "| Site | 2024 plan | 2024 actual | 2025 plan | 2025 actual |",
        "| --- | --- | --- | --- | --- |",
        *["| Lund | 511 | 622 | 7 | 8 |"] * 2,
    ]


@pytest.mark.shows("html epub", "tables within tables", "read", "after the outer one, with rows of their own")
def test_a_table_within_a_table_has_rows_of_its_own() -> None:
    inner = "<table><tr><td>Bearing</td><td>type 6204</td></tr></table>"
    row = f"<table><tr><td>Outer cell{inner}</td><td>Right cell</td></tr></table>"
    assert text_of("a.html", row) == "Outer cell\n\n| Bearing | type 6204 |\n| --- | --- |\n\nRight cell"
    grid = f"<table><tr><th>Part</th><th>Data</th></tr><tr><td>Pump {inner}</td><td>QF</td></tr></table>"
    assert text_of("a.html", grid) == (
        "| Part | Data |\n| --- | --- |\n| Pump | QF |\n\n| Bearing | type 6204 |\n| --- | --- |"
    )


@pytest.mark.parametrize("row", ["<tr>" + "<td colspan=500 rowspan=9999>x" * 400, "<tr><td rowspan=9999>x" * 3_000])
def test_a_table_that_spans_millions_of_cells_is_read_as_lines(row: str) -> None:
    text = text_of("a.html", f"<table>{row}{'<tr><td>y' * 9_000}</table>")
    assert len(text) < 100_000
    assert text.endswith("y\n\ny")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><th>Born<td>1950<tr><th>Died<td>2011", "|  |  |\n| --- | --- |\n| Born | 1950 |\n| Died | 2011 |"),
        ("<tr><td>a|b<td><tr><td>c<td>", "| a\\|b |\n| --- |\n| c |"),
        ("<tr><th colspan=2>Plan of 2025<tr><th>Name<th>Sum<tr><td>x<td>1",
         "Plan of 2025\n\n| Name | Sum |\n| --- | --- |\n| x | 1 |"),
        ("<thead><tr><td>Name<td>Sum<tbody><tr><td>x<td>1<tr><td colspan=2>end",
         "| Name | Sum |\n| --- | --- |\n| x | 1 |\n| end |  |"),
        ("</table><tr><td>one<td>two</tr>three", "one\n\ntwo\n\nthree"),
        ("<tr><td><h2>News</h2><p>One.<td><p>Two.", "## News\n\nOne.\n\nTwo."),
        ("<tr><td>All in one column.<tr><td>More.", "All in one column.\n\nMore."),
        ("<tr><th>K<th>V<tr><td>k<td><ul><li>one<li>two</ul>", "| K | V |\n| --- | --- |\n| k | one; two |"),
        ("<tr><th>K<tr><td><p>one<p>two<br>x<pre>a  b</pre>", "| K |\n| --- |\n| one two x a b |"),
        ("<tr><th>K<th>V<tr><td rowspan=99999>k<td colspan=99999>v<tr><td>w",
         "| K | V |\n| --- | --- |\n| k | v |\n| k | w |"),
    ],
)  # fmt: skip
def test_tables_are_read_by_their_shape(table: str, text: str) -> None:
    assert text_of("a.html", f"<table>{table}</table>") == text
