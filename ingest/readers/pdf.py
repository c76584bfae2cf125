"""The bytes of a PDF turned into pages of running text, and a quote of it turned back into boxes on its page."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import pypdfium2 as pdfium

from ingest.readers.pdf_glyphs import PDFIUM_LOCK, open_pdf, read_glyphs
from ingest.readers.pdf_lines import Glyphs, Line, find_lines
from ingest.readers.pdf_margins import Edges, find_edges, without_margins
from ingest.readers.pdf_order import order_blocks
from ingest.readers.pdf_paragraphs import lay_out
from ingest.readers.pdf_tables import join_cells
from ingest.readers.pdf_text import IsWord, PdfPageText, unbroken_words, write_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

Box = tuple[float, float, float, float]

# Hyphens are judged by the words of the page and of so many before and after it: few enough to read one page alone.
_NEIGHBOUR_PAGES = 5
_KEPT_PAGES = 4 * _NEIGHBOUR_PAGES


def read_pdf(data: bytes, password: str | None = None) -> tuple[str | None, tuple[Page, ...]]:
    """The title in the PDF's metadata, if any, and the pages that have text; raises UnreadableFileError."""
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            title = document.get_metadata_value("Title") or None
            count = len(document)
        read = _page_reader(document, count)
        pages = [Page(place + 1, read(place).text) for place in range(count)]
    return title, tuple(page for page in pages if page.text)


def read_pdf_page(data: bytes, page: int, *, password: str | None = None) -> PdfPageText:
    """The text of one page (counted from 1), the same as `read_pdf` gives, with the map back to its characters."""
    with open_pdf(data, password) as document:
        return _read_alone(document, page)


def quote_boxes(data: bytes, page: int, start: int, end: int, *, password: str | None = None) -> list[Box]:
    """Where the characters `start:end` of a page's text stand: a box (left, bottom, right, top) a line.

    In points, from the lower left corner of the page as it is shown: cropped and turned as the PDF says.
    """
    with open_pdf(data, password) as document:
        indices = _read_alone(document, page).char_indices[start:end]
        glyphs = read_glyphs(document, page - 1)
        with PDFIUM_LOCK:
            shown = document[page - 1]
            crop, rotation = shown.get_bbox(), shown.get_rotation()
            shown.close()
    visible = set(glyphs.visible.tolist())
    boxes = glyphs.boxes[[index for index in indices if index is not None and index in visible]].tolist()
    lines = _boxes_by_line([(left, bottom, right, top) for left, top, right, bottom in boxes])
    return [_as_shown(box, crop=crop, rotation=rotation) for box in lines]


def _read_alone(document: pdfium.PdfDocument, page: int) -> PdfPageText:
    with PDFIUM_LOCK:
        count = len(document)
    if not 1 <= page <= count:
        raise UnreadableFileError(f"the PDF has no page {page}", f"ask for one of its pages, 1 to {count}")
    return _page_reader(document, count)(page - 1)


def _page_reader(document: pdfium.PdfDocument, count: int) -> Callable[[int], PdfPageText]:
    """Reads the page at an index; pages read for their words are kept for when it is their turn."""
    glyphs_of = lru_cache(_KEPT_PAGES)(partial(read_glyphs, document))

    @lru_cache(_KEPT_PAGES)
    def words_on(place: int) -> frozenset[str]:
        return unbroken_words(glyphs_of(place).text)

    @lru_cache(_KEPT_PAGES)
    def lines_of(place: int) -> list[Line]:
        return find_lines(glyphs_of(place).from_the_left())

    @lru_cache(_KEPT_PAGES)
    def edges_of(place: int) -> Edges:
        return find_edges(lines_of(place), glyphs_of(place))

    def read(place: int) -> PdfPageText:
        seen = glyphs_of(place).from_the_left()
        lines = join_cells(without_margins(lines_of(place), place, count, edges_of), seen)
        nearby = range(max(0, place - _NEIGHBOUR_PAGES), min(count, place + _NEIGHBOUR_PAGES + 1))
        return _page_text(lines, seen, lambda word: any(word in words_on(neighbour) for neighbour in nearby))

    return read


def _page_text(lines: Sequence[Line], glyphs: Glyphs, is_word: IsWord) -> PdfPageText:
    return write_text(lay_out(order_blocks(lines), glyphs), glyphs, is_word)


def _boxes_by_line(boxes: list[Box]) -> list[Box]:
    """Boxes of characters merged while they stand side by side."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _is_beside(lines[-1], box):
            left, bottom, right, top = lines[-1]
            lines[-1] = (
                min(left, box[0]),
                min(bottom, box[1]),
                max(right, box[2]),
                max(top, box[3]),
            )
        else:
            lines.append(box)
    return lines


def _is_beside(line: Box, box: Box) -> bool:
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    return overlap >= 0.5 * min(line[3] - line[1], box[3] - box[1])


def _as_shown(box: Box, *, crop: Box, rotation: int) -> Box:
    left, bottom, right, top = box
    match rotation:
        case 90:
            return bottom - crop[1], crop[2] - right, top - crop[1], crop[2] - left
        case 180:
            return crop[2] - right, crop[3] - top, crop[2] - left, crop[3] - bottom
        case 270:
            return crop[3] - top, left - crop[0], crop[3] - bottom, right - crop[0]
        case _:
            return left - crop[0], bottom - crop[1], right - crop[0], top - crop[1]
