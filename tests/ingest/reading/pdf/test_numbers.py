"""Numbers keep their signs, hyphens, points and units; letters and cells that are set apart stay what they are."""

import pytest

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.forms import raw_pdf, write
from tests.ingest.papers import Paper

TOLD = "Every child in town can tell you that"


def text_of(data: bytes) -> str:
    return "\n".join(page.text for page in read_pdf(data)[1])


@pytest.mark.shows("pdf", "numbers broken at a line's end", "read", "the hyphen of `2024-25` and `K-77` stays")
@pytest.mark.parametrize(
    ("before", "after", "read"),
    [
        ("2024-", "25 was the last year.", "2024-25 was"),
        ("it takes 3-", "5 days to sail there.", "takes 3-5 days"),
        ("the valve K-", "77 is the leaking one.", "valve K-77 is"),
        ("the 12-", "month plan was in vain.", "the 12-month plan"),
        ("it is 40", "km to the lighthouse.", "is 40 km to"),
        ("it costs 45.5", "% more than before it.", "costs 45.5 % more"),
    ],
)
def test_a_number_at_the_end_of_a_line(before: str, after: str, read: str) -> None:
    paper = Paper()
    first = f"{TOLD} {before}"
    paper.justify(60, 80, first, after, width=paper.pdf.get_string_width(first))
    assert read in paper.text()


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        ("[(1)-60(234)-80(,5)-60(0)]", "1234,50"),
        ("[(12)-180(.)-180(5)]", "12.5"),
        ("[(1)-170(234)-170(567)]", "1 234 567"),
        ("[(-5 to +7 mm, 2 \\226 3 %, 50\\260C, \\2474.50 \\261 0.1)]", "-5 to +7 mm, 2 – 3 %, 50°C, §4.50 ± 0.1"),
    ],
)
def test_numbers_are_read_as_they_are_set(drawn: str, read: str) -> None:
    assert text_of(raw_pdf(f"BT /F1 12 Tf 50 200 Td {drawn} TJ ET")) == read


@pytest.mark.shows("pdf", "letters set apart", "read", "`C O N T E N T S` as `CONTENTS`")
def test_letters_that_are_set_apart_are_words() -> None:
    paper = Paper()
    paper.write(60, 80, "C O N T E N T S")
    x = 60.0
    for letter in "OF SHIPS":
        paper.pdf.text(x, 120, letter)
        x += paper.pdf.get_string_width(letter) + 5
    assert paper.text().split() == ["CONTENTS", "OF", "SHIPS"]
    mapped = map_pdf_page(paper.data, 1).read
    assert len(mapped.char_indices) == len(mapped.text)


@pytest.mark.shows("pdf", "fractions", "read", "`3 1/2`, stacked ones too where they stand in their line")
def test_a_stacked_fraction_is_a_fraction() -> None:
    drawn = write((50, 200, "Take 3")) + write((88, 206, "1"), (88, 196, "2"), size=8)
    read = map_pdf_page(raw_pdf(drawn + write((96, 200, "cups of it."))), 1).read
    assert read.text == "Take 3 1/2 cups of it."
    assert len(read.char_indices) == len(read.text)
    assert read.char_indices[read.text.index("/")] is None


@pytest.mark.shows("pdf", "tables", "read", "a line a row, a tab between cells; the head once, as it is printed")
def test_a_short_first_cell_is_a_cell_and_a_cell_goes_on_in_its_column() -> None:
    paper = Paper()
    paper.write(60, 80, "Year", "2019", "2020")
    paper.write(200, 80, "Ducks", "120", "135")
    rows = raw_pdf(
        write((50, 200, "Year"), (150, 200, "Ducks [in 1000]"), (50, 186, "2019"), (150, 186, "120"))
        + write((50, 172, "GP"), (150, 172, "works in partnership with your"), (150, 158, "specialist and you"))
    )
    assert paper.text() == "Year\tDucks\n2019\t120\n2020\t135"
    assert text_of(rows) == ("Year\tDucks [in 1000]\n2019\t120\nGP\tworks in partnership with your specialist and you")


@pytest.mark.shows(
    "pdf", "letters without codes", "left out", "the page is recognised as a picture, with the extra `ocr`"
)
def test_letters_that_have_no_codes_are_not_kept() -> None:
    assert text_of(raw_pdf(r"BT /F1 12 Tf 50 200 Td (\001\002\003\004\005\006\007) Tj ET")) == ""
    assert text_of(raw_pdf(r"BT /F1 12 Tf 50 200 Td (Words \001) Tj ET")) == "Words"


@pytest.mark.shows("pdf", "soft hyphens, ligatures", "read", "as the letters of the word")
def test_a_word_broken_by_a_soft_hyphen_is_whole() -> None:
    content = (
        r"BT /F1 12 Tf 50 200 Td (This is the long word inter\255) Tj 0 -14 Td (national that is broken here.) Tj ET"
    )
    assert "word international that" in text_of(raw_pdf(content))


@pytest.mark.shows("pdf", "running headers, footers and page numbers", "left out", "but for the first of each")
def test_a_page_number_is_left_out() -> None:
    paper = Paper()
    for number in range(1, 5):
        if number > 1:
            paper.turn_page()
        paper.write(60, 80, f"On day {number * 17} of the year we sailed.")
        paper.write(290, 800, str(number))
    assert text_of(paper.data).split("\n") == [f"On day {number * 17} of the year we sailed." for number in range(1, 5)]
