"""Extracts the pictures in PDF, Word, PowerPoint and OpenDocument files and web pages, each with its page."""

import base64
import binascii
import html
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.file_types import BAD_ZIP
from ingest.reading.office_package import decrypt_office
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
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r"\b(Id|Target|TargetMode)\s*=\s*[\"']([^\"']*)")
_PICTURES = re.compile(r"\br:(?:embed|pict)\s*=\s*\"([^\"]+)\"|<v:imagedata\b[^>]*\br:id\s*=\s*\"([^\"]+)\"")
_SLIDES = re.compile(r"<p:sldId\b[^>]*\br:id\s*=\s*\"([^\"]+)\"()")
_OPEN_DOCUMENT_PICTURE = re.compile(r"xlink:href\s*=\s*\"((?:\./)?Pictures/[^\"]+)\"")


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
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield from ((page, _read(_member(archive, name))) for page, name in _places(archive, kind))
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


def _places(archive: zipfile.ZipFile, kind: str) -> Iterator[tuple[int | None, str]]:
    """The members that are pictures, in the order in which the text refers to them, with their slides."""
    if kind == "docx":
        yield from ((None, name) for name in _related(archive, "word/document.xml", _PICTURES))
    elif kind == "pptx":
        for number, slide in enumerate(_related(archive, "ppt/presentation.xml", _SLIDES), 1):
            yield from ((number, name) for name in _related(archive, slide, _PICTURES))
    else:
        found = _OPEN_DOCUMENT_PICTURE.findall(_text_of(archive, "content.xml"))
        yield from ((None, name) for name in dict.fromkeys(html.unescape(name).removeprefix("./") for name in found))


def _related(archive: zipfile.ZipFile, part: str, references: re.Pattern[str]) -> list[str]:
    """The members that a part refers to, each once: by ids, which its relations resolve (ECMA-376, part 2, 9.3)."""
    folder, name = posixpath.split(part)
    targets = {}
    for relation in _RELATION.findall(_text_of(archive, f"{folder}/_rels/{name}.rels")):
        found = {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(relation)}
        if found.get("TargetMode") != "External" and {"Id", "Target"} <= found.keys():
            targets[found["Id"]] = posixpath.normpath(posixpath.join("/", folder, found["Target"])).lstrip("/")
    ids = [one or other for one, other in references.findall(_text_of(archive, part))]
    return list(dict.fromkeys(targets[found] for found in ids if found in targets))


def _text_of(archive: zipfile.ZipFile, name: str) -> str:
    return (_member(archive, name) or b"").decode("utf-8", "replace")


def _member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """None for what is not there, or would be too large unpacked."""
    try:
        with archive.open(name) as file:
            data = file.read(MAX_FIGURE_BYTES + 1)
    except (KeyError, *BAD_ZIP):
        return None
    return data if len(data) <= MAX_FIGURE_BYTES else None
