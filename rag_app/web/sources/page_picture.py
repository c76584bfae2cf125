"""A page of a PDF as a picture with the quoted words boxed, where the file still says them."""

import base64
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.web.sources.links import Place
from vectorstore.errors import UnreadableFileError

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.reading.pdf.document import Box, PdfPageMap

# As wide as the panel on a large screen of twice the usual density, and no page so long that it fills the memory.
WIDTH, MOST_HEIGHT = 1_200, 4_000
MARKER, EDGE = (255, 221, 87), (176, 124, 0)
EDGE_WIDTH, MARGIN = 2, 3
# WebP is half as large and takes 0.5 s more, which a reader waits for and a network of one computer does not save.
FORMAT, MIME, QUALITY = "JPEG", "image/jpeg", 85
KEPT_PAGES, KEPT_PICTURES = 64, 4  # a picture takes 6 MB, and the browser keeps what it was sent


@dataclass(frozen=True, slots=True)
class BoxedPage:
    """A page whose quoted words were found; sizes and boxes in points, from the lower left corner as it is shown."""

    path: Path
    changed: int
    page: int
    boxes: "tuple[Box, ...]"
    height: float

    @property
    def top(self) -> float:
        """The share of the page's height at which the first box begins."""
        highest = max((top for _, _, _, top in self.boxes), default=self.height)
        return 1 - highest / self.height


def box_quote(place: Place, password: str | None = None) -> BoxedPage | None:
    """None for what is no PDF, is gone or says something else by now."""
    path = Path(place.source)
    if place.page is None or path.suffix.lower() != ".pdf":
        return None
    try:
        changed = path.stat().st_mtime_ns
        mapped = _map_page(path, changed, place.page, password)
    except (OSError, UnreadableFileError):
        return None
    if mapped.read.text[place.start : place.end] != place.quote:
        return None
    return BoxedPage(path, changed, place.page, tuple(mapped.boxes(place.start, place.end)), mapped.height)


@lru_cache(KEPT_PAGES)
def _map_page(path: Path, changed: int, page: int, password: str | None) -> "PdfPageMap":  # noqa: ARG001 (key)
    from ingest.reading.pdf.document import map_pdf_page

    return map_pdf_page(path.read_bytes(), page, password=password)


def draw_boxed(boxed: BoxedPage, password: str | None = None) -> bytes:
    """The picture, as a file of the type `MIME`. Raises OSError and UnreadableFileError."""
    picture, scale = _render(boxed.path, boxed.changed, boxed.page, password)
    return pack(mark(picture, [to_pixels(box, scale, picture.height) for box in boxed.boxes]))


def plain_picture(source: str, page: int, password: str | None = None) -> str | None:
    """A `data:` address of the page with nothing boxed; None for what cannot be drawn."""
    path = Path(source)
    try:
        picture, _ = _render(path, path.stat().st_mtime_ns, page, password)
    except (OSError, UnreadableFileError):
        return None
    return f"data:{MIME};base64,{base64.b64encode(pack(picture)).decode('ascii')}"


def pack(picture: "Image") -> bytes:
    packed = io.BytesIO()
    picture.save(packed, FORMAT, quality=QUALITY)
    return packed.getvalue()


@lru_cache(KEPT_PICTURES)
def _render(path: Path, changed: int, page: int, password: str | None) -> "tuple[Image, float]":  # noqa: ARG001 (key)
    return render(path.read_bytes(), page, password)


def render(data: bytes, page: int, password: str | None) -> "tuple[Image, float]":
    """The page as it is shown, and how many pixels a point of it is."""
    from ingest.reading.pdf.characters import PDFIUM_LOCK, open_pdf

    with open_pdf(data, password) as document, PDFIUM_LOCK:
        shown = document[page - 1]
        width, height = shown.get_size()
        scale = min(WIDTH / width, MOST_HEIGHT / height)
        picture = shown.render(scale=scale).to_pil().convert("RGB")
        shown.close()
    return picture, scale


def to_pixels(box: "Box", scale: float, height: int) -> tuple[float, float, float, float]:
    """Left, top, right, bottom from the upper left corner, with a little room around the words."""
    left, bottom, right, top = (value * scale for value in box)
    return left - MARGIN, height - top - MARGIN, right + MARGIN, height - bottom + MARGIN


def mark(picture: "Image", boxes: "list[tuple[float, float, float, float]]") -> "Image":
    """A copy with the boxes coloured as a text marker does, so that what is dark stays dark, and edged."""
    from PIL import Image, ImageChops, ImageDraw

    marked = picture.copy()
    for left, top, right, bottom in boxes:
        cut = round(left), round(top), round(right), round(bottom)
        words = picture.crop(cut)
        colour = Image.new("RGB", words.size, MARKER)
        edge = (0, 0, words.width - 1, words.height - 1)
        ImageDraw.Draw(colour).rectangle(edge, outline=EDGE, width=EDGE_WIDTH)
        marked.paste(ImageChops.multiply(words, colour), cut)
    return marked
