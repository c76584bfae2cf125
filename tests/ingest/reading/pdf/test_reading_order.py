"""The lines of a PDF's page become paragraphs, headings, lists and tables in the order people read them."""

import numpy as np
import pytest

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from ingest.reading.pdf.lines import Glyphs, find_lines, find_visible
from ingest.reading.pdf.reading_order import order_blocks
from ingest.reading.pdf.text import lay_out
from tests.ingest.papers import LEFT, PITCH, RIGHT, Paper

NAMES = ("Orbit", "Landing", "Moonwalk", "Return")
HOURS = ("21", "31", "8", "64")
ROWS = [f"{name}\t{hours}" for name, hours in zip(NAMES, HOURS, strict=True)]


def test_a_gap_between_paragraphs_becomes_a_blank_line() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.justify(60, below + 12, *RIGHT)
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


@pytest.mark.parametrize("after_full_line", [False, True])
def test_an_indented_line_begins_a_paragraph(after_full_line: bool) -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT, *([""] if after_full_line else [])) - PITCH * after_full_line
    paper.justify(75, below, RIGHT[0], "", width=205)
    paper.justify(60, below + PITCH, *RIGHT[1:])
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_the_items_of_a_list_are_kept_apart_from_each_other_and_not_from_their_marks() -> None:
    paper = Paper()
    for number in range(3):
        paper.justify(60, 80 + number * 2 * PITCH, f"{number}. The lunar module stood on four legs", "")
        paper.justify(74, 80 + (number * 2 + 1) * PITCH, "and carried two people down to it.", "", width=206)
    item = "The lunar module stood on four legs and carried two people down to it."
    assert paper.text().split("\n\n") == [f"{number}. {item}" for number in range(3)]
    far = Paper()
    far.write(60, 80, "1.")
    far.justify(90, 80, "The lunar module stood on four legs", "and carried two people down to it.", width=190)
    assert far.text() == f"1. {item}"
    bullets = Paper()
    bullets.justify(60, 80, *(f"- {line}" for line in LEFT))
    assert bullets.text() == "\n".join(f"- {line}" for line in LEFT)


def test_lines_that_the_author_ended_early_stay_lines_unless_their_sentence_goes_on() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.write(60, below + 12, "Museum of Flight", "9404 East Way South", "Seattle")
    ragged = ("Two of them walked about on the", "moon for a few hours. They left a", "Flag there.")
    paper.write(60, below + 12 + 5 * PITCH, *ragged)
    assert paper.text().split("\n\n")[1:] == [
        "Museum of Flight\n9404 East Way South\nSeattle",
        "Two of them walked about on the moon for a few hours. They left a\nFlag there.",
    ]


def test_a_larger_heading_stands_alone() -> None:
    paper = Paper()
    paper.write(60, 80, "Landing", size=16)
    paper.justify(60, 80 + 18, *LEFT)
    assert paper.text() == f"Landing\n\n{' '.join(LEFT)}"


@pytest.mark.shows("pdf", "text in columns", "read", "column by column")
@pytest.mark.parametrize("interleaved", [False, True], ids=["column by column", "row by row"])
def test_two_columns_are_read_one_after_the_other_however_they_were_drawn(interleaved: bool) -> None:
    paper = Paper()
    lines = [(60, place, line) for place, line in enumerate(LEFT)] + [(310, i, line) for i, line in enumerate(RIGHT)]
    for x, place, line in sorted(lines, key=lambda drawn: drawn[1]) if interleaved else lines:
        paper.justify(x, 80 + place * PITCH, line, "")
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_a_sentence_goes_on_from_one_column_into_the_next() -> None:
    paper = Paper()
    paper.justify(60, 80, *LEFT[:4], "Both stages had engines of their own and", "")
    paper.justify(310, 80, "neither of them could be tested on the", "earth.")
    assert "engines of their own and neither of them could be tested on the earth." in paper.text()


def test_a_heading_drawn_last_is_read_where_it_stands() -> None:
    paper = Paper()
    paper.justify(60, 120, *LEFT)
    paper.justify(60, 280, *RIGHT)
    paper.write(60, 250, "In orbit", size=16)
    assert paper.text() == f"{' '.join(LEFT)}\n\nIn orbit\n\n{' '.join(RIGHT)}"


def test_exponents_and_indices_stay_in_their_line() -> None:
    paper = Paper()
    paper.write(60, 80, "The area is 12 km")
    end = 60 + paper.pdf.get_string_width("The area is 12 km")
    paper.write(end, 76, "2", size=7)
    paper.write(end + 4, 80, ", no more.")
    assert paper.text() == "The area is 12 km², no more."
    paper = Paper()
    paper.write(60, 80, "The speed is v")
    end = 60 + paper.pdf.get_string_width("The speed is v")
    paper.write(end, 74, "max", size=7)
    paper.write(end, 85, "in", size=7)
    paper.write(end + 14, 80, "in orbit.")
    assert paper.text() == "The speed is v^max_in in orbit."


def test_a_page_written_from_the_right_is_laid_out_from_the_right() -> None:
    lines = ["\u05d0\u05d1", *["\u05d0\u05d1\u05d2 \u05d3\u05d4 \u05d5\u05d6\u05d7"] * 3, "\u05d8\u05d9"]
    boxes = [
        (300 - 10 * place - 10, 700 - 14 * row + 12, 300 - 10 * place, 700 - 14 * row)
        for row, line in enumerate(lines)
        for place in range(len(line))
    ]
    text = "".join(lines)
    middles = np.full(len(text), np.nan)
    glyphs = Glyphs(text, find_visible(text), np.array(boxes, dtype=np.float32), middles=middles).from_the_left()
    laid_out = lay_out(order_blocks(find_lines(glyphs)), glyphs)
    assert [joint.name for _, joint in laid_out] == ["PARAGRAPH", "NEWLINE", "SPACE", "SPACE", "SPACE"]


@pytest.mark.parametrize(
    ("before", "after", "elsewhere", "read"),
    [
        ("the inter-", "national space station", "", "the international space station"),
        ("a well-", "known and often told story", "", "a well-known and often told story"),
        ("a well-", "known and often told story", "a well-known story", "a well-known and often told story"),
        ("a cross-", "section of the hull is shown", "", "a crosssection of the hull is shown"),
        ("a cross-", "section of the hull is shown", "the section", "a cross-section of the hull is shown"),
        ("a moon-", "rock in a box for all of us", "the moon and a rock", "a moon-rock in a box for all of us"),
        ("a moon-", "rock in a box for all of us", "the moonrock", "a moonrock in a box for all of us"),
        ("the Gemini-", "Agena rendezvous in orbit", "", "the Gemini-Agena rendezvous in orbit"),
        ("the years 1968-", "1972 had the most flights", "", "the years 1968-1972 had the most flights"),
        ("a state-of-", "the-art computer on board", "of the", "a state-of-the-art computer on board"),
    ],
)
def test_a_word_hyphenated_at_a_line_end_is_mended(before: str, after: str, elsewhere: str, read: str) -> None:
    paper = Paper()
    width = paper.pdf.get_string_width(f"Every child in town can tell you of {before}")
    known = "known" if before == "a well-" and not elsewhere else ""
    paper.justify(60, 80, f"Every child in town can tell you of {before}", after, width=width)
    paper.write(60, 300, f"{elsewhere} {known}".strip() or "nothing")
    assert paper.text().split("\n\n")[0] == f"Every child in town can tell you of {read}"


def test_a_hyphen_is_judged_by_the_words_of_nearby_pages_too() -> None:
    paper = Paper()
    paper.justify(60, 80, "Every child in town can tell you of a moon-", "rock in a box.", width=230)
    paper.turn_page()
    paper.write(60, 80, "The moon-rock weighs a pound.")
    assert read_pdf(paper.data)[1][0].text == "Every child in town can tell you of a moon-rock in a box."


@pytest.mark.parametrize("by_row", [True, False])
def test_a_table_is_read_row_by_row_with_tabs_between_its_cells_however_it_was_drawn(by_row: bool) -> None:
    paper = Paper()
    if by_row:
        for place, (name, hours) in enumerate(zip(NAMES, HOURS, strict=True)):
            paper.write(60, 80 + place * 14, name)
            paper.write(200, 80 + place * 14, hours)
    else:
        paper.write(60, 80, *NAMES)
        paper.write(200, 80, *HOURS)
    assert paper.text().split("\n") == ROWS


def test_columns_of_other_lengths_or_of_names_alone() -> None:
    paper = Paper()
    paper.write(60, 80, *NAMES, "Splashdown")
    paper.write(200, 80, *HOURS)
    assert paper.text().split("\n") == [*ROWS, "Splashdown"]
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
