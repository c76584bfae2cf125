"""PDFs are read as people read them, and every character of the text can be found again on its page."""

import random
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from fpdf import FPDF

from ingest.parsing import parse_document
from ingest.readers.pdf import quote_boxes, read_pdf, read_pdf_page
from ingest.readers.pdf_lines import Glyphs, find_lines, find_visible
from ingest.readers.pdf_order import order_blocks
from ingest.readers.pdf_paragraphs import lay_out
from vectorstore.errors import UnreadableFileError

PITCH = 14.0


class Paper:
    """A PDF whose lines stand where a test puts them, in points from the upper left corner."""

    def __init__(self) -> None:
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_auto_page_break(False)
        self.turn_page()

    def turn_page(self) -> None:
        self.pdf.add_page()
        self.pdf.set_font("Helvetica", size=11)

    def write(self, x: float, y: float, *lines: str, size: float = 11) -> float:
        self.pdf.set_font("Helvetica", size=size)
        for place, line in enumerate(lines):
            self.pdf.text(x, y + place * PITCH, line)
        return y + len(lines) * PITCH

    def justify(self, x: float, y: float, *lines: str, width: float = 220) -> float:
        """All lines but the last are as wide as the column."""
        self.pdf.set_font("Helvetica", size=11)
        for place, line in enumerate(lines):
            words = line.split(" ")
            spare = width - self.pdf.get_string_width(line) if place < len(lines) - 1 else 0.0
            left = x
            for word in words:
                self.pdf.text(left, y + place * PITCH, word)
                left += self.pdf.get_string_width(f"{word} ") + spare / max(len(words) - 1, 1)
        return y + len(lines) * PITCH

    def text(self) -> str:
        (page,) = read_pdf(self.data)[1]
        return page.text

    @property
    def data(self) -> bytes:
        return bytes(self.pdf.output())


def encrypted(paper: Paper) -> bytes:
    paper.pdf.set_encryption(owner_password="owner", user_password="user")
    return paper.data


LEFT = (
    "The lunar module stood on four legs and",
    "carried two people down to the surface.",
    "Its upper stage brought them back again",
    "while the lower one stayed where it was.",
    "Both stages had engines of their own.",
    "Neither of them could be tested on earth.",
)
RIGHT = (
    "A third person remained in the orbit and",
    "kept the command module ready for them.",
    "He saw the far side alone at every turn.",
    "Nobody had ever been as far from others.",
    "The two ships met after a day and a bit.",
    "All three of them then set off for home.",
)


def test_the_lines_of_a_paragraph_are_joined_by_a_space() -> None:
    paper = Paper()
    paper.justify(60, 80, *LEFT[:3], "while the lower one stayed.")
    assert paper.text() == f"{' '.join(LEFT[:3])} while the lower one stayed."


def test_a_gap_between_paragraphs_becomes_a_blank_line() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.justify(60, below + 12, *RIGHT)
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_an_indented_line_begins_a_paragraph() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.justify(75, below, RIGHT[0], "", width=205)
    paper.justify(60, below + PITCH, *RIGHT[1:])
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_an_indented_line_begins_a_paragraph_after_a_full_line_too() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT, "")
    paper.justify(75, below - PITCH, RIGHT[0], "", width=205)
    paper.justify(60, below, *RIGHT[1:])
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_the_items_of_a_list_with_hanging_lines_are_kept_apart() -> None:
    paper = Paper()
    for number in range(3):
        paper.justify(60, 80 + number * 2 * PITCH, f"{number}. The lunar module stood on four legs", "")
        paper.justify(74, 80 + (number * 2 + 1) * PITCH, "and carried two people down to it.", "", width=206)
    items = paper.text().split("\n\n")
    assert items == [
        f"{number}. The lunar module stood on four legs and carried two people down to it." for number in range(3)
    ]


def test_the_text_of_an_item_far_from_its_mark_is_no_row_of_a_table() -> None:
    paper = Paper()
    paper.write(60, 80, "1.")
    paper.justify(90, 80, "The lunar module stood on four legs", "and carried two people down to it.", width=190)
    assert paper.text() == "1. The lunar module stood on four legs and carried two people down to it."


def test_lines_that_the_author_ended_early_stay_lines() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.write(60, below + 12, "Museum of Flight", "9404 East Way South", "Seattle")
    assert paper.text().endswith("\n\nMuseum of Flight\n9404 East Way South\nSeattle")


def test_each_bullet_begins_a_line() -> None:
    paper = Paper()
    paper.justify(60, 80, *(f"- {line}" for line in LEFT))
    assert paper.text() == "\n".join(f"- {line}" for line in LEFT)


def test_a_ragged_line_is_joined_to_the_next_where_its_sentence_goes_on() -> None:
    paper = Paper()
    below = paper.justify(60, 80, *LEFT)
    paper.write(60, below + 12, "Two of them walked about on the", "moon for a few hours. They left a", "Flag there.")
    assert (
        paper.text().split("\n\n")[1]
        == "Two of them walked about on the moon for a few hours. They left a\nFlag there."
    )


def test_a_larger_heading_stands_alone() -> None:
    paper = Paper()
    paper.write(60, 80, "Landing", size=16)
    paper.justify(60, 80 + 18, *LEFT)
    assert paper.text() == f"Landing\n\n{' '.join(LEFT)}"


def test_the_rows_of_a_table_are_lines_and_their_cells_stand_in_order() -> None:
    paper = Paper()
    rows = [("Mission", "Year", "Hours"), ("Apollo 11", "1969", "21"), ("Apollo 12", "1969", "31")]
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            paper.write(60 + 120 * column, 80 + PITCH * row, cell)
    assert paper.text() == "Mission Year Hours\nApollo 11 1969 21\nApollo 12 1969 31"


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


def test_an_exponent_stays_in_its_line() -> None:
    paper = Paper()
    paper.write(60, 80, "The area is 12 km")
    end = 60 + paper.pdf.get_string_width("The area is 12 km")
    paper.write(end, 76, "2", size=7)
    paper.write(end + 4, 80, ", no more.")
    assert paper.text() == "The area is 12 km2, no more."


def test_a_page_written_from_the_right_is_laid_out_from_the_right() -> None:
    lines = ["\u05d0\u05d1", *["\u05d0\u05d1\u05d2 \u05d3\u05d4 \u05d5\u05d6\u05d7"] * 3, "\u05d8\u05d9"]
    boxes = [
        (300 - 10 * place - 10, 700 - 14 * row + 12, 300 - 10 * place, 700 - 14 * row)
        for row, line in enumerate(lines)
        for place in range(len(line))
    ]
    text = "".join(lines)
    glyphs = Glyphs(text, find_visible(text), np.array(boxes, dtype=np.float32)).from_the_left()
    layout = lay_out(order_blocks(find_lines(glyphs)), glyphs)
    assert [joint.name for joint in layout.joints] == ["PARAGRAPH", "NEWLINE", "SPACE", "SPACE", "SPACE"]


def test_an_index_under_an_exponent_stays_in_its_line() -> None:
    paper = Paper()
    paper.write(60, 80, "The speed is v")
    end = 60 + paper.pdf.get_string_width("The speed is v")
    paper.write(end, 74, "max", size=7)
    paper.write(end, 85, "in", size=7)
    paper.write(end + 14, 80, "in orbit.")
    assert paper.text() == "The speed is vmaxin in orbit."


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


def test_pages_are_counted_from_one_and_empty_ones_are_left_out() -> None:
    paper = Paper()
    paper.write(60, 80, "First")
    paper.turn_page()
    paper.turn_page()
    paper.write(60, 80, "Third")
    assert [(page.number, page.text) for page in read_pdf(paper.data)[1]] == [(1, "First"), (3, "Third")]


def rich_paper() -> Paper:
    paper = Paper()
    paper.write(60, 60, "Landing", size=16)
    for place, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        paper.justify(60, 80 + place * PITCH, left, "")
        paper.justify(310, 80 + place * PITCH, right, "")
    paper.justify(60, 240, "Every child in town can tell you of the inter-", "national station.", width=240)
    paper.write(60, 300, "Hours  21    31")
    paper.turn_page()
    paper.justify(60, 80, *RIGHT)
    return paper


def test_reading_one_page_gives_the_text_that_reading_all_of_them_gives() -> None:
    data = rich_paper().data
    for page in read_pdf(data)[1]:
        assert page.number is not None
        assert read_pdf_page(data, page.number).text == page.text


def test_every_character_of_the_text_is_the_one_of_the_page_that_the_map_names() -> None:
    data = rich_paper().data
    document = pdfium.PdfDocument(data)
    for number in (1, 2):
        read = read_pdf_page(data, number)
        assert len(read.char_indices) == len(read.text)
        characters = document[number - 1].get_textpage().get_text_range()
        mapped = [(read.text[place], index) for place, index in enumerate(read.char_indices) if index is not None]
        assert all(characters[index] == character for character, index in mapped)
        assert {read.text[place] for place, index in enumerate(read.char_indices) if index is None} <= {" ", "\n"}
        lost = set(range(len(characters))) - {index for _, index in mapped}
        assert {characters[index] for index in lost} <= {" ", "\r", "\n", "\ufffe"}
    document.close()


def test_the_boxes_of_a_quote_hold_exactly_its_words() -> None:
    data = rich_paper().data
    text = read_pdf_page(data, 1).text
    text_page = pdfium.PdfDocument(data)[0].get_textpage()
    chance = random.Random(0)
    for _ in range(60):
        start = chance.randrange(len(text) - 1)
        end = min(len(text), start + chance.randrange(1, 120))
        boxes = quote_boxes(data, 1, start, end)
        boxed = "".join(text_page.get_text_bounded(*box) for box in boxes)
        assert "".join(boxed.split()).replace("inter-", "inter") == "".join(text[start:end].split())


def test_a_quote_over_two_lines_has_two_boxes_and_none_for_what_it_leaves_out() -> None:
    data = rich_paper().data
    text = read_pdf_page(data, 1).text
    quote = "people down to the surface. Its upper stage"
    start = text.index(quote)
    first, second = quote_boxes(data, 1, start, start + len(quote))
    assert 60 < first[0] < first[2] <= 285
    assert 60 <= second[0] < second[2] < 200
    assert first[1] > second[1]
    height = FPDF(unit="pt", format="A4").h
    assert first[1] < height - 80 - PITCH < first[3]


def test_boxes_count_from_the_corner_of_the_page_as_it_is_shown() -> None:
    paper = Paper()
    paper.write(60, 80, "Eagle")
    document = pdfium.PdfDocument(paper.data)
    document[0].set_cropbox(50, 700, 250, 800)
    ((left, bottom, right, top),) = quote_boxes(saved(document), 1, 0, 5)
    assert (round(left), round(right)) == (10, round(10 + paper.pdf.get_string_width("Eagle")))
    document[0].set_rotation(90)
    ((turned_left, turned_bottom, turned_right, turned_top),) = quote_boxes(saved(document), 1, 0, 5)
    assert (turned_left, turned_right) == (bottom, top)
    assert (turned_bottom, turned_top) == (200 - right, 200 - left)


def saved(document: pdfium.PdfDocument) -> bytes:
    target = BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        (None, "moon"),
        ("How they came\nback", "How they came back"),
        ("Microsoft Word - draft7.doc", "moon"),
        ("untitled", "moon"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_title_is_the_one_in_the_metadata_unless_a_program_put_it_there(metadata: str | None, title: str) -> None:
    paper = rich_paper()
    if metadata:
        paper.pdf.set_title(metadata)
    assert parse_document(Path("moon.pdf"), paper.data).title == title


def test_a_parsed_pdf_is_plain_text_with_page_numbers() -> None:
    document = parse_document(Path("moon.PDF"), rich_paper().data)
    assert (document.kind, document.markdown) == ("pdf", False)
    assert [page.number for page in document.pages] == [1, 2]


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(UnreadableFileError) as caught:
        parse_document(Path("moon.pdf"), data)
    return caught.value.message, caught.value.hint


def test_an_encrypted_pdf_is_refused() -> None:
    assert refusal(encrypted(rich_paper())) == ("the PDF is encrypted", "remove the password and ingest it again")


def test_a_file_that_is_no_pdf_is_refused() -> None:
    expected = ("not a PDF: it does not begin as one", "check what the file really is")
    assert refusal(b"Meeting notes of Monday") == expected
    assert refusal(random.Random(0).randbytes(5000)) == expected


def test_a_damaged_pdf_is_refused() -> None:
    data = b"%PDF-1.7\n" + random.Random(0).randbytes(5000)
    assert refusal(data) == ("the PDF is damaged", "open it in a PDF viewer, save it anew and ingest it again")


def test_a_pdf_of_pages_without_text_is_refused() -> None:
    paper = Paper()
    paper.pdf.rect(60, 60, 100, 100)
    assert refusal(paper.data) == (
        "no text in it: scanned pages are images",
        "run it through OCR software first, such as ocrmypdf",
    )


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_pdf_page(rich_paper().data, 3)
    assert caught.value.message == "the PDF has no page 3"
    assert caught.value.hint == "ask for one of its pages, 1 to 2"


def test_pdfs_are_read_in_several_threads_at_once() -> None:
    data = rich_paper().data
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: read_pdf(data)[1], range(40)))
    assert all(pages == texts[0] for pages in texts)
