"""Every character of a PDF's text is found again on its page, and every quote in its boxes."""

import random

import pypdfium2 as pdfium
from fpdf import FPDF

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.papers import PITCH, Paper, rich_paper, saved


def test_reading_one_page_gives_the_text_that_reading_all_of_them_gives() -> None:
    data = rich_paper().data
    for page in read_pdf(data)[1]:
        assert page.number is not None
        assert map_pdf_page(data, page.number).read.text == page.text


def test_every_character_of_the_text_is_the_one_of_the_page_that_the_map_names() -> None:
    data = rich_paper().data
    document = pdfium.PdfDocument(data)
    for number in (1, 2):
        read = map_pdf_page(data, number).read
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
    text = map_pdf_page(data, 1).read.text
    text_page = pdfium.PdfDocument(data)[0].get_textpage()
    chance = random.Random(0)
    for _ in range(60):
        start = chance.randrange(len(text) - 1)
        end = min(len(text), start + chance.randrange(1, 120))
        boxes = map_pdf_page(data, 1).boxes(start, end)
        boxed = "".join(text_page.get_text_bounded(*box) for box in boxes)
        assert "".join(boxed.split()).replace("inter-", "inter") == "".join(text[start:end].split())


def test_a_quote_over_two_lines_has_two_boxes_and_none_for_what_it_leaves_out() -> None:
    data = rich_paper().data
    text = map_pdf_page(data, 1).read.text
    quote = "people down to the surface. Its upper stage"
    start = text.index(quote)
    first, second = map_pdf_page(data, 1).boxes(start, start + len(quote))
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
    ((left, bottom, right, top),) = map_pdf_page(saved(document), 1).boxes(0, 5)
    assert (round(left), round(right)) == (10, round(10 + paper.pdf.get_string_width("Eagle")))
    document[0].set_rotation(90)
    ((turned_left, turned_bottom, turned_right, turned_top),) = map_pdf_page(saved(document), 1).boxes(0, 5)
    assert (turned_left, turned_right) == (bottom, top)
    assert (turned_bottom, turned_top) == (200 - right, 200 - left)
