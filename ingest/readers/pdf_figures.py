"""The bytes of a PDF turned into the pictures that are placed on its pages."""

from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.readers.pdf_glyphs import PDFIUM_LOCK, open_pdf
from vectorstore.pixels import MAX_PIXELS, Pixels, on_paper

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
