"""Text is read as written and its quotes are boxed on their page, however the page or the text on it is turned."""

import ctypes
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
from fpdf import FPDF

from ingest.chunking.sentences import split_sentences
from ingest.reading.pdf.document import Box, map_pdf_page, read_pdf
from tests.ingest.papers import LEFT, PITCH, RIGHT, Paper, rich_paper, saved, turned_paper

FINE = 1_000  # device units a point
ROOT = Path(__file__).parents[4]
PDFS = sorted([*(ROOT / "rag_app" / "samples" / "documents").glob("*.pdf"), *(ROOT / "tests" / "data").rglob("*.pdf")])
TURNS = (0, 90, 180, 270)
WRITTEN = f"Landing\n\n{' '.join(LEFT)}\n\n{' '.join(RIGHT)}\n\nMuseum of Flight\nSeattle"
BROKEN = ("The inter-", "national station was an extra-", "ordinary place to live in. It had self-", "made windows.")


def hyphenated() -> bytes:
    paper = Paper()
    paper.justify(60, 80, *BROKEN, *LEFT, width=240)
    return paper.data


def with_ligatures() -> bytes:
    font = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if font is None:
        pytest.skip("no font with ligatures: apt-get install fonts-dejavu-core")
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.add_font("DejaVu", fname=font)
    pdf.set_font("DejaVu", size=11)
    for place, line in enumerate(
        ("The \ufb01rst of\ufb01cer \ufb02ew the ship. A \ufb02ag", "was found in an of\ufb01ce at the e\ufb00ort.")
    ):
        pdf.text(60, 80 + place * PITCH, line)
    return bytes(pdf.output())


def in_close_columns() -> bytes:
    paper = Paper()
    paper.justify(60, 80, *LEFT, width=225)
    paper.justify(297, 80, *RIGHT, width=225)
    return paper.data


def in_close_lines() -> bytes:
    """Lines set so tight that the boxes of their characters overlap."""
    paper = Paper()
    for place, line in enumerate((*LEFT, *RIGHT)):
        paper.write(60, 80 + place * 9.5, line)
    return paper.data


def cropped(rotation: int) -> bytes:
    paper = Paper()
    paper.justify(60, 80, *LEFT)
    paper.justify(60, 400, *RIGHT)
    document = pdfium.PdfDocument(paper.data)
    document[0].set_cropbox(40, 300, 400, 800)
    document[0].set_rotation(rotation)
    return saved(document)


PAPERS: dict[str, Callable[[], bytes]] = {
    **{path.stem: path.read_bytes for path in PDFS},
    "two columns and a broken word": lambda: rich_paper().data,
    "hyphens at line ends": hyphenated,
    "ligatures": with_ligatures,
    "close columns": in_close_columns,
    "close lines": in_close_lines,
    **{f"page turned by {by}": partial(turned_paper, page=by) for by in (90, 180, 270)},
    **{f"text turned by {by}": partial(turned_paper, drawn=by) for by in (90, 180, 270)},
    "both turned": partial(turned_paper, page=270, drawn=90),
    **{f"cropped, turned by {by}": partial(cropped, by) for by in (0, 90, 180, 270)},
}


@pytest.mark.parametrize("paper", PAPERS)
def test_the_boxes_of_every_sentence_hold_its_characters_and_no_others(paper: str) -> None:
    data = PAPERS[paper]()
    document = pdfium.PdfDocument(data)
    for page in read_pdf(data)[1]:
        assert page.number is not None
        mapped = map_pdf_page(data, page.number)
        assert mapped.read.text == page.text
        drawn = list(drawn_on(document[page.number - 1]))
        assert drawn
        for start, end in split_sentences(page.text):
            boxes = mapped.boxes(start, end)
            inside = [letter for letter, centre in drawn if any(holds(box, *centre) for box in boxes)]
            assert sorted(inside) == sorted(filter(counts, page.text[start:end])), page.text[start:end]
    document.close()


def holds(box: Box, x: float, y: float) -> bool:
    left, bottom, right, top = box
    return left <= x <= right and bottom <= y <= top


def drawn_on(page: pdfium.PdfPage) -> Iterator[tuple[str, tuple[float, float]]]:
    """Every character as PDFium itself has it, with its centre in points from the lower left corner as it is shown."""
    text_page = page.get_textpage()
    for index in range(text_page.count_chars()):
        letter = chr(pdfium_c.FPDFText_GetUnicode(text_page.raw, index))
        left, bottom, right, top = text_page.get_charbox(index, loose=True)
        if counts(letter):
            yield letter, as_shown(page, (left + right) / 2, (bottom + top) / 2)


def as_shown(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    width, height = page.get_size()
    across, down = ctypes.c_int(), ctypes.c_int()
    size = (0, 0, round(width * FINE), round(height * FINE), 0)
    pdfium_c.FPDF_PageToDevice(page.raw, *size, x, y, ctypes.byref(across), ctypes.byref(down))
    return across.value / FINE, height - down.value / FINE


def counts(letter: str) -> bool:
    """White space, hyphens and the mark of a hyphen at a line's end aside."""
    return not letter.isspace() and unicodedata.category(letter) not in ("Pd", "Cc", "Cf", "Cn")


@pytest.mark.shows("pdf", "pages and text turned by 90, 180 or 270 degrees", "read")
@pytest.mark.parametrize("drawn", TURNS)
@pytest.mark.parametrize("page", TURNS)
def test_turned_text_on_a_turned_page_reads_as_it_was_written(page: int, drawn: int) -> None:
    (read,) = read_pdf(turned_paper(page=page, drawn=drawn))[1]
    assert read.text == WRITTEN


def test_what_is_written_in_another_direction_is_read_after_the_rest() -> None:
    paper = Paper()
    with paper.pdf.rotation(90, 40, 500):
        paper.justify(40, 500, *RIGHT[:3])
    paper.justify(120, 80, *LEFT)
    assert paper.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT[:3])}"
    folded = Paper()
    folded.justify(60, 500, *LEFT)
    with folded.pdf.rotation(180, folded.pdf.w / 2, folded.pdf.h / 2):
        folded.justify(60, 500, *RIGHT[:5])
    assert folded.text() == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT[:5])}"


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


@pytest.mark.parametrize("turned", [False, True])
def test_every_character_of_the_text_is_one_of_the_page_and_only_white_space_is_inserted(turned: bool) -> None:
    data = turned_paper(page=180, drawn=90) if turned else rich_paper().data
    read = map_pdf_page(data, 1).read
    mapped = {index: letter for letter, index in zip(read.text, read.char_indices, strict=True) if index is not None}
    inserted = [letter for letter, index in zip(read.text, read.char_indices, strict=True) if index is None]
    assert len(mapped) + len(inserted) == len(read.text)
    assert set(inserted) <= {" ", "\n"}
    if not turned:  # the indices are those of the page as it was turned to be read
        with pdfium.PdfDocument(data) as document:
            drawn = dict(enumerate(document[0].get_textpage().get_text_range()))
        assert mapped.items() <= drawn.items()
        assert {drawn[index] for index in drawn.keys() - mapped.keys()} <= {" ", "\r", "\n", "\ufffe"}
