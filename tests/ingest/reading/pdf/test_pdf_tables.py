"""A table of a PDF is read row by row, however it was drawn, and columns of prose are not."""

from ingest.reading.pdf.document import map_pdf_page
from tests.ingest.papers import LEFT, RIGHT, Paper

NAMES = ("Orbit", "Landing", "Moonwalk", "Return")
HOURS = ("21", "31", "8", "64")
ROWS = [f"{name}\t{hours}" for name, hours in zip(NAMES, HOURS, strict=True)]


def test_the_cells_of_a_row_stand_on_one_line_with_a_tab_between() -> None:
    paper = Paper()
    for place, (name, hours) in enumerate(zip(NAMES, HOURS, strict=True)):
        paper.write(60, 80 + place * 14, name)
        paper.write(200, 80 + place * 14, hours)
    assert paper.text().split("\n") == ROWS


def test_a_table_drawn_column_by_column_is_read_row_by_row() -> None:
    paper = Paper()
    paper.write(60, 80, *NAMES)
    paper.write(200, 80, *HOURS)
    assert paper.text().split("\n") == ROWS


def test_a_cell_that_is_empty_leaves_its_row_to_the_others() -> None:
    paper = Paper()
    paper.write(60, 80, *NAMES, "Splashdown")
    paper.write(200, 80, *HOURS)
    assert paper.text().split("\n") == [*ROWS, "Splashdown"]


def test_prose_in_two_columns_on_the_same_lines_stays_prose() -> None:
    paper = Paper()
    paper.justify(60, 80, *LEFT)
    paper.justify(310, 80, *RIGHT)
    assert "\t" not in paper.text()
    assert paper.text().index(LEFT[5]) < paper.text().index(RIGHT[0])


def test_two_columns_of_names_stay_columns() -> None:
    paper = Paper()
    paper.write(60, 80, *NAMES)
    paper.write(200, 80, *reversed(NAMES))
    assert paper.text().split() == [*NAMES, *reversed(NAMES)]


def test_the_cells_of_a_joined_row_are_mapped_to_their_characters() -> None:
    paper = Paper()
    paper.write(60, 80, *NAMES)
    paper.write(200, 80, *HOURS)
    page = map_pdf_page(paper.data, 1).read
    start = page.text.index("31")
    drawn = "".join(f"{word}\r\n" for word in (*NAMES, *HOURS))
    assert list(page.char_indices[start : start + 2]) == [drawn.index("31"), drawn.index("31") + 1]
