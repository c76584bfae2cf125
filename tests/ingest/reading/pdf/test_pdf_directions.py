"""Text is read as written, and found again on its page, however the page or the text on it is turned."""

import ctypes
import random

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.papers import LEFT, RIGHT, Paper, turned_paper

TURNS = (0, 90, 180, 270)
WRITTEN = f"Landing\n\n{' '.join(LEFT)}\n\n{' '.join(RIGHT)}\n\nMuseum of Flight\nSeattle"
Box = tuple[float, float, float, float]


@pytest.mark.parametrize("drawn", TURNS)
@pytest.mark.parametrize("page", TURNS)
def test_turned_text_on_a_turned_page_reads_as_it_was_written(page: int, drawn: int) -> None:
    (read,) = read_pdf(turned_paper(page=page, drawn=drawn))[1]
    assert read.text == WRITTEN


@pytest.mark.parametrize("drawn", TURNS)
@pytest.mark.parametrize("page", TURNS)
def test_the_boxes_of_a_quote_hold_exactly_its_words_however_it_is_turned(page: int, drawn: int) -> None:
    data = turned_paper(page=page, drawn=drawn)
    document = pdfium.PdfDocument(data)
    chance = random.Random(0)
    for _ in range(12):
        start = chance.randrange(len(WRITTEN) - 1)
        end = min(len(WRITTEN), start + chance.randrange(1, 120))
        boxes = map_pdf_page(data, 1).boxes(start, end)
        boxed = "".join(words_in(document, box) for box in boxes)
        # PDFium gives the words of a box in the order it drew them or in reverse; the letters tell enough.
        assert sorted(boxed) == sorted("".join(WRITTEN[start:end].split()))
        assert len(boxes) <= WRITTEN[start:end].count("\n") + (end - start) // 30 + 2
    document.close()


def test_every_character_of_turned_text_has_its_place_in_the_map() -> None:
    read = map_pdf_page(turned_paper(page=180, drawn=90), 1).read
    unmapped = [read.text[place] for place, index in enumerate(read.char_indices) if index is None]
    mapped = [index for index in read.char_indices if index is not None]
    assert len(read.char_indices) == len(read.text)
    assert set(unmapped) <= {" ", "\n"}
    assert len(set(mapped)) == len(mapped)


def test_text_up_the_side_of_a_page_is_read_after_the_text_it_runs_beside() -> None:
    paper = Paper()
    with paper.pdf.rotation(90, 40, 500):
        paper.justify(40, 500, *RIGHT[:3])
    paper.justify(120, 80, *LEFT)
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT[:3])}"


def test_both_halves_of_a_page_that_is_to_be_folded_are_read_as_written() -> None:
    paper = Paper()
    paper.justify(60, 500, *LEFT)
    with paper.pdf.rotation(180, paper.pdf.w / 2, paper.pdf.h / 2):
        paper.justify(60, 500, *RIGHT[:5])
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT[:5])}"


def test_a_note_that_runs_up_the_side_of_every_page_is_kept_once() -> None:
    paper = Paper()
    for number in range(5):
        if number:
            paper.turn_page()
        with paper.pdf.rotation(90, 40, 500):
            paper.write(40, 500, "Author Manuscript")
        paper.justify(120, 80, f"On day {number + 3} the lunar module stood there.", *LEFT)
    pages = read_pdf(paper.data)[1]
    assert ["Author Manuscript" in page.text for page in pages] == [True, False, False, False, False]


def words_in(document: pdfium.PdfDocument, shown: Box) -> str:
    """The characters in a box that counts from the corner of the page as it is shown."""
    page = document[0]
    (left, bottom), (right, top) = (place_on(page, shown[at], shown[at + 1]) for at in (0, 2))
    text_page = page.get_textpage()
    edges = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
    return "".join(text_page.get_text_bounded(*edges).split())


def place_on(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    width, height = page.get_size()
    fine = 1000
    size = (0, 0, round(width * fine), round(height * fine), 0)
    place = ctypes.c_double(), ctypes.c_double()
    across, down = round(x * fine), round((height - y) * fine)
    pdfium_c.FPDF_DeviceToPage(page.raw, *size, across, down, *map(ctypes.byref, place))
    return place[0].value, place[1].value
