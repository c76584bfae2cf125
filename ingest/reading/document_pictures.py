"""A document's bytes turned into the pictures in it, each with the page that it stands on."""

import base64
import binascii
import html
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.disguises import refuse_encrypted
from ingest.reading.formats.office import decrypt_office
from ingest.reading.pdf.characters import PDFIUM_LOCK, open_pdf
from vectorstore.errors import UnreadableFileError
from vectorstore.pictures import MAX_PIXELS, Pixels, keep_picture, on_paper, read_pixels
from vectorstore.types import Picture

# Pictures within forms within forms; deeper ones are a trick.
_MAX_DEPTH = 4


def read_pdf_figures(data: bytes, password: str | None = None, *, min_side: int) -> Iterator[tuple[int, Pixels | None]]:
    """Page, counted from 1, and pixels of each picture of at least `min_side` pixels a side; None: cannot be read."""
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            count = len(document)
        for place in range(count):
            for pixels in _draw_all(document, place, min_side):
                yield place + 1, pixels


def _draw_all(document: pdfium.PdfDocument, place: int, min_side: int) -> Iterator[Pixels | None]:
    """One after the other: those of a page of photographs would not fit into memory together."""
    with PDFIUM_LOCK:
        page = document[place]
    try:
        with PDFIUM_LOCK:
            images = [image for image in _images(page) if min(image.get_px_size()) >= min_side]
        for image in images:
            with PDFIUM_LOCK:
                pixels = _draw(image)
            yield pixels
    finally:
        with PDFIUM_LOCK:
            page.close()


def _images(page: pdfium.PdfPage) -> Iterator[pdfium.PdfImage]:
    yield from page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=_MAX_DEPTH)


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


# Smaller ones are bullets, lines and icons.
MIN_SIDE = 64
# A document of more is an album: its pictures are better kept as files.
MAX_FIGURES = 300
MAX_FIGURE_BYTES = 100_000_000
DATA_URI = re.compile(rb"data:image/(?:png|jpe?g|gif|webp|bmp);base64,([A-Za-z0-9+/=\s%]+)", re.IGNORECASE)
RELATION = re.compile(r"<Relationship\b[^>]*>")
ATTRIBUTE = re.compile(r"\b(Id|Target|TargetMode)\s*=\s*[\"']([^\"']*)")
PICTURES_OF = re.compile(r"\br:(?:embed|pict)\s*=\s*\"([^\"]+)\"|<v:imagedata\b[^>]*\br:id\s*=\s*\"([^\"]+)\"")
SLIDES_OF = re.compile(r"<p:sldId\b[^>]*\br:id\s*=\s*\"([^\"]+)\"()")
OPEN_DOCUMENT_PICTURE = re.compile(r"xlink:href\s*=\s*\"((?:\./)?Pictures/[^\"]+)\"")


@dataclass(slots=True)
class Figures:
    """Each different picture once, in the order in which they stand; `refused` could not be read."""

    found: list[tuple[int | None, Picture]] = field(default_factory=list)
    refused: int = 0
    is_cut: bool = False

    def take(self, page: int | None, read: Pixels | None) -> bool:
        """False where there is no room for more."""
        if read is None:
            self.refused += 1
        elif min(read.shape[:2]) >= MIN_SIDE:
            picture = keep_picture(read)
            if all(picture.hash != kept.hash for _, kept in self.found):
                self.is_cut = len(self.found) >= MAX_FIGURES
                self.found += [] if self.is_cut else [(page, picture)]
        return not self.is_cut

    def describe_left_out(self) -> str:
        told = [f"{self.refused} pictures in it are damaged, too large or of a kind that is not read"] * (
            self.refused > 0
        )
        told += [f"only its first {MAX_FIGURES} pictures were read"] * self.is_cut
        return "; ".join(told)


def read_figures(data: bytes, *, kind: str, password: str | None = None) -> Figures:
    """Of PDF, Word, PowerPoint, OpenDocument text and web pages; of others none. Errors as of their readers."""
    figures = Figures()
    for page, read in _figures_of(data, kind, password):
        if not figures.take(page, read):
            break
    return figures


def _figures_of(data: bytes, kind: str, password: str | None) -> Iterator[tuple[int | None, Pixels | None]]:
    if kind == "pdf":
        yield from read_pdf_figures(data, password, min_side=MIN_SIDE)
    elif kind == "html":
        yield from ((None, _read(_from_base64(match[1]))) for match in DATA_URI.finditer(data))
    elif kind in ("docx", "pptx", "odt"):
        data = decrypt_office(data, password)
        refuse_encrypted(data)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for page, name in _places(archive, kind):
                    yield page, _read(_member(archive, name))
        except (zipfile.BadZipFile, OSError, zlib.error) as error:
            raise UnreadableFileError("damaged", "open it in its own program and save it again") from error


def _read(data: bytes | None) -> Pixels | None:
    try:
        return read_pixels(data) if data else None
    except UnreadableFileError:
        return None


def _from_base64(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(unquote(text.decode("ascii")))
    except (binascii.Error, ValueError):
        return None


def _member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """None for what is not there, or would be too large unpacked."""
    try:
        with archive.open(name) as file:
            data = file.read(MAX_FIGURE_BYTES + 1)
    except (KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, OSError, zlib.error):
        return None
    return data if len(data) <= MAX_FIGURE_BYTES else None


def _places(archive: zipfile.ZipFile, kind: str) -> Iterator[tuple[int | None, str]]:
    """The members that are pictures, in the order in which the text refers to them, with their slides."""
    if kind == "docx":
        yield from ((None, name) for name in _related(archive, "word/document.xml", PICTURES_OF))
    elif kind == "pptx":
        for number, slide in enumerate(_related(archive, "ppt/presentation.xml", SLIDES_OF), 1):
            yield from ((number, name) for name in _related(archive, slide, PICTURES_OF))
    else:
        content = (_member(archive, "content.xml") or b"").decode("utf-8", "replace")
        names = (html.unescape(name).removeprefix("./") for name in OPEN_DOCUMENT_PICTURE.findall(content))
        yield from ((None, name) for name in dict.fromkeys(names))


def _related(archive: zipfile.ZipFile, part: str, references: re.Pattern[str]) -> list[str]:
    """The members that a part refers to, each once: by ids, which a file beside it resolves (ECMA-376, part 2, 9.3)."""
    folder, name = posixpath.split(part)
    relations = (_member(archive, f"{folder}/_rels/{name}.rels") or b"").decode("utf-8", "replace")
    targets = {}
    for relation in RELATION.findall(relations):
        found = {key: html.unescape(value) for key, value in ATTRIBUTE.findall(relation)}
        if found.get("TargetMode") != "External" and {"Id", "Target"} <= found.keys():
            targets[found["Id"]] = posixpath.normpath(posixpath.join("/", folder, found["Target"])).lstrip("/")
    text = (_member(archive, part) or b"").decode("utf-8", "replace")
    ids = [one or other for one, other in references.findall(text)]
    return list(dict.fromkeys(targets[found] for found in ids if found in targets))
