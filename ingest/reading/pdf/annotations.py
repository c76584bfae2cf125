"""Reads what people put on the pages of a PDF: the values of form fields, typed text, comments, struck out words."""

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.pdf.lines import Floats, Glyphs, find_visible, turn

_MOST = 2_000  # annotations of a page
_MOST_CHARACTERS, _MOST_CHARACTERS_OF_A_PAGE = 200_000, 1_000_000
_UNSEEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13  # a field whose value is not shown
# Popups repeat the comment they belong to; the words of links are on the page.
_NO_COMMENTS = (
    pdfium_c.FPDF_ANNOT_LINK,
    pdfium_c.FPDF_ANNOT_POPUP,
    pdfium_c.FPDF_ANNOT_WIDGET,
    pdfium_c.FPDF_ANNOT_FREETEXT,
)
_MARKUP = (
    pdfium_c.FPDF_ANNOT_HIGHLIGHT,
    pdfium_c.FPDF_ANNOT_UNDERLINE,
    pdfium_c.FPDF_ANNOT_SQUIGGLY,
    pdfium_c.FPDF_ANNOT_STRIKEOUT,
)
_TICKABLE = (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON)
_CHOICES = (pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX)
_SHOWN = re.compile(r"\(((?:\\.|[^\\()])*)\)\s*(?:Tj|')")
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Annotations:
    """Text with the box it is in: `typed` belongs to the page, `comments` are about it; boxes of struck out words."""

    typed: tuple[tuple[str, Box], ...] = ()
    comments: tuple[tuple[str, Box], ...] = ()
    struck: tuple[Box, ...] = ()


def read_annotations(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> Annotations:
    """Those that a reader can see; the document's forms are initialised, the lock of PDFium is held."""
    count = min(pdfium_c.FPDFPage_GetAnnotCount(page.raw), _MOST)
    if not count:
        return Annotations()
    typed, comments, struck = list[tuple[str, Box]](), list[tuple[str, Box]](), list[Box]()
    for place in range(count):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, place)
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        if not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
            box = _box(annotation)
            if kind == pdfium_c.FPDF_ANNOT_STRIKEOUT:
                struck += _quads(annotation)
            if kind == pdfium_c.FPDF_ANNOT_WIDGET and document.formenv:
                typed.append((_value(document.formenv.raw, annotation), box))
            elif kind == pdfium_c.FPDF_ANNOT_FREETEXT:
                typed.append((_entry(annotation, b"Contents"), box))
            elif kind not in _NO_COMMENTS and not pdfium_c.FPDFAnnot_HasKey(annotation, b"StateModel"):
                comments.append((_comment(annotation, page, quoted=kind in _MARKUP), box))
        pdfium_c.FPDFPage_CloseAnnot(annotation)
    return Annotations(_with_words(typed), _with_words(comments), tuple(struck))


def _with_words(texts: list[tuple[str, Box]]) -> tuple[tuple[str, Box], ...]:
    ends = accumulate(len(text) for text, _ in texts)
    return tuple(
        found for found, end in zip(texts, ends, strict=True) if found[0].strip() and end <= _MOST_CHARACTERS_OF_A_PAGE
    )


def _comment(annotation: Any, page: pdfium.PdfPage, *, quoted: bool) -> str:
    """Some programs put the marked words themselves into a highlight: those are on the page."""
    words = " ".join(_entry(annotation, b"Contents").split())
    if not words or (quoted and words in " ".join(page.get_textpage().get_text_bounded().split())):
        return ""
    author = " ".join(_entry(annotation, b"T").split())
    return f"Comment by {author}: {words}" if author else f"Comment: {words}"


def _value(forms: Any, annotation: Any) -> str:
    """What a form field shows; a box to tick is `[x]` or `[ ]`."""
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(forms, annotation)
    if kind in _TICKABLE:
        return "[x]" if pdfium_c.FPDFAnnot_IsChecked(forms, annotation) else "[ ]"
    if kind in _CHOICES:
        count = min(pdfium_c.FPDFAnnot_GetOptionCount(forms, annotation), _MOST)
        chosen = [
            _text(partial(pdfium_c.FPDFAnnot_GetOptionLabel, forms, annotation, option))
            for option in range(count)
            if pdfium_c.FPDFAnnot_IsOptionSelected(forms, annotation, option)
        ]
        if chosen:
            return ", ".join(chosen)
    elif kind != pdfium_c.FPDF_FORMFIELD_TEXTFIELD:
        return ""
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(forms, annotation) & _PASSWORD:
        return ""
    value = _text(partial(pdfium_c.FPDFAnnot_GetFormFieldValue, forms, annotation))
    script = pdfium_c.FPDF_ANNOT_AACTION_FORMAT
    if value and _text(partial(pdfium_c.FPDFAnnot_GetFormAdditionalActionJavaScript, forms, annotation, script)):
        return _shown(annotation) or value  # `4.5` that is shown as `4,50 €`
    return value.replace("\r\n", "\n").replace("\r", "\n")


def _shown(annotation: Any) -> str:
    """The plain strings that the field's appearance draws."""
    drawn = _text(partial(pdfium_c.FPDFAnnot_GetAP, annotation, pdfium_c.FPDF_ANNOT_APPEARANCEMODE_NORMAL))
    text = " ".join(_ESCAPE.sub(_unescape, string) for string in _SHOWN.findall(drawn)).strip()
    return text if text.isprintable() else ""


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return bytes([int(code, 8) & 0xFF]).decode("cp1252", "replace") if code.isdigit() else code


def _entry(annotation: Any, key: bytes) -> str:
    return _text(partial(pdfium_c.FPDFAnnot_GetStringValue, annotation, key))


def _text(function: Callable[[Any, int], int]) -> str:
    """PDFium writes UTF-16 into a buffer of as many bytes as it asks for."""
    size = min(function(None, 0), 2 * _MOST_CHARACTERS)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _box(annotation: Any) -> Box:
    box = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, box)
    return box.left, max(box.top, box.bottom), box.right, min(box.top, box.bottom)


def _quads(annotation: Any) -> Iterator[Box]:
    for place in range(min(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation), _MOST)):
        quad = pdfium_c.FS_QUADPOINTSF()
        pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, place, quad)
        across, up = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
        yield min(across), max(up), max(across), min(up)


def type_in(glyphs: Glyphs, texts: tuple[tuple[str, Box], ...], start: int, *, between: str = "\n") -> Glyphs:
    """The glyphs with more text, at indices from `start` on, each in its box; its lines are below each other in it."""
    if not texts:
        return replace(glyphs, typed_from=start)
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
    middles = None if glyphs.middles is None else np.pad(glyphs.middles, added, constant_values=np.nan)
    return Glyphs(
        text, visible, whole, glyphs.direction, middles, start, sizes=sizes, baselines=baselines, struck=glyphs.struck
    )
