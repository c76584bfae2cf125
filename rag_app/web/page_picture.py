"""A page of a PDF as a picture with the quoted words boxed, where the file still says them."""

import base64
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.settings import Settings
from vectorstore.errors import UnreadableFileError

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.readers.pdf import Box

# As wide as the panel on a large screen of twice the usual density, and no page so long that it fills the memory.
WIDTH, MOST_HEIGHT = 1_200, 4_000
MARKER, EDGE = (255, 221, 87), (176, 124, 0)
EDGE_WIDTH, MARGIN = 2, 3
QUALITY = 80
KEPT = 32


@dataclass(frozen=True, slots=True)
class Picture:
    """`url` is a `data:` address; the first box begins at this share of the height."""

    url: str
    top: float


def page_picture(source: str, page: int | None, start: int, end: int, quote: str) -> Picture | None:
    """None for what is no PDF, is gone or says something else by now."""
    path = Path(source)
    try:
        if page is None or path.suffix.lower() != ".pdf":
            return None
        changed = path.stat().st_mtime_ns
        return _picture(path, changed, page, start, end, quote)
    except (OSError, UnreadableFileError):
        return None


@lru_cache(KEPT)
def _picture(path: Path, changed: int, page: int, start: int, end: int, quote: str) -> Picture | None:  # noqa: ARG001 (key)
    from ingest.readers.pdf import quote_boxes, read_pdf_page

    secret = Settings().file_password
    password = secret.get_secret_value() if secret else None
    data = path.read_bytes()
    if read_pdf_page(data, page, password=password).text[start:end] != quote:
        return None
    picture, scale = render(data, page, password)
    boxes = [to_pixels(box, scale, picture.height) for box in quote_boxes(data, page, start, end, password=password)]
    packed = io.BytesIO()
    mark(picture, boxes).save(packed, "WEBP", quality=QUALITY)
    url = f"data:image/webp;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"
    return Picture(url, min((top for _, top, _, _ in boxes), default=0.0) / picture.height)


def render(data: bytes, page: int, password: str | None) -> "tuple[Image, float]":
    """The page as it is shown, and how many pixels a point of it is."""
    from ingest.readers.pdf_glyphs import PDFIUM_LOCK, open_pdf

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
    """The boxes coloured as a text marker does, so that what is dark stays dark, and edged."""
    from PIL import Image, ImageChops, ImageDraw

    colour = Image.new("RGB", picture.size, "white")
    for box in boxes:
        ImageDraw.Draw(colour).rectangle(box, fill=MARKER, outline=EDGE, width=EDGE_WIDTH)
    return ImageChops.multiply(picture, colour)
