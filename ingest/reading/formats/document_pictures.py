"""Extracts the pictures in PDF, Word, PowerPoint and OpenDocument files and web pages, each with its page."""

import base64
import binascii
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from lxml import etree

from ingest.reading.office_package import Package, decrypt_office
from ingest.reading.pdf.characters import PDFIUM_LOCK, open_page, open_pdf
from vectorstore.errors import UnreadableFileError
from vectorstore.pictures import MAX_PIXELS, Pixels, keep_picture, on_paper, read_pixels
from vectorstore.types import Picture

# Smaller ones are bullets, lines and icons.
MIN_SIDE = 64
# A document of more is an album: its pictures are better kept as files.
MAX_FIGURES = 300
MAX_FIGURE_BYTES = 100_000_000
# Pictures within forms within forms; deeper ones are a trick.
_MAX_DEPTH = 4
_DATA_URI = re.compile(rb"data:image/(?:png|jpe?g|gif|webp|bmp);base64,([A-Za-z0-9+/=\s%]+)", re.IGNORECASE)
# Attributes that refer to pictures and to slides.
_IDS = "//@*[contains(namespace-uri(), 'relationships') and ({})]"
_PICTURES = etree.XPath(
    _IDS.format("local-name()='embed' or local-name()='pict' or (local-name()='id' and local-name(..)='imagedata')")
)
_SLIDES = etree.XPath(_IDS.format("local-name()='id' and local-name(..)='sldId'"))
_OPEN_DOCUMENT_PICTURES = etree.XPath(
    "//@*[local-name()='href' and (starts-with(., 'Pictures/') or starts-with(., './Pictures/'))]"
)

# A picture with the page that it is on, None where the format has no pages.
Figure = tuple[int | None, Picture]


def read_figures(data: bytes, *, kind: str, password: str | None = None) -> tuple[list[Figure], str]:
    """Each different picture once, in the order of the document, and what was left out, in words.

    Of other kinds of documents none. Raises the errors of their readers.
    """
    found: dict[str, Figure] = {}
    refused, left_out = 0, []
    for page, pixels in _figures_of(data, kind, password):
        if pixels is None:
            refused += 1
        elif min(pixels.shape[:2]) >= MIN_SIDE:
            picture = keep_picture(pixels)
            if len(found) == MAX_FIGURES and picture.hash not in found:
                left_out = [f"only its first {MAX_FIGURES} pictures were read"]
                break
            found.setdefault(picture.hash, (page, picture))
    if refused:
        left_out.insert(0, f"{refused} pictures in it are damaged, too large or of a kind that is not read")
    return list(found.values()), "; ".join(left_out)


def _figures_of(data: bytes, kind: str, password: str | None) -> Iterator[tuple[int | None, Pixels | None]]:
    """Page and pixels of each; None where it cannot be read."""
    if kind == "pdf":
        yield from _pdf_figures(data, password)
    elif kind == "html":
        yield from ((None, _read(_from_base64(match[1]))) for match in _DATA_URI.finditer(data))
    elif kind in ("docx", "pptx", "odt"):
        data = decrypt_office(data, password)
        try:
            package = Package(data)
            yield from ((page, _read(package.member(name, MAX_FIGURE_BYTES))) for page, name in _places(package, kind))
        except (zipfile.BadZipFile, OSError) as error:
            raise UnreadableFileError("damaged", "open it in its own program and save it again") from error


def _read(data: bytes | None) -> Pixels | None:
    try:
        return read_pixels(data) if data else None
    except UnreadableFileError:
        return None


def _pdf_figures(data: bytes, password: str | None) -> Iterator[tuple[int, Pixels | None]]:
    """One after the other: those of a page of photographs would not fit into memory together."""
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            count = len(document)
        for place in range(count):
            with open_page(document, place) as page:
                for image in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=_MAX_DEPTH):
                    if min(image.get_px_size()) >= MIN_SIDE:
                        yield place + 1, _draw(image)


def _draw(image: pdfium.PdfImage) -> Pixels | None:
    """As it is drawn on the page, masked and turned; None where that would take too many pixels."""
    try:
        width, height = image.get_px_size()
        left, bottom, right, top = image.get_bounds()
        across, up = abs(right - left), abs(top - bottom)
        if width * height > MAX_PIXELS or min(across, up) <= 0:
            return None
        # PDFium draws a stretched picture as large as its finer side asks.
        scale = max(max(width, height) / max(across, up), min(width, height) / min(across, up))
        if across * scale * up * scale > MAX_PIXELS:
            return None
        bitmap = image.get_bitmap(render=True)
        try:
            return on_paper(bitmap.to_pil())
        finally:
            bitmap.close()
    except pdfium.PdfiumError:
        return None


def _from_base64(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(unquote(text.decode("ascii")))
    except (binascii.Error, ValueError):
        return None


def _places(package: Package, kind: str) -> Iterator[tuple[int | None, str]]:
    """The members that are pictures, in the order in which the text refers to them, with their slides."""
    if kind == "docx":
        yield from ((None, name) for name in _related(package, "word/document.xml", _PICTURES))
    elif kind == "pptx":
        for number, slide in enumerate(_related(package, "ppt/presentation.xml", _SLIDES), 1):
            yield from ((number, name) for name in _related(package, slide, _PICTURES))
    elif (content := package.part("content.xml")) is not None:
        found = (str(name).removeprefix("./") for name in _OPEN_DOCUMENT_PICTURES(content))
        yield from ((None, name) for name in dict.fromkeys(found))


def _related(package: Package, part: str, references: etree.XPath) -> list[str]:
    """The members that a part refers to, each once: by ids, which its relations resolve (ECMA-376, part 2, 9.3)."""
    targets, root = package.related(part), package.part(part)
    ids = [] if root is None else [str(found) for found in references(root)]
    return list(dict.fromkeys(targets[found][1] for found in ids if found in targets))
