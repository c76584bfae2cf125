"""Opens PDF files with PDFium, and reads their pages into characters with their boxes and directions."""

import ctypes
import logging
import math
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.pdf.annotations import Box, read_annotations, type_in
from ingest.reading.pdf.lines import (
    DIRECTIONS,
    SAME_LINE_OVERLAP,
    Bools,
    Floats,
    Glyphs,
    Ints,
    find_codes,
    find_visible,
    turn,
)
from ingest.reading.pdf.right_to_left import has_leftward, reorder
from ingest.reading.pdf.text import LINE_END_HYPHEN
from vectorstore.errors import UnreadableFileError

# PDFium keeps global state: whoever calls it, in whatever thread, holds this lock.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it warns of each form of a kind that it draws in part
PDFIUM_LOCK = threading.RLock()
_SIGNATURE_WITHIN = 1024
_OBJECT = re.compile(rb"\d+[ \t\r\n]+\d+[ \t\r\n]+obj\b")
_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5
_UPRIGHT, _UPSIDE_DOWN = 0, 2
_SIZE_STEP = 0.1
_THIN, _SHORT, _MOST_OBJECTS = 2.5, 4.0, 1_500  # points; of the lines that may strike words out


@contextmanager
def open_pdf(data: bytes, password: str | None = None) -> Iterator[pdfium.PdfDocument]:
    """The document, closed at the end; every error of PDFium inside the block becomes an UnreadableFileError."""
    data = _with_signature(data)
    document = None
    try:
        with PDFIUM_LOCK:
            document = pdfium.PdfDocument(data, password)
            with suppress(pdfium.PdfiumError):  # a form that is damaged is left out
                document.init_forms()
        yield document
    except pdfium.PdfiumError as error:
        raise _unreadable(error, password) from error
    finally:
        with PDFIUM_LOCK:
            if document:
                document.close()


@contextmanager
def open_page(document: pdfium.PdfDocument, place: int) -> Iterator[pdfium.PdfPage]:
    """The page at an index, closed at the end; no other thread can call PDFium meanwhile."""
    with PDFIUM_LOCK:
        page = document[place]
        try:
            yield page
        finally:
            page.close()  # closes its text pages too


def _with_signature(data: bytes) -> bytes:
    """PDFium looks for the signature in the first bytes alone; viewers open files without it, or with more before."""
    start = data.find(b"%PDF-")
    if 0 <= start < _SIGNATURE_WITHIN:
        return data
    if _OBJECT.search(data, max(start, 0)) is None or b"endobj" not in data:
        raise UnreadableFileError("not a PDF: it does not begin as one", "check what the file really is")
    return data[start:] if start > 0 else b"%PDF-1.7\n" + data


def _unreadable(error: pdfium.PdfiumError, password: str | None) -> UnreadableFileError:
    if error.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
        if password is not None:
            return UnreadableFileError("the PDF is encrypted, with another password", "give --password with its own")
        return UnreadableFileError("the PDF is encrypted", "give its password: rag ingest --password …")
    return UnreadableFileError("the PDF is damaged", "open it in a PDF viewer, save it again and ingest it")


@dataclass(frozen=True, slots=True)
class PageContents:
    """The characters of a page, those of one direction of writing at a time, the commonest first; comments on it.

    Their indices are the page's; a line ends where characters of another direction are.
    """

    parts: tuple[Glyphs, ...]
    comments: Glyphs


def read_glyphs(document: pdfium.PdfDocument, place: int) -> PageContents:
    """What there is to read on the page at index `place`."""
    with open_page(document, place) as page:
        shown = page.get_rotation()
        try:
            text_page, text, visible, directions = _read_characters(page)
            best = _best_rotation(directions)
            if best != shown:
                page.set_rotation(best)
                text_page, text, visible, directions = _read_characters(page)
            boxes = _character_boxes(text_page.raw, len(text), visible)
            own = np.ascontiguousarray(boxes[visible].T)
            if len(visible) and (off := _off_the_page(own, page.get_bbox())) is not None:
                visible, directions, own = visible[~off], directions[~off], own[:, ~off]
            origins, sizes = _type_sizes(text_page.raw, len(text), visible, own)
            annotations = read_annotations(document, page)
            struck = [*annotations.struck, *_thin_lines(page)] if len(visible) else []
            producer = document.get_metadata_value("Producer") if has_leftward(text) else ""
        finally:
            if page.get_rotation() != shown:
                page.set_rotation(shown)
    lines = np.array(struck, dtype=np.float32) if struck else None
    whole = Glyphs(text, visible, boxes, sizes=sizes, baselines=origins, struck=lines)
    parts = [
        reorder(part, producer, number * len(text)) for number, part in enumerate(_by_direction(whole, directions))
    ]
    if annotations.typed:
        upright = Glyphs("", visible[:0], boxes[:0], -shown // 90 % DIRECTIONS)
        parts[:1] = [type_in(parts[0] if parts else upright, annotations.typed, max(map(_length, parts), default=0))]
    end = max(map(_length, parts), default=0) if annotations.comments else 0
    comments = type_in(Glyphs("", visible[:0], boxes[:0]), annotations.comments, end, between="\n\n")
    return PageContents(tuple(parts), comments)


def _by_direction(glyphs: Glyphs, directions: Ints) -> Iterator[Glyphs]:
    counts = np.bincount(directions, minlength=DIRECTIONS)
    if counts[_UPRIGHT] == len(directions) > 0:
        yield glyphs if glyphs.baselines is None else replace(glyphs, baselines=glyphs.baselines[:, 3])
        return
    for direction in sorted(np.flatnonzero(counts).tolist(), key=lambda direction: -counts[direction]):
        own, others = glyphs.visible[directions == direction], glyphs.visible[directions != direction]
        characters = np.array(list(glyphs.text) if len(others) else [], dtype=object)
        characters[others] = "\n"
        yield replace(
            glyphs,
            text="".join(characters) or glyphs.text,
            visible=own,
            boxes=turn(glyphs.boxes, -direction),
            direction=direction,
            baselines=None if glyphs.baselines is None else turn(glyphs.baselines, -direction)[:, 3],
            struck=None if glyphs.struck is None else turn(glyphs.struck, -direction),
        )


def _off_the_page(own: Floats, page: Box) -> Bools | None:
    """Which characters do not stand on the page, if some do; some programs leave there what they cut away."""
    left, bottom, right, top = page
    if own[0].min() >= left and own[1].max() <= top and own[2].max() <= right and own[3].min() >= bottom:
        return None
    x, y = (own[0] + own[2]) / 2, (own[1] + own[3]) / 2
    off: Bools = (x < left) | (x > right) | (y < bottom) | (y > top)
    return None if off.all() else off


def _length(part: Glyphs) -> int:
    return len(part.text)


def _best_rotation(directions: Ints) -> int:
    """The rotation of a page, in degrees, in which PDFium reads most of its text well.

    PDFium puts the words of a line in reverse where they are shown upside down; those that run up or down it reads.
    """
    counts = np.bincount(directions, minlength=DIRECTIONS).tolist()
    return 90 * min(range(DIRECTIONS), key=lambda turn: (counts[_UPSIDE_DOWN - turn], -counts[_UPRIGHT - turn]))


def _read_characters(page: pdfium.PdfPage) -> tuple[pdfium.PdfTextPage, str, Ints, Ints]:
    """The text page, its text, and the indices and directions of its visible characters."""
    text_page = page.get_textpage()
    text = _text_of(text_page.raw, text_page.count_chars())
    visible = find_visible(text)
    return text_page, text, visible, _directions(text_page.raw, text, visible)


def _directions(text_page: pdfium_c.FPDF_TEXTPAGE, text: str, visible: Ints) -> Ints:
    """Asked once a word: a word has one direction."""
    if not len(visible):
        return np.zeros(0, dtype=np.intp)
    # A hyphen at a line's end counts as the line's end too.
    ends = np.diff(visible) > 1
    if LINE_END_HYPHEN in text:
        ends |= find_codes(text)[visible[:-1]] == ord(LINE_END_HYPHEN)
    starts = np.concatenate(([True], ends))
    handle = ctypes.cast(text_page, ctypes.c_void_p)
    angles = list(map(_plain_functions().char_angle, repeat(handle), visible[starts].tolist()))
    quarters: Ints = np.rint(np.maximum(angles, 0) / (np.pi / 2)).astype(np.intp) % DIRECTIONS
    spread: Ints = quarters[np.cumsum(starts) - 1]
    return spread


def _text_of(text_page: pdfium_c.FPDF_TEXTPAGE, count: int) -> str:
    """One code point a character. PDFium's own text leaves some out and writes others as two UTF-16 units.

    Asked for one character, PDFium gives U+0002 where its text has U+FFFE.
    """
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
    if written == count + 1 and len(text) == count:
        return text
    codes = [pdfium_c.FPDFText_GetUnicode(text_page, index) for index in range(count)]
    return "".join(chr(code) if code <= 0x10FFFF else "\0" for code in codes).replace("\x02", LINE_END_HYPHEN)


def _character_boxes(text_page: pdfium_c.FPDF_TEXTPAGE, count: int, visible: Ints) -> Floats:
    # One call a character is most of the reading time.
    boxes = np.zeros((count, 4), dtype=np.float32)
    addresses = (boxes.ctypes.data + boxes.strides[0] * visible).tolist()
    handle = ctypes.cast(text_page, ctypes.c_void_p)
    deque(map(_plain_functions().char_box, repeat(handle), visible.tolist(), addresses), maxlen=0)
    return boxes


def _type_sizes(
    text_page: pdfium_c.FPDF_TEXTPAGE, count: int, visible: Ints, own: Floats
) -> tuple[Floats | None, Floats | None]:
    """Where each character stands on its line, as a box of no extent, and its size, on lines of several sizes.

    None where there is no such line. Asked once a run of characters whose boxes are equally high.
    """
    _, top, _, bottom = own
    heights = top - bottom
    smaller = np.minimum(heights[1:], heights[:-1])
    changes = np.abs(np.diff(heights)) > _SIZE_STEP * smaller
    if not changes.any():
        return None, None
    # PDFium may end a line at a raised character.
    apart = np.minimum(top[1:], top[:-1]) - np.maximum(bottom[1:], bottom[:-1]) < SAME_LINE_OVERLAP * smaller
    lines = np.concatenate(([0], np.cumsum(apart)))
    uneven = np.zeros(int(lines[-1]) + 1, dtype=np.bool_)
    uneven[lines[1:][changes & ~apart]] = True
    starts = np.flatnonzero(np.concatenate(([True], changes | apart)))
    ends = np.append(starts[1:], len(visible))
    asked = uneven[lines[starts]]
    if not asked.any():
        return None, None
    origins = np.zeros((count, 4), dtype=np.float32)
    sizes = np.zeros(count, dtype=np.float32)
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
    for start, end in zip(starts[asked].tolist(), ends[asked].tolist(), strict=True):
        index, run = int(visible[start]), visible[start:end]
        pdfium_c.FPDFText_GetCharOrigin(text_page, index, x, y)
        pdfium_c.FPDFText_GetMatrix(text_page, index, matrix)
        origins[run] = (x.value, y.value, x.value, y.value)
        sizes[run] = pdfium_c.FPDFText_GetFontSize(text_page, index) * math.hypot(matrix.c, matrix.d)
    return origins, sizes


def _thin_lines(page: pdfium.PdfPage) -> Iterator[Box]:
    bounds = np.zeros(4, dtype=np.float32)
    addresses = [bounds.ctypes.data + place * bounds.itemsize for place in range(4)]
    handle = ctypes.cast(page.raw, ctypes.c_void_p)
    count = min(pdfium_c.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)
    plain = _plain_functions()
    for drawn in map(plain.page_object, repeat(handle), range(count)):
        if plain.object_type(drawn) == pdfium_c.FPDF_PAGEOBJ_PATH and plain.object_bounds(drawn, *addresses):
            left, bottom, right, top = bounds.tolist()
            across, up = right - left, top - bottom
            if min(across, up) <= _THIN and max(across, up) > _SHORT:
                yield left, top, right, bottom


class _PlainFunctions(NamedTuple):
    """Functions of PDFium that take plain addresses, in half the time that ctypes objects take."""

    char_box: Callable[..., int]
    char_angle: Callable[..., float]
    page_object: Callable[..., int]
    object_type: Callable[..., int]
    object_bounds: Callable[..., int]


@cache
def _plain_functions() -> _PlainFunctions:
    address, number, boxed = ctypes.c_void_p, ctypes.c_int, ctypes.c_float
    return _PlainFunctions(
        ctypes.cast(pdfium_c.FPDFText_GetLooseCharBox, ctypes.PYFUNCTYPE(number, address, number, address)),
        ctypes.cast(pdfium_c.FPDFText_GetCharAngle, ctypes.PYFUNCTYPE(boxed, address, number)),
        ctypes.cast(pdfium_c.FPDFPage_GetObject, ctypes.PYFUNCTYPE(address, address, number)),
        ctypes.cast(pdfium_c.FPDFPageObj_GetType, ctypes.PYFUNCTYPE(number, address)),
        ctypes.cast(pdfium_c.FPDFPageObj_GetBounds, ctypes.PYFUNCTYPE(number, *[address] * 5)),
    )
