"""Marks the raised, lowered and struck out characters of PDF lines, and mends letters and numbers set apart."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from itertools import groupby

import numpy as np

from ingest.reading.marks import Run, Style, mark_runs
from ingest.reading.pdf.lines import Floats, Glyphs, Ints, Line

SMALLER = 0.9  # share of the size of the line's main text
# Shares of that size: how far such a character stands from the line, and from its neighbours.
RAISED, LOWERED = 0.2, -0.08
NEAR = 0.35
MOST_CHARACTERS = 40
# Of the height of characters: where a line through them runs, and how much longer than the words it is.
MIDDLE = 0.3, 0.6
OVERHANG = 0.6
_SPACED_POINT = re.compile(r" (?:(?<=\d )(?=[.,] ?\d)|(?<=\d [.,] )(?=\d))")  # `12 . 5`: kerning
_LETTERS_APART = re.compile(r"(?:[^\W\d_]\s){4,}[^\W\d_]")
WORD_SPACE = 0.2  # share of a line's height
Styles = dict[int, Style]


def find_styles(lines: Sequence[Line], glyphs: Glyphs) -> Styles:
    """The style of each character, by its index, that has one."""
    styles: Styles = {}
    if glyphs.sizes is not None and glyphs.baselines is not None:
        sized = np.flatnonzero(glyphs.sizes)
        places: list[int] = sized.tolist()
        for line in lines:
            spans = [(bisect_left(places, piece.start), bisect_left(places, piece.end)) for piece in line.pieces]
            if any(start < end for start, end in spans) and not line.turned:
                characters = np.concatenate([sized[start:end] for start, end in spans])
                styles |= _scripts(characters, glyphs.sizes, glyphs.baselines, glyphs.boxes)
    if glyphs.struck is not None:
        styles |= dict.fromkeys(_struck(glyphs, glyphs.struck), "struck")
    return styles


def _scripts(characters: Ints, sizes: Floats, baselines: Floats, boxes: Floats) -> Styles:
    size = sizes[characters]
    if size.min() >= SMALLER * size.max():
        return {}
    main = float(np.median(size))
    full = size >= SMALLER * main
    shifts = (baselines[characters] - float(np.median(baselines[characters][full]))) / main
    levels = np.where(full, 0, (shifts > RAISED).astype(np.intp) - (shifts < LOWERED))
    styles: Styles = {}
    for level, found in groupby(range(len(characters)), key=lambda place: int(levels[place])):
        run = list(found)
        first, last = run[0], run[-1]
        before = boxes[characters[first], 0] - boxes[characters[first - 1], 2] if first else np.inf
        after = boxes[characters[last + 1], 0] - boxes[characters[last], 2] if last + 1 < len(characters) else np.inf
        if level and len(run) <= MOST_CHARACTERS and min(before, after if first == 0 else before) < NEAR * main:
            styles |= dict.fromkeys(characters[run].tolist(), "raised" if level > 0 else "lowered")
    return styles


def _struck(glyphs: Glyphs, boxes: Floats) -> Iterator[int]:
    left, top, right, bottom = glyphs.boxes[glyphs.visible].T
    height, centre = top - bottom, (left + right) / 2
    thick = 0.5 * float(np.median(height))
    for line_left, line_top, line_right, line_bottom in boxes.tolist():
        under = (centre > line_left) & (centre < line_right)
        if line_top - line_bottom > thick:  # an annotation covers the words
            middle = (top + bottom) / 2
            found = under & (middle > line_bottom) & (middle < line_top)
        else:
            share = ((line_top + line_bottom) / 2 - bottom) / np.maximum(height, 1e-6)
            found = under & (share > MIDDLE[0]) & (share < MIDDLE[1])
            spare = OVERHANG * float(height[found].max(initial=0))
            if found.sum() < 2 or left[found].min() - line_left > spare or line_right - right[found].max() > spare:
                continue
        yield from glyphs.visible[found].tolist()


def write_styles(text: str, indices: Sequence[int | None], styles: Styles) -> tuple[str, list[int | None]]:
    """A line's text with its styles marked, and the character each of its characters came from."""
    own: list[Style] = [styles.get(index, "") if index is not None else "" for index in indices]
    for place in range(1, len(own) - 1):  # the spaces between words of a style
        if text[place] == " " and own[place - 1] == own[place + 1]:
            own[place] = own[place - 1]
    runs, spans = _runs(text, own)
    written, origins = "", list[int | None]()
    for (start, end), (words, _), marked in zip(spans, runs, mark_runs(runs), strict=True):
        written += marked
        at = marked.find(words)
        nothing: list[int | None] = [None] * len(marked)
        if end == start:  # a slash that was inserted
            origins += nothing
        elif at >= 0:
            after = len(marked) - at - len(words)
            origins += [*nothing[:at], *indices[start:end], *nothing[:after]]
        else:
            origins += [*indices[start:end], *nothing][: len(marked)]
    return written, origins


def _runs(text: str, styles: Sequence[Style]) -> tuple[list[Run], list[tuple[int, int]]]:
    """Runs of one style, and where each begins and ends in the text; a stacked fraction with a slash between."""
    spans: list[tuple[int, int]] = []
    runs: list[Run] = []
    for style, found in groupby(range(len(text)), key=styles.__getitem__):
        places = list(found)
        spans.append((places[0], places[-1] + 1))
        runs.append((text[places[0] : places[-1] + 1], style))
    for place in range(len(runs) - 1, 0, -1):
        (above, level), (below, next_level) = runs[place - 1 : place + 1]
        base = runs[place - 2][0][-1:] if place > 1 else ""
        if (level, next_level) == ("raised", "lowered") and (above + below).isdecimal() and not base.isalpha():
            runs.insert(place, ("/", ""))
            spans.insert(place, (spans[place][0], spans[place][0]))
        elif (below, next_level, above[-1:]) == ("A", "raised", "L") and text[spans[place][1] :][:1] == "T":
            runs[place] = ("A", "")  # the name of LaTeX as TeX sets it
    return runs, spans


def mend_spaces(text: str, indices: list[int | None], line: Line, glyphs: Glyphs) -> tuple[str, list[int | None]]:
    """A line's text without the spaces in `12 . 5`, which are kerning, and in `C O N T E N T S`."""
    if _SPACED_POINT.search(text):
        return _without(text, indices, {found.start() for found in _SPACED_POINT.finditer(text)})
    if _LETTERS_APART.fullmatch(text):
        return _without(text, indices, _letter_gaps(text, indices, line, glyphs))
    return text, indices


def _letter_gaps(text: str, indices: Sequence[int | None], line: Line, glyphs: Glyphs) -> set[int]:
    """The gaps of letters that are set apart, as in `C O N T E N T S`; those of words are wider."""
    gaps: dict[int, float] = {}
    for place in range(1, len(text), 2):
        before, after = indices[place - 1], indices[place + 1]
        if before is not None and after is not None:
            gaps[place] = float(glyphs.boxes[after, 0] - glyphs.boxes[before, 2])
    widest = min(gaps.values()) + WORD_SPACE * line.height
    return {place for place, gap in gaps.items() if gap < widest}


def _without(text: str, indices: Sequence[int | None], dropped: Container[int]) -> tuple[str, list[int | None]]:
    kept = [place for place in range(len(text)) if place not in dropped]
    return "".join(text[place] for place in kept), [indices[place] for place in kept]
