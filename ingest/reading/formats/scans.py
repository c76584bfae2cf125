"""Recognises the text in pictures, and on the pages of a PDF that are pictures."""

import io
import itertools
import logging
from collections.abc import Container
from functools import cache
from statistics import mean
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageSequence
import pypdfium2.raw as pdfium_c

from ingest.reading.file_types import has_reader, install_hint, keep_onnxruntime_silent
from ingest.reading.pdf.characters import PDFIUM_LOCK, open_page, open_pdf
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.pictures import MAX_PIXELS, Pixels, on_paper
from vectorstore.types import Page

_DPI = 200
# A page takes about 3 s on two cores: more pages than these are an evening's work, better done once by ocrmypdf.
MAX_PAGES = 200
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
Corners = npt.NDArray[np.float32]  # shape (4, 2)
Line = tuple[Corners, str, float]


def read_image(data: bytes) -> tuple[Page, ...]:
    """The text in a picture; a picture of several frames (a scanned TIFF) has as many pages."""
    if not has_reader("ocr"):
        raise NothingToReadError("a picture: the text in it is not read without OCR", install_hint("ocr"))
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableFileError("a picture too large for OCR", f"scale it to {MAX_PIXELS:,} pixels at most")
            most_frames = MAX_PAGES if image.format == "TIFF" else 1
            frames = itertools.islice(PIL.ImageSequence.Iterator(image), most_frames)
            texts = [_recognise_text(_shrink(on_paper(frame))) for frame in frames]
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise UnreadableFileError("a damaged picture", "open it in a viewer and save it again") from error
    return tuple(Page(number if len(texts) > 1 else None, text) for number, text in enumerate(texts, 1))


def read_scanned_pages(data: bytes, *, skip: Container[int | None], password: str | None = None) -> tuple[Page, ...]:
    """The pages of a PDF on whose pictures there is text; those in `skip` only where no text is drawn on them.

    What was put onto a scan, such as a comment, is not drawn; the fonts of a page that is no scan may have no letters.
    """
    with open_pdf(data, password) as document:
        with PDFIUM_LOCK:
            count = len(document)
        wanted = []
        for number in range(1, count + 1):
            with open_page(document, number - 1) as page:
                images = page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=4)
                has_text = bool(page.get_textpage().get_text_bounded().strip())
                if (has_text and number not in skip) or (not has_text and any(True for _ in images)):
                    wanted.append(number)
        if len(wanted) > MAX_PAGES and len(wanted) == count:
            message = f"{len(wanted)} scanned pages: more than {MAX_PAGES} are not read here"
            raise UnreadableFileError(message, "run it through ocrmypdf first")
        pages = []
        for number in wanted[:MAX_PAGES]:
            with open_page(document, number - 1) as page:
                scale = min(_DPI / 72, _MAX_SIDE / max(*page.get_size(), 1))
                bitmap = page.render(scale=scale, draw_annots=False)  # no icons of comments
                drawn = np.array(bitmap.to_numpy()[..., :3])
                bitmap.close()
            pages.append(Page(number, _recognise_text(drawn)))
    return tuple(page for page in pages if page.text)


def _shrink(pixels: Pixels) -> Pixels:
    image = PIL.Image.fromarray(pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return np.asarray(image, dtype=np.uint8)


def _recognise_text(pixels: Pixels) -> str:
    """The words in reading order; the picture is turned where its text is not upright."""
    best: tuple[float, list[Line]] = (0.0, [])
    for turns in (0, 1, 3, 2):
        lines = _recognise_lines(np.ascontiguousarray(np.rot90(pixels, turns)))
        best = max(best, (_confidence(lines), lines), key=lambda pair: pair[0])
        if not lines or best[0] >= _SURE:
            break
    return _join_lines(best[1])


def _recognise_lines(pixels: Pixels) -> list[Line]:
    result = _engine()(pixels)
    if getattr(result, "txts", None) is None or result.boxes is None:
        return []
    lines = zip(result.boxes, result.txts, result.scores, strict=True)
    return [(box, text, score) for box, text, score in lines if score >= _MIN_SCORE and text.strip()]


@cache
def _engine() -> Any:
    logging.getLogger("RapidOCR").disabled = True  # it writes to the console, in colours
    keep_onnxruntime_silent()
    import rapidocr  # optional, and seconds to import

    engine = rapidocr.RapidOCR(params=_PARAMETERS)
    logging.getLogger("RapidOCR").disabled = True
    return engine


def _confidence(lines: list[Line]) -> float:
    """Of the characters read; less where lines are upright on their ends, as turned text is."""
    if not lines:
        return 0.0
    characters = sum(len(text) for _, text, _ in lines)
    upright = mean(float(_height(box) < _TURNED_SHAPE * np.ptp(box[:, 0]) or len(text) < 3) for box, text, _ in lines)
    return float(sum(len(text) * score for _, text, score in lines) / max(characters, 1) * upright)


def _join_lines(lines: list[Line]) -> str:
    """Boxes side by side are one line of text; rows follow each other as the models give them."""
    text, last = "", None
    for box, words, _ in lines:
        is_next = last is not None and _overlap(last, box) >= _SAME_LINE and box[:, 0].min() > last[:, 0].min()
        text += (" " if is_next else "\n") if text else ""
        text += words.strip()
        last = box
    return text


def _overlap(one: Corners, other: Corners) -> float:
    shared = min(one[:, 1].max(), other[:, 1].max()) - max(one[:, 1].min(), other[:, 1].min())
    return float(shared / max(min(_height(one), _height(other)), 1))


def _height(box: Corners) -> float:
    return float(np.ptp(box[:, 1]))
