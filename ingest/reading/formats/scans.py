"""Pictures, and the pages of a PDF that are pictures, turned into the text that is written in them."""

import io
import itertools
import logging
from collections.abc import Container, Iterable
from functools import cache
from statistics import mean
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageSequence
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.reading.file_types import is_installed, keep_onnxruntime_silent
from ingest.reading.pdf.characters import PDFIUM_LOCK, open_pdf
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.types import Page

Pixels = npt.NDArray[np.uint8]

INSTALL_HINT = "install the ocr extra: pip install 'rag-app[ocr]'"
_DPI = 200
# A page takes about 3 s on two cores: more pages than these are an evening's work, better done once by ocrmypdf.
MAX_PAGES = 200
MAX_PIXELS = 100_000_000
_MAX_SIDE = 4_000  # of the picture given to the models; A3 at 200 dpi has 3,300
_SURE = 0.85  # mean confidence of upright text; turned text has 0.5 to 0.75
_MIN_SCORE = 0.5
_TURNED_SHAPE = 1.5  # lines taller than wide are text turned by 90 degrees
_SAME_LINE = 0.5
# A line of text is found as well in a picture of half the size, in a third of the time and memory.
_PARAMETERS: dict[str, Any] = {
    "Global.log_level": "critical",
    "Global.use_cls": False,  # upside-down lines would be turned one by one, out of order
    "Det.limit_type": "max",
    "Det.limit_side_len": 1600,
    "Rec.rec_batch_num": 2,
    "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
    "EngineConfig.onnxruntime.intra_op_num_threads": 2,
}
Line = tuple[npt.NDArray[np.float32], str, float]


def has_ocr() -> bool:
    return is_installed("rapidocr")


def read_image(data: bytes) -> tuple[Page, ...]:
    """The text in a picture; a picture of several frames (a scanned TIFF) has as many pages."""
    if not has_ocr():
        raise NothingToReadError("a picture: the text in it is not read without OCR", INSTALL_HINT)
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableFileError("a picture too large for OCR", f"scale it to {MAX_PIXELS:,} pixels at most")
            is_tiff = image.format == "TIFF"
            frames = itertools.islice(PIL.ImageSequence.Iterator(image), MAX_PAGES if is_tiff else 1)
            texts = [recognise_text(_pixels(frame)) for frame in frames]
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise UnreadableFileError("a damaged picture", "open it in a viewer and save it anew") from error
    if len(texts) == 1:
        return (Page(None, texts[0]),)
    return tuple(Page(number, text) for number, text in enumerate(texts, 1))


def read_scanned_pages(
    data: bytes,
    page_numbers: Iterable[int] | None = None,
    *,
    skip: Container[int | None] = (),
    password: str | None = None,
) -> dict[int, str]:
    """The text of those pages (counted from 1; None: of all but `skip`) of a PDF, read from the pictures on them."""
    texts = {}
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            numbers = list(page_numbers or range(1, len(document) + 1))
        wanted = [number for number in numbers if number not in skip and _has_picture(document, number)]
        if len(wanted) > MAX_PAGES and len(wanted) == len(numbers):
            message = f"{len(wanted)} scanned pages: more than {MAX_PAGES} are not read here"
            raise UnreadableFileError(message, "run it through ocrmypdf first")
        for number in wanted[:MAX_PAGES]:
            if text := recognise_text(_draw(document, number)):
                texts[number] = text
    return texts


def _has_picture(document: pdfium.PdfDocument, number: int) -> bool:
    with PDFIUM_LOCK:
        page = document[number - 1]
        try:
            return any(True for _ in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=4))
        finally:
            page.close()


def _draw(document: pdfium.PdfDocument, number: int) -> Pixels:
    with PDFIUM_LOCK:
        page = document[number - 1]
        try:
            scale = min(_DPI / 72, _MAX_SIDE / max(*page.get_size(), 1))
            bitmap = page.render(scale=scale, rev_byteorder=True)
            drawn: Pixels = np.array(bitmap.to_numpy()[..., :3])
            bitmap.close()
            return drawn
        finally:
            page.close()


def recognise_text(pixels: Pixels) -> str:
    """The words in reading order; the picture is turned where its text is not upright."""
    best: tuple[float, list[Line]] = (0.0, [])
    for turns in (0, 1, 3, 2):
        lines = _recognise(np.ascontiguousarray(np.rot90(pixels, turns)))
        best = max(best, (_confidence(lines), lines), key=lambda pair: pair[0])
        if not lines or best[0] >= _SURE:
            break
    return _in_reading_order(best[1])


def _confidence(lines: list[Line]) -> float:
    """Of the characters read; less where lines stand upright on their ends, as turned text does."""
    if not lines:
        return 0.0
    characters = sum(len(text) for _, text, _ in lines)
    upright = mean(_height(box) < _TURNED_SHAPE * _width(box) or len(text) < 3 for box, text, _ in lines)
    return float(sum(len(text) * score for _, text, score in lines) / max(characters, 1) * upright)


def _recognise(pixels: Pixels) -> list[Line]:
    result = _engine()(pixels[..., ::-1])  # as OpenCV has it: blue first
    if getattr(result, "txts", None) is None or result.boxes is None:
        return []
    return [
        (box, text, score)
        for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
        if score >= _MIN_SCORE and text.strip()
    ]


@cache
def _engine() -> Any:
    logging.getLogger("RapidOCR").disabled = True  # it writes to the console, in colours
    keep_onnxruntime_silent()
    import rapidocr

    engine = rapidocr.RapidOCR(params=_PARAMETERS)
    logging.getLogger("RapidOCR").disabled = True
    return engine


def _pixels(image: PIL.Image.Image) -> Pixels:
    image = image.convert("RGBA") if image.mode in ("P", "LA", "PA") else image
    if image.mode == "RGBA":  # transparent is paper, not ink
        paper = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(paper, image)
    image = image.convert("RGB")
    image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return np.asarray(image, dtype=np.uint8)


def _in_reading_order(lines: list[Line]) -> str:
    """Boxes that stand side by side are one line of text; rows follow each other as the models give them."""
    text, last = "", None
    for box, words, _ in lines:
        beside = last is not None and _overlap(last, box) >= _SAME_LINE and box[:, 0].min() > last[:, 0].min()
        text += (" " if beside else "\n") if text else ""
        text += words.strip()
        last = box
    return text


def _overlap(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    shared = min(one[:, 1].max(), other[:, 1].max()) - max(one[:, 1].min(), other[:, 1].min())
    return float(shared / max(min(_height(one), _height(other)), 1))


def _height(box: npt.NDArray[np.float32]) -> float:
    return float(np.ptp(box[:, 1]))


def _width(box: npt.NDArray[np.float32]) -> float:
    return float(np.ptp(box[:, 0]))
