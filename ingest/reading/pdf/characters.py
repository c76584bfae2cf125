"""Opens PDF files with PDFium, and reads their pages into characters with their boxes and directions."""

import ctypes
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.pdf.annotations import Box, read_annotations
from ingest.reading.pdf.lines import Floats, Glyphs, Ints, find_visible
from ingest.reading.pdf.right_to_left import reorder
from ingest.reading.pdf.text import LINE_END_HYPHEN
from vectorstore.errors import UnreadableFileError

# PDFium keeps global state: whoever calls it, in whatever thread, holds this lock.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it warns of each form of a kind that it draws in part
PDFIUM_LOCK = threading.RLock()
_SIGNATURE_WITHIN = 1024
_OBJECT = re.compile(rb"\d+[ \t\r\n]+\d+[ \t\r\n]+obj\b")
_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5
# A direction counts the quarter turns, clockwise, from upright text to this one.
_UPRIGHT, _UPSIDE_DOWN = 0, 2
_DIRECTIONS = 4
_SIZE_STEP = 0.05
_THIN, _SHORT, _MOST_OBJECTS = 2.5, 4.0, 3_000  # points; of the lines that may strike words out
_QUARTER_TURN = np.array([1, -1, 1, -1], dtype=np.float32)


@contextmanager
def open_pdf(data: bytes, password: str | None = None) -> Iterator[pdfium.PdfDocument]:
    """The document, closed at the end; every error of PDFium inside the block becomes an UnreadableFileError."""
    data = _with_signature(data)
    document = None
    try:
        with PDFIUM_LOCK:
            document = pdfium.PdfDocument(data, password)
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
            visible, directions = _on_the_page(visible, directions, boxes, page.get_bbox())
            origins, sizes = _type_sizes(text_page.raw, text, visible, boxes)
            annotations = read_annotations(document, page)
            struck = np.array([*annotations.struck, *_thin_lines(page)], dtype=np.float32).reshape(-1, 4)
            producer = document.get_metadata_value("Producer")
        finally:
            if page.get_rotation() != shown:
                page.set_rotation(shown)
    whole = Glyphs(text, visible, boxes, sizes=sizes, baselines=origins, struck=struck if len(struck) else None)
    parts = [
        reorder(part, producer, number * len(text)) for number, part in enumerate(_by_direction(whole, directions))
    ]
    if annotations.typed:
        upright = Glyphs("", visible[:0], boxes[:0], -shown // 90 % _DIRECTIONS)
        parts[:1] = [type_in(parts[0] if parts else upright, annotations.typed, max(map(_length, parts), default=0))]
    end = max(map(_length, parts), default=0)
    comments = type_in(Glyphs("", visible[:0], boxes[:0]), annotations.comments, end, between="\n\n")
    return PageContents(tuple(parts), comments)


def _by_direction(glyphs: Glyphs, directions: Ints) -> Iterator[Glyphs]:
    counts = np.bincount(directions, minlength=_DIRECTIONS)
    for direction in sorted(np.flatnonzero(counts).tolist(), key=lambda direction: -counts[direction]):
        own, others = glyphs.visible[directions == direction], glyphs.visible[directions != direction]
        characters = np.array(list(glyphs.text) if len(others) else [], dtype=object)
        characters[others] = "\n"
        origins = glyphs.baselines
        yield replace(
            glyphs,
            text="".join(characters) or glyphs.text,
            visible=own,
            boxes=turn(glyphs.boxes, -direction),
            direction=direction,
            baselines=None if origins is None else turn(origins, -direction)[:, 3],
            struck=None if glyphs.struck is None else turn(glyphs.struck, -direction),
        )


def _on_the_page(visible: Ints, directions: Ints, boxes: Floats, page: Box) -> tuple[Ints, Ints]:
    """Those that stand on the page, if any do; some programs leave there what they cut away."""
    left, bottom, right, top = page
    x, y = (boxes[visible, 0] + boxes[visible, 2]) / 2, (boxes[visible, 1] + boxes[visible, 3]) / 2
    inside = (x > left) & (x < right) & (y > bottom) & (y < top)
    return (visible[inside], directions[inside]) if inside.any() else (visible, directions)


def _length(part: Glyphs) -> int:
    return len(part.text)


def type_in(glyphs: Glyphs, texts: Sequence[tuple[str, Box]], start: int, *, between: str = "\n") -> Glyphs:
    """The glyphs with more text, at indices from `start` on, each in its box; its lines are below each other in it."""
    text = glyphs.text.ljust(start, "\n")
    boxes: list[Floats] = [glyphs.boxes, np.zeros((start - len(glyphs.text), 4), dtype=np.float32)]
    for words, (left, top, right, bottom) in texts:
        rows = words.split("\n")
        height = (top - bottom) / len(rows)
        for number, row in enumerate(rows):
            separator = between if number == 0 else "\n"
            text += separator + row
            box = np.zeros((len(separator) + len(row), 4), dtype=np.float32)
            box[len(separator) :] = (left, top - number * height, right, top - (number + 1) * height)
            boxes.append(turn(box, -glyphs.direction))
    whole = np.concatenate(boxes)
    found = find_visible(text)
    visible = np.concatenate([glyphs.visible, found[found >= start]])
    added = (0, len(text) - len(glyphs.text))
    sizes = None if glyphs.sizes is None else np.pad(glyphs.sizes, added)
    baselines = None if glyphs.baselines is None else np.pad(glyphs.baselines, added)
    return replace(glyphs, text=text, visible=visible, boxes=whole, typed_from=start, sizes=sizes, baselines=baselines)


def turn(boxes: Floats, quarters: int) -> Floats:
    """Boxes (left, top, right, bottom) turned clockwise about the origin."""
    for _ in range(quarters % _DIRECTIONS):
        boxes = boxes[:, (3, 0, 1, 2)] * _QUARTER_TURN
    return boxes


def _best_rotation(directions: Ints) -> int:
    """The rotation of a page, in degrees, in which PDFium reads most of its text well.

    PDFium puts the words of a line in reverse where they are shown upside down; those that run up or down it reads.
    """
    counts = np.bincount(directions, minlength=_DIRECTIONS)

    def badness(quarters: int) -> tuple[int, int]:
        shown = np.roll(counts, quarters)
        return int(shown[_UPSIDE_DOWN]), -int(shown[_UPRIGHT])

    return 90 * min(range(_DIRECTIONS), key=badness)


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
    hyphens = np.array([text[index] == LINE_END_HYPHEN for index in visible[:-1].tolist()], dtype=np.bool_)
    starts = np.concatenate(([True], (np.diff(visible) > 1) | hyphens))
    angles = [pdfium_c.FPDFText_GetCharAngle(text_page, index) for index in visible[starts].tolist()]
    quarters: Ints = np.rint(np.maximum(angles, 0) / (np.pi / 2)).astype(np.intp) % _DIRECTIONS
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
    # One call a character is most of the reading time; plain addresses take half as long as ctypes objects.
    boxes = np.zeros((count, 4), dtype=np.float32)
    addresses = (boxes.ctypes.data + boxes.strides[0] * visible).tolist()
    handle = ctypes.cast(text_page, ctypes.c_void_p)
    deque(map(_loose_char_box(), repeat(handle), visible.tolist(), addresses), maxlen=0)
    return boxes


def _type_sizes(
    text_page: pdfium_c.FPDF_TEXTPAGE, text: str, visible: Ints, boxes: Floats
) -> tuple[Floats | None, Floats | None]:
    """Where each character stands on its line, as a box of no extent, and its size; None where all have one size.

    Asked once a run of characters whose boxes are equally high.
    """
    heights = boxes[visible, 1] - boxes[visible, 3]
    changes = np.abs(np.diff(heights)) > _SIZE_STEP * np.maximum(heights[1:], heights[:-1])
    if not changes.any():
        return None, None
    lines = np.cumsum(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32) == 10)[visible]
    starts = np.flatnonzero(np.concatenate(([True], changes | (np.diff(lines) > 0))))
    origins = np.zeros((len(text), 4), dtype=np.float32)
    sizes = np.zeros(len(text), dtype=np.float32)
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(visible)], strict=True):
        index, run = int(visible[start]), visible[start:end]
        pdfium_c.FPDFText_GetCharOrigin(text_page, index, x, y)
        pdfium_c.FPDFText_GetMatrix(text_page, index, matrix)
        origins[run] = (x.value, y.value, x.value, y.value)
        scale = max(np.hypot(matrix.c, matrix.d), 1e-6)
        sizes[run] = pdfium_c.FPDFText_GetFontSize(text_page, index) * scale
    return origins, sizes


def _thin_lines(page: pdfium.PdfPage) -> Iterator[Box]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for place in range(min(pdfium_c.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
        drawn = pdfium_c.FPDFPage_GetObject(page.raw, place)
        if pdfium_c.FPDFPageObj_GetType(drawn) != pdfium_c.FPDF_PAGEOBJ_PATH:
            continue
        pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top)
        across, up = right.value - left.value, top.value - bottom.value
        if min(across, up) <= _THIN and max(across, up) > _SHORT:
            yield left.value, top.value, right.value, bottom.value


@cache
def _loose_char_box() -> Callable[[ctypes.c_void_p, int, int], int]:
    address = ctypes.cast(pdfium_c.FPDFText_GetLooseCharBox, ctypes.c_void_p).value
    assert address
    return ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(address)
