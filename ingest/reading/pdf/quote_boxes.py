"""A stretch of a PDF page's text turned back into boxes on the page as it is shown."""

from dataclasses import dataclass

import numpy as np

from ingest.reading.pdf.characters import turn
from ingest.reading.pdf.lines import Glyphs, Ints
from ingest.reading.pdf.text import PdfPageText

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PdfPageMap:
    """A page's text, its characters, and how the page is shown: cropped and turned as the PDF says."""

    read: PdfPageText
    parts: tuple[Glyphs, ...]
    crop: Box
    rotation: int

    @property
    def height(self) -> float:
        left, bottom, right, top = self.crop
        return right - left if self.rotation in (90, 270) else top - bottom

    def boxes(self, start: int, end: int) -> list[Box]:
        """Where the characters `start:end` of the text stand: a box (left, bottom, right, top) a line.

        In points, from the lower left corner of the page as it is shown.
        """
        indices = self.read.char_indices[start:end]
        quoted = np.array([index for index in indices if index is not None], dtype=np.intp)
        boxes = [box for glyphs in self.parts for box in _boxes_of(glyphs, quoted)]
        return [_as_shown(box, crop=self.crop, rotation=self.rotation) for box in boxes]


def _boxes_of(glyphs: Glyphs, quoted: Ints) -> list[Box]:
    """A box a line around those characters of one direction, in the page's own coordinates."""
    upright = glyphs.boxes[quoted[np.isin(quoted, glyphs.visible)]].tolist()
    lines = _boxes_by_line([(left, bottom, right, top) for left, top, right, bottom in upright])
    boxes = np.array([(left, top, right, bottom) for left, bottom, right, top in lines]).reshape(-1, 4)
    return [(left, bottom, right, top) for left, top, right, bottom in turn(boxes, glyphs.direction).tolist()]


def _boxes_by_line(boxes: list[Box]) -> list[Box]:
    """Boxes of characters merged while they stand side by side."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _is_beside(lines[-1], box):
            left, bottom, right, top = lines[-1]
            lines[-1] = (
                min(left, box[0]),
                min(bottom, box[1]),
                max(right, box[2]),
                max(top, box[3]),
            )
        else:
            lines.append(box)
    return lines


def _is_beside(line: Box, box: Box) -> bool:
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    return overlap >= 0.5 * min(line[3] - line[1], box[3] - box[1])


def _as_shown(box: Box, *, crop: Box, rotation: int) -> Box:
    left, bottom, right, top = box
    match rotation:
        case 90:
            return bottom - crop[1], crop[2] - right, top - crop[1], crop[2] - left
        case 180:
            return crop[2] - right, crop[3] - top, crop[2] - left, crop[3] - bottom
        case 270:
            return crop[3] - top, left - crop[0], crop[3] - bottom, right - crop[0]
        case _:
            return left - crop[0], bottom - crop[1], right - crop[0], top - crop[1]
