"""The bytes of a PDF turned into pages of running text, and a quote of it turned back into boxes on its page."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import pypdfium2 as pdfium

from ingest.reading.pdf.characters import PDFIUM_LOCK, open_pdf, read_glyphs
from ingest.reading.pdf.lines import Glyphs, Line, find_lines
from ingest.reading.pdf.margins import Edges, find_edges, without_margins
from ingest.reading.pdf.paragraphs import lay_out
from ingest.reading.pdf.quote_boxes import Box, PdfPageMap
from ingest.reading.pdf.reading_order import order_blocks
from ingest.reading.pdf.tables import join_cells
from ingest.reading.pdf.text import IsWord, PdfPageText, join_texts, unbroken_words, write_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

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
    """Where the characters `start:end` of a page's text stand, as `PdfPageMap.boxes` gives them."""
    return map_pdf_page(data, page, password=password).boxes(start, end)


def map_pdf_page(data: bytes, page: int, *, password: str | None = None) -> PdfPageMap:
    """One page with its text, from which any quote of it is boxed."""
    with open_pdf(data, password) as document:
        read = _read_alone(document, page)
        parts = read_glyphs(document, page - 1)
        with PDFIUM_LOCK:
            shown = document[page - 1]
            crop, rotation = shown.get_bbox(), shown.get_rotation()
            shown.close()
    return PdfPageMap(read, parts, crop, rotation)


def _read_alone(document: pdfium.PdfDocument, page: int) -> PdfPageText:
    with PDFIUM_LOCK:
        count = len(document)
    if not 1 <= page <= count:
        raise UnreadableFileError(f"the PDF has no page {page}", f"ask for one of its pages, 1 to {count}")
    return _page_reader(document, count)(page - 1)


def _page_reader(document: pdfium.PdfDocument, count: int) -> Callable[[int], PdfPageText]:
    """Reads the page at an index; pages read for their words are kept for when it is their turn."""
    parts_of = lru_cache(_KEPT_PAGES)(partial(read_glyphs, document))

    @lru_cache(_KEPT_PAGES)
    def words_on(place: int) -> frozenset[str]:
        return frozenset[str]().union(*(unbroken_words(part.text) for part in parts_of(place)))

    @lru_cache(_KEPT_PAGES)
    def lines_of(place: int) -> dict[int, list[Line]]:
        return {part.direction: find_lines(part.from_the_left()) for part in parts_of(place)}

    @lru_cache(_KEPT_PAGES)
    def edges_of(direction: int, place: int) -> Edges:
        parts = {part.direction: part for part in parts_of(place)}
        return find_edges(lines_of(place)[direction], parts[direction]) if direction in parts else ((), ())

    def read(place: int) -> PdfPageText:
        nearby = range(max(0, place - _NEIGHBOUR_PAGES), min(count, place + _NEIGHBOUR_PAGES + 1))
        characters = sum(len(part.visible) for part in parts_of(place))
        texts = []
        for part in parts_of(place):
            edges = partial(edges_of, part.direction)
            lines = without_margins(lines_of(place)[part.direction], place, count, edges, characters=characters)
            texts.append(_part_text(lines, part, lambda word: any(word in words_on(p) for p in nearby)))
        return join_texts(texts)

    return read


def _part_text(lines: Sequence[Line], part: Glyphs, is_word: IsWord) -> PdfPageText:
    seen = part.from_the_left()
    return write_text(lay_out(order_blocks(join_cells(lines, seen)), seen), seen, is_word)
