"""Draws a page of a PDF as a picture, with the quoted words boxed if the file still has them there."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ingest import stamp_file
from rag_app.types import Citation
from vectorstore.errors import UnreadableFileError

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest import Box, PdfPageMap

# As wide as the panel on a large screen of twice the usual density, and no page so long that it fills the memory.
WIDTH, MAX_HEIGHT = 1_200, 4_000
MARKER, EDGE = (255, 221, 87), (176, 124, 0)
EDGE_WIDTH, MARGIN = 2, 3
# WebP is half as large but takes 0.5 s longer, which a reader waits for and a local connection does not save.
FORMAT, MIME, QUALITY = "JPEG", "image/jpeg", 85
CACHED_PAGES, CACHED_PICTURES = 64, 4  # a picture takes 6 MB, and the browser caches it too


@dataclass(frozen=True, slots=True)
class BoxedPage:
    """A page on which the quoted words were found; boxes in points, from the lower left corner of the page as shown."""

    path: Path
    stamp: int
    page: int
    boxes: "tuple[Box, ...]"
    height: float

    @property
    def top(self) -> float:
        """Where the first box begins, as a share of the page's height."""
        return 1 - max((top for _, _, _, top in self.boxes), default=self.height) / self.height


def box_quote(cited: Citation, password: SecretStr | None = None) -> BoxedPage | None:
    """None for a source that is no PDF, is gone or no longer has these words; a quote of no words has no boxes."""
    path = Path(cited.source)
    if cited.page is None or path.suffix.lower() != ".pdf":
        return None
    try:
        stamp = stamp_file(path.stat())
        mapped = _map_page(path, stamp, cited.page, password)
    except (OSError, UnreadableFileError):
        return None
    if mapped.read.text[cited.start : cited.end] != cited.quote:
        return None
    return BoxedPage(path, stamp, cited.page, tuple(mapped.boxes(cited.start, cited.end)), mapped.height)


def draw_boxed(boxed: BoxedPage, password: SecretStr | None = None) -> bytes:
    """The picture as a file of type `MIME`: boxes are multiplied like a text marker, so that dark letters stay dark.

    Raises OSError and UnreadableFileError.
    """
    from PIL import Image, ImageChops, ImageDraw

    picture, scale = _render(boxed.path, boxed.stamp, boxed.page, password)
    marked = picture.copy()
    for left, bottom, right, top in boxed.boxes:
        upper, lower = picture.height - top * scale - MARGIN, picture.height - bottom * scale + MARGIN
        cut = round(left * scale - MARGIN), round(upper), round(right * scale + MARGIN), round(lower)
        words = picture.crop(cut)
        colour = Image.new("RGB", words.size, MARKER)
        edge = (0, 0, words.width - 1, words.height - 1)
        ImageDraw.Draw(colour).rectangle(edge, outline=EDGE, width=EDGE_WIDTH)
        marked.paste(ImageChops.multiply(words, colour), cut)
    encoded = io.BytesIO()
    marked.save(encoded, FORMAT, quality=QUALITY)
    return encoded.getvalue()


@lru_cache(CACHED_PAGES)
def _map_page(path: Path, stamp: int, page: int, password: SecretStr | None) -> "PdfPageMap":  # noqa: ARG001 (key)
    from ingest import map_pdf_page

    return map_pdf_page(path.read_bytes(), page, password=password.get_secret_value() if password else None)


@lru_cache(CACHED_PICTURES)
def _render(path: Path, stamp: int, page: int, password: SecretStr | None) -> "tuple[Image, float]":  # noqa: ARG001 (key)
    """The page as shown, and its pixels a point."""
    from ingest import PDFIUM_LOCK, open_pdf

    revealed = password.get_secret_value() if password else None
    with open_pdf(path.read_bytes(), revealed) as document, PDFIUM_LOCK:
        shown = document[page - 1]
        width, height = shown.get_size()
        scale = min(WIDTH / width, MAX_HEIGHT / height)
        picture = shown.render(scale=scale).to_pil().convert("RGB")
        shown.close()
    return picture, scale
