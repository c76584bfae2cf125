"""Reads PDF files into pages of running text, and finds the boxes of a quote on its page."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pypdfium2 as pdfium

from ingest.reading.pdf.characters import PDFIUM_LOCK, open_page, open_pdf, read_glyphs
from ingest.reading.pdf.lines import Floats, Glyphs, Ints, Line, find_lines, turn
from ingest.reading.pdf.margins import Edges, find_edges, without_margins
from ingest.reading.pdf.reading_order import join_cells, order_blocks, put_in_place
from ingest.reading.pdf.styles import find_styles
from ingest.reading.pdf.text import IsWord, PdfPageText, join_texts, lay_out, unbroken_words, write_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# Hyphens are judged by the words of the page and of this many pages before and after it: few, so that one page alone
# is read quickly.
_NEIGHBOUR_PAGES = 5
_KEPT_PAGES = 4 * _NEIGHBOUR_PAGES
# Codes of shapes, of no letters; a bullet may have one.
_UNKNOWN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PdfPageMap:
    """A page's text, its characters, and how the page is shown: cropped and turned as the PDF says."""

    read: PdfPageText
    parts: tuple[Glyphs, ...]
    crop: Box
    rotation: int

    @property
    def height(self) -> float:
        left, bottom, right, top = self.crop
        return right - left if self.rotation in (90, 270) else top - bottom

    def boxes(self, start: int, end: int) -> list[Box]:
        """Where the characters `start:end` of the text are: a box (left, bottom, right, top) a line.

        In points, from the lower left corner of the page as it is shown.
        """
        indices = self.read.char_indices[start:end]
        quoted = np.array([index for index in indices if index is not None], dtype=np.intp)
        drawn = [_boxes_of(glyphs, quoted) for glyphs in self.parts]
        left, bottom, right, top = self.crop
        corner, *shown = turn(np.concatenate([[(left, top, right, bottom)], *drawn]), self.rotation // 90).tolist()
        return [(box[0] - corner[0], box[3] - corner[3], box[2] - corner[0], box[1] - corner[3]) for box in shown]


def read_pdf(data: bytes, password: str | None = None) -> tuple[str | None, tuple[Page, ...]]:
    """The title in the PDF's metadata, if any, and the pages that have text; raises UnreadableFileError."""
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            title = document.get_metadata_value("Title") or None
            count = len(document)
        read = _page_reader(document, count)
        pages = [Page(place + 1, read(place).text) for place in range(count)]
    return title, tuple(page for page in pages if page.text)


def is_blank(data: bytes, password: str | None = None) -> bool:
    """Whether nothing at all is drawn on any page."""
    with open_pdf(data, password) as document, PDFIUM_LOCK:
        return not any(next(page.get_objects(max_depth=1), None) for page in document)


def map_pdf_page(data: bytes, page: int, *, password: str | None = None) -> PdfPageMap:
    """One page (counted from 1) with the text that `read_pdf` gives, from which any quote of it is boxed."""
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            count = len(document)
        if not 1 <= page <= count:
            raise UnreadableFileError(f"the PDF has no page {page}", f"ask for one of its pages, 1 to {count}")
        read = _page_reader(document, count)(page - 1)
        contents = read_glyphs(document, page - 1)
        with open_page(document, page - 1) as shown:
            return PdfPageMap(read, (*contents.parts, contents.comments), shown.get_bbox(), shown.get_rotation())


def _page_reader(document: pdfium.PdfDocument, count: int) -> Callable[[int], PdfPageText]:
    """Reads the page at an index; pages read for their words are kept for when it is their turn."""
    contents_of = lru_cache(_KEPT_PAGES)(partial(read_glyphs, document))

    def parts_of(place: int) -> tuple[Glyphs, ...]:
        return contents_of(place).parts

    @lru_cache(_KEPT_PAGES)
    def words_on(place: int) -> frozenset[str]:
        return frozenset[str]().union(*(unbroken_words(part.text) for part in parts_of(place)))

    @lru_cache(_KEPT_PAGES)
    def lines_of(place: int) -> dict[int, list[Line]]:
        return {part.direction: _find_lines(part.from_the_left()) for part in parts_of(place)}

    @lru_cache(_KEPT_PAGES)
    def edges_of(direction: int, place: int) -> Edges:
        parts = {part.direction: part for part in parts_of(place)}
        return find_edges(lines_of(place)[direction], parts[direction]) if direction in parts else ((), ())

    def read(place: int) -> PdfPageText:
        if _is_unreadable(parts_of(place)):
            return PdfPageText("", ())
        nearby = range(max(0, place - _NEIGHBOUR_PAGES), min(count, place + _NEIGHBOUR_PAGES + 1))
        characters = sum(len(part.visible) for part in parts_of(place))
        texts = []
        for part in parts_of(place):
            edges = partial(edges_of, part.direction)
            lines = without_margins(lines_of(place)[part.direction], place, count, edges, characters=characters)
            texts.append(_part_text(lines, part, lambda word: any(word in words_on(p) for p in nearby)))
        return join_texts([*texts, _comments_text(contents_of(place).comments)])

    return read


def _is_unreadable(parts: Sequence[Glyphs]) -> bool:
    """Whether the fonts of a page do not tell which letters their shapes are."""
    unknown = sum(len(_UNKNOWN.findall(part.text)) for part in parts)
    return unknown > 0 and unknown > sum(map(str.isalnum, "".join(part.text for part in parts)))


def _find_lines(part: Glyphs) -> list[Line]:
    lines = find_lines(part)
    return put_in_place(lines, part.typed_from) if len(part.text) > part.typed_from else lines


def _comments_text(comments: Glyphs) -> PdfPageText:
    start = comments.typed_from + len("\n\n")
    return PdfPageText(comments.text[start:], tuple(range(start, len(comments.text))))


def _part_text(lines: Sequence[Line], part: Glyphs, is_word: IsWord) -> PdfPageText:
    seen = part.from_the_left()
    laid_out = lay_out(order_blocks(join_cells(lines, seen)), seen)
    return write_text(laid_out, seen, find_styles([line for line, _ in laid_out], part), is_word)


def _boxes_of(glyphs: Glyphs, quoted: Ints) -> Floats:
    """A box (left, top, right, bottom) a line around those characters of one direction."""
    lines: list[Box] = []
    for box in glyphs.boxes[quoted[np.isin(quoted, glyphs.visible)]].tolist():
        left, top, right, bottom = box
        if lines and _shares_line(lines[-1], box):
            last = lines[-1]
            lines[-1] = min(last[0], left), max(last[1], top), max(last[2], right), min(last[3], bottom)
        else:
            lines.append((left, top, right, bottom))
    return turn(np.array(lines).reshape(-1, 4), glyphs.direction)


def _shares_line(one: Box, other: Box) -> bool:
    (_, top, _, bottom), (_, other_top, _, other_bottom) = one, other
    overlap = min(top, other_top) - max(bottom, other_bottom)
    return overlap >= 0.5 * min(top - bottom, other_top - other_bottom)
