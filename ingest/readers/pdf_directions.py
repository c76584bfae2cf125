"""The characters of a PDF page turned into those of each direction of writing, every one laid out as if upright."""

from collections.abc import Iterator

import numpy as np

from ingest.readers.pdf_lines import Floats, Glyphs, Ints

# A direction counts the quarter turns, clockwise, from upright text to this one.
UPRIGHT, UPSIDE_DOWN = 0, 2
DIRECTIONS = 4


def part_by_direction(text: str, visible: Ints, *, boxes: Floats, directions: Ints) -> Iterator[Glyphs]:
    """The characters of one direction at a time, those of the commonest first; the indices stay the page's."""
    counts = np.bincount(directions, minlength=DIRECTIONS)
    for direction in sorted(np.flatnonzero(counts).tolist(), key=lambda direction: -counts[direction]):
        own, others = visible[directions == direction], visible[directions != direction]
        yield Glyphs(_without(text, others), own, turn(boxes, -direction), direction)


def _without(text: str, others: Ints) -> str:
    """A line ends where characters of another direction stand."""
    if not len(others):
        return text
    characters = np.array(list(text), dtype=object)
    characters[others] = "\n"
    return "".join(characters)


def turn(boxes: Floats, quarters: int) -> Floats:
    """Boxes (left, top, right, bottom) turned clockwise about the origin."""
    left, top, right, bottom = boxes.T
    match quarters % DIRECTIONS:
        case 1:
            return np.stack((bottom, -left, top, -right), axis=1)
        case 2:
            return np.stack((-right, -bottom, -left, -top), axis=1)
        case 3:
            return np.stack((-top, right, -bottom, left), axis=1)
        case _:
            return boxes


def best_rotation(directions: Ints) -> int:
    """The rotation of a page, in degrees, in which PDFium reads most of its text well.

    PDFium puts the words of a line in reverse where they are shown upside down; those that run up or down it reads.
    """
    counts = np.bincount(directions, minlength=DIRECTIONS)

    def badness(quarters: int) -> tuple[int, int]:
        shown = np.roll(counts, quarters)
        return int(shown[UPSIDE_DOWN]), -int(shown[UPRIGHT])

    return 90 * min(range(DIRECTIONS), key=badness)
