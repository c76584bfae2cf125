"""Leaves out the running headers and footers of a PDF page, which it knows by those of its neighbours."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.reading.pdf.lines import Glyphs, Line, group_runs

MIN_PAGES = 3
NEIGHBOUR_PAGES = 4  # before and after; a chapter's header need not run further
MIN_REPEATS = 2
MIN_SHARE = 0.6
MAX_LEVELS = 3  # lines at the top of a page, and as many at its bottom
MAX_SHARE_OF_PAGE = 0.5
SAME_LEVEL = 0.5  # share of a line's height
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A line near the top or the bottom of a page: its words without their numbers, and its numbers."""

    line: Line
    words: str
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, line: Line, glyphs: Glyphs) -> "EdgeLine":
        text = "".join("".join(glyphs.text[piece.start : piece.end].split()) for piece in line.pieces)
        numbers = tuple(int(number[:15]) for number in _NUMBER.findall(text))
        return cls(line, _NUMBER.sub("#", text), numbers)

    def repeats(self, other: "EdgeLine", pages: int) -> bool:
        """Whether it is the other line, `pages` further: numbers stay, or count the pages."""
        same_place = abs(self.line.bottom - other.line.bottom) < SAME_LEVEL * self.line.height
        if not same_place or self.words != other.words:
            return False
        steps = {mine - theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True)}
        # Years over the columns of a table are at the same place too: a line of numbers alone has to count.
        return steps <= {0, pages} and (self.has_letters or pages in steps)

    @property
    def has_letters(self) -> bool:
        return any(character.isalpha() for character in self.words)


Edge = tuple[tuple[EdgeLine, ...], ...]
Edges = tuple[Edge, Edge]


def find_edges(lines: Iterable[Line], glyphs: Glyphs) -> Edges:
    """The levels of lines at the top of a page, from the top, and those at its bottom, from the bottom."""
    upright = [line for line in lines if not line.turned and line.height > 0]
    upwards = sorted(upright, key=lambda line: line.bottom)
    return _levels(sorted(upright, key=lambda line: -line.bottom), glyphs), _levels(upwards, glyphs)


def _levels(lines: Iterable[Line], glyphs: Glyphs) -> Edge:
    def is_same_level(level: Sequence[Line], line: Line) -> bool:
        return abs(level[0].bottom - line.bottom) < SAME_LEVEL * line.height

    levels = group_runs(lines, is_same_level)[:MAX_LEVELS]
    return tuple(tuple(EdgeLine.of(line, glyphs) for line in level) for level in levels)


def without_margins(
    lines: Sequence[Line], place: int, count: int, edges_of: Callable[[int], Edges], *, characters: int
) -> list[Line]:
    """The lines of the page at index `place` of `count`; `edges_of` gives the edges of a page at an index.

    `characters`: those of the whole page, of which these lines may be the few that run up its margin.
    """
    if count < MIN_PAGES:
        return list(lines)
    nearby = [p for p in range(place - NEIGHBOUR_PAGES, place + NEIGHBOUR_PAGES + 1) if 0 <= p < count]
    dropped = {
        line
        for side in (0, 1)
        for line in _running(edges_of(place)[side], {p - place: edges_of(p)[side] for p in nearby if p != place})
    }
    if sum(len(piece) for line in dropped for piece in line.pieces) > MAX_SHARE_OF_PAGE * characters:
        return list(lines)
    return [line for line in lines if line not in dropped]


def _running(edge: Edge, others: dict[int, Edge]) -> Iterator[Line]:
    """From the page's edge inwards, as far as whole levels are of lines that repeat."""
    for level in edge:
        steps = {edge_line: _repeats(edge_line, others) for edge_line in level}
        running = [edge_line for edge_line in level if _recurs(steps[edge_line], others)]
        # Where it is first it may be the title, and what it says is kept once; a page's number says nothing.
        yield from (found.line for found in running if not found.has_letters or any(step < 0 for step in steps[found]))
        if len(running) < len(level):
            return


def _repeats(edge_line: EdgeLine, others: dict[int, Edge]) -> list[int]:
    """How many pages further it is found again."""
    return [step for step, edge in others.items() if any(o.repeats(edge_line, step) for level in edge for o in level)]


def _recurs(repeats: Sequence[int], others: dict[int, Edge]) -> bool:
    """On most pages nearby, or on most of those on the same side of the book."""
    same_side = [step for step in others if step % 2 == 0]
    on_same_side = sum(step % 2 == 0 for step in repeats)
    if on_same_side >= MIN_REPEATS and on_same_side >= MIN_SHARE * len(same_side):
        return True
    return len(repeats) >= MIN_REPEATS and len(repeats) >= MIN_SHARE * len(others)
