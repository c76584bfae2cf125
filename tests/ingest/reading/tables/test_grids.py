"""Cells become tables whose columns read whole: heads of several rows joined, repeated where a table is long."""

import pytest

from ingest.reading.tables.grids import Grid, markdown_table, render_grid


def grid(text: str, **marks: object) -> Grid:
    """`a | b` lines as a grid; a field that is empty is no cell."""
    rows = {
        number: {column: field.strip() for column, field in enumerate(line.split("|")) if field.strip()}
        for number, line in enumerate(text.strip("\n").split("\n"))
    }
    return Grid(rows, **marks)  # type: ignore[arg-type]


def lines(grid: Grid) -> list[str]:
    return [line.strip("| ") for line in render_grid(grid).splitlines() if not line.startswith("| ---")]


@pytest.mark.shows(
    "xlsx xls ods csv tsv", "heads of two rows", "read", "joined: `2025 plan`; also a row of units: `Weight [kg]`"
)
def test_heads_of_several_rows_are_joined() -> None:
    merged = grid("Depot | 2025 | | 2026 |\n | plan | actual | plan | actual\nVarna | 10 | 11 | 12 | 13",
                  merged=[(0, 1, 0, 2), (0, 3, 0, 4), (0, 0, 1, 0)])  # fmt: skip
    whole = ["Depot | 2025 plan | 2025 actual | 2026 plan | 2026 actual", "Varna | 10 | 11 | 12 | 13"]
    assert lines(merged) == whole
    assert lines(grid("Depot | 2025 | | 2026 |\n | plan | actual | plan | actual\nVarna | 10 | 11 | 12 | 13")) == whole
    assert lines(grid("Part | Weight | Length\n | [kg] | mm\nBolt | 0.2 | 30"))[0] == "Part | Weight [kg] | Length mm"
    assert lines(grid("Item | Note | Stock\nBolt | | 3\nNut | new | 4"))[0] == "Item | Note | Stock"
    assert lines(grid("A | B\nx | n/a\ny | 3"))[1] == "x | n/a"
    wide = grid("Sheet | Content\ncases | all cases", merged=[(0, 1, 0, 5), (1, 1, 1, 5)])
    assert lines(wide) == ["Sheet | Content", "cases | all cases"]


@pytest.mark.shows(
    "xlsx xls ods",
    "merged cells",
    "read",
    "their text repeated in each row, and each column of a head, that they cover",
)
def test_merged_cells_of_a_table_are_repeated() -> None:
    assert lines(grid("Region | Town | Stock\nNorth | Oslo | 4\n | Bergen | 5", merged=[(1, 0, 2, 0)])) == [
        "Region | Town | Stock", "North | Oslo | 4", "North | Bergen | 5",
    ]  # fmt: skip
    assert lines(grid("Town | Plan | Actual\nOslo | 4 |\nRome | 1 | 2", merged=[(1, 1, 1, 2)]))[1] == "Oslo | 4 | 4"
    section = grid("Town | Plan | Actual\nNorth | |\nRome | 1 | 2", merged=[(1, 0, 1, 2)])
    assert lines(section)[1] == "North"
    note = "All that was counted in the depots of the north, and what of it was sold again before the end of the year"
    assert lines(grid(f"{note}\n | x\n | y", merged=[(0, 0, 2, 0)]))[0] == note
    assert render_grid(grid(f"{note}\n | x\n | y", merged=[(0, 0, 2, 0)])).count(note) == 1
    tall = grid("Name | Age\n\nAna | 31\n\nBo | 22", merged=[(n, c, n + 1, c) for n in (0, 2) for c in (0, 1)])
    assert lines(tall) == ["Name | Age", "Ana | 31", "Bo | 22"]
    endless = grid("a | b\n1 | 2", merged=[(1, 0, 2_000_000_000, 16_000), (5, 5, 6, 6)])
    assert lines(endless) == ["a | b", "1 | 2"]
    nested = {row: dict.fromkeys(range(4000), "x") for row in range(20)}
    ranges = [(row, column, row, 16_383) for row in nested for column in range(4000)]
    assert len(render_grid(Grid(nested, ranges))) < 2_000_000


@pytest.mark.shows(
    "xlsx xls ods csv tsv",
    "several tables of a sheet",
    "read",
    "each with its own head; apart by an empty row or column",
)
def test_tables_of_one_sheet_have_their_own_heads() -> None:
    text = render_grid(grid("Stock\nItem | Stock\nHinge | 4\n\nHinges broke.\n\nPerson | Age\nAna | 31"))
    assert text.split("\n\n") == [
        "Stock", "| Item | Stock |\n| --- | --- |\n| Hinge | 4 |", "Hinges broke.",
        "| Person | Age |\n| --- | --- |\n| Ana | 31 |",
    ]  # fmt: skip
    text = render_grid(grid("Item | Stock | | Person | Age\nHinge | 4 | | Ana | 31\n | | | Bo | 22"))
    assert text.split("\n\n")[1] == "| Person | Age |\n| --- | --- |\n| Ana | 31 |\n| Bo | 22 |"


def test_columns_of_sums_after_an_empty_column_stay_in_their_table() -> None:
    assert lines(grid("Item | Jan | Feb | | Sum | Mean\nHinge | 4 | 5 | | 9 | 4.5"))[1] == "Hinge | 4 | 5 | 9 | 4.5"


def test_an_empty_row_inside_a_table_does_not_end_it() -> None:
    assert len(lines(grid("Item | Stock\nHinge | 4\n\nLatch | 5\n\nTotal | 9"))) == 4
    assert len(lines(grid("Name | Town\nAna | Oslo\n\nBo | Rome\nCy | Bern"))) == 4
    assert lines(grid("Item | | Stock\nHinge | | 4")) == ["Item | Stock", "Hinge | 4"]


@pytest.mark.shows(
    "xlsx xls ods",
    "hidden rows and columns",
    "marked",
    "` (hidden)` after the first cell of the row, after the name of the column",
)
def test_hidden_rows_and_columns_say_so() -> None:
    hidden = grid("Item | Cost\nBolt | 3\nNut | 4", hidden_rows={2}, hidden_columns={1})
    assert lines(hidden) == ["Item | Cost (hidden)", "Bolt | 3", "Nut (hidden) | 4"]


def test_a_wide_table_is_parted_by_columns_with_the_first_repeated() -> None:
    head = ["Station", *(f"Reading number {n}" for n in range(60))]
    rows = [[f"S{row}", *(f"{row}.{n}" for n in range(60))] for row in range(5)]
    tables = markdown_table(head, rows).split("\n\n")
    assert len(tables) > 3
    assert all(table.startswith("| Station | Reading number ") for table in tables)
    assert all("\n| S" in table for table in tables)
    assert sum(table.count("| 3.59 |") for table in tables) == 1


def test_lines_of_text_alone_are_paragraphs() -> None:
    assert render_grid(grid("Only words")) == "Only words"
    assert render_grid(grid("# Notes.\nAll was counted twice.")) == "Notes.\n\nAll was counted twice."
    for words in ("#1 priority: mend the roof", "#4711 is the order", "#DIV/0!", "#"):
        assert render_grid(grid(words)) == words
    assert render_grid(grid("email\na@example.org")) == "| email |\n| --- |\n| a@example.org |"
    assert render_grid(grid("Method\n | See the page\n | and the other")) == "Method\n\nSee the page\n\nand the other"
    assert render_grid(Grid({})) == ""
