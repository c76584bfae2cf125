"""Puts the characters of lines in Hebrew, Arabic and their kin into the order in which they are read.

PDFium turns such words round one by one, by the codes of their glyphs, and so every second word of a browser's page
stays reversed. Where the characters stand decides here: a line is read from the right, the numbers and Latin words in
it from the left. A few programs draw such text from the left, reversed to the eye: its own words tell those.
"""

import re
import unicodedata
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from ingest.reading.pdf.lines import WIDE_GAP, Floats, Glyphs, find_visible

_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_SPACE, _DRAWN_SPACE = 0.17, 0.08  # share of a line's height: the least distance of two words
_SAME_LINE = 0.5
_SAME_HEIGHT = 0.7, 1.45
# What is known of a character: its box, its size, its baseline, and twice the middle of its line.
_UNKNOWN = (0.0,) * 7
_CLASSES = {"R": "R", "AL": "R", "L": "L", "EN": "E", "AN": "E", "CS": "C", "ES": "S", "ET": "T"}
_HEBREW = re.compile(r"(?:T*E(?:[CS]?E)*T*)?L(?:[^R]*(?:L|ET*))?|T*E(?:[CS]?E)*T*")
_ARABIC = re.compile(r"(?:E(?:C?E)*)?L(?:[^R]*(?:L|ET*))?|E(?:C?E)*")
_IN_LATIN = re.compile("R(?:[^L]*R)?")
_UNIT_FIRST = re.compile(r"(?P<unit>[^\W\dA-Z]\w{0,3}|[kMG]?\w) (?P<number>\d[\d.,]*)")
_BRACKETS = {"(": "()", ")": "()", "[": "[]", "]": "[]", "{": "{}", "}": "{}", "«": "«»", "»": "«»"}
_LAM = "\u0644"
# Letters that only end words, what often begins them, words that are none when reversed, and the marks of a sentence.
_LAST = "\u05da\u05dd\u05df\u05e3\u05e5\u0629\u0649"
_FIRST = ("\u0627\u0644", "\u0648\u0627\u0644", "\u0628\u0627\u0644")
_COMMON = frozenset(("של", "את", "על", "היא", "הוא", "זה", "גם", "עם", "אין"))  # Hebrew
_COMMON |= {"في", "من", "على", "إلى", "هذا", "از", "که", "با", "این", "است", "را", "کے", "کی", "ہے", "میں", "اور"}
_DRAWS_FROM_LEFT = re.compile("fpdf|reportlab|jspdf|pdfkit", re.IGNORECASE)  # unless told otherwise
_STOPS = ".,:;!?\u060c\u061b\u061f"


class _Part(NamedTuple):
    """Characters in reading order, and the left and the right of their box."""

    text: str
    left: float
    right: float
    place: int = -1  # of its first character on the page, as PDFium counts


def reorder(glyphs: Glyphs, producer: str, offset: int = 0) -> Glyphs:
    """The glyphs in reading order, or themselves where nothing on the page is written from the right.

    Indices then count the characters in this order, from `offset` on. `producer`: the program that wrote the file.
    """
    if not has_leftward(glyphs.text):
        return glyphs
    letters = Counter(_kind(character) for character in glyphs.text)
    page_leftward = letters["R"] > letters["L"]
    lines = [(line, _clusters(line, glyphs), _extent(line, glyphs)) for line in _find_lines(glyphs)]
    changed = [
        _has_leftward(line, glyphs) or (page_leftward and not _is_latin(found, extent)) for line, found, extent in lines
    ]
    sense = sum(_sense_from_left(*line[1:], glyphs.text) for line, own in zip(lines, changed, strict=True) if own)
    from_left = sense > 0 or (not sense and _DRAWS_FROM_LEFT.search(producer) is not None)
    leftward = page_leftward and not from_left
    height = median([top - bottom for _, _, (bottom, top) in lines])
    known = _known(glyphs)
    words, rows = ["\n" * offset], [_UNKNOWN] * offset
    for (line, clusters, (bottom, top)), own in zip(lines, changed, strict=True):
        if own:
            usual = bottom + height  # of some letters the boxes are as high as their ink
            top = usual if _SAME_HEIGHT[0] * height < top - bottom < _SAME_HEIGHT[1] * height else top
            for part in _read_line(clusters, top - bottom, glyphs.text, leftward=leftward, as_drawn=from_left):
                box = (0.0, 0.0, 0.0, 0.0) if part.text.isspace() else (part.left, top, part.right, bottom)
                words.append(part.text)
                rows += [(*box, 0.0, 0.0, np.nan)] * len(part.text)
        else:
            span = slice(line[0], line[-1] + 1)
            known[span, 6] = clusters[0].left + clusters[-1].right
            words.append(glyphs.text[span])
            rows += known[span].tolist()
        words.append("\n")
        rows.append(_UNKNOWN)
    text = "".join(words)
    known = np.array(rows, dtype=np.float32)
    boxes, sizes, baselines = known[:, :4], known[:, 4], known[:, 5]
    return replace(
        glyphs,
        text=text,
        visible=find_visible(text),
        boxes=boxes,
        middles=known[:, 6] if leftward else None,
        sizes=sizes if sizes.any() else None,
        baselines=baselines,
    )


def _known(glyphs: Glyphs) -> Floats:
    unknown = np.zeros(len(glyphs.text), dtype=np.float32)
    sizes, baselines = (unknown if values is None else values for values in (glyphs.sizes, glyphs.baselines))
    return np.column_stack((glyphs.boxes, sizes, baselines, unknown))


def has_leftward(text: str) -> bool:
    return not text.isascii() and _LEFTWARD.search(text) is not None


def _kind(character: str) -> str:
    return _CLASSES.get(unicodedata.bidirectional(character), "N")


def _has_leftward(line: Sequence[int], glyphs: Glyphs) -> bool:
    return _LEFTWARD.search("".join([glyphs.text[index] for index in line])) is not None


def _is_latin(clusters: Sequence[_Part], extent: tuple[float, float]) -> bool:
    """Whether a line without letters from the right is a sentence; the cells of a row stand as the page's rows do."""
    wide = WIDE_GAP * (extent[1] - extent[0])
    letters = any(_kind(part.text[0]) == "L" for part in clusters)
    return letters and all(_gap(one, other) <= wide for one, other in pairwise(clusters))


def _find_lines(glyphs: Glyphs) -> list[list[int]]:
    """The visible characters of PDFium's lines; it ends lines in the middle where marks are set apart."""
    visible = set(glyphs.visible.tolist())
    lines: list[list[int]] = []
    for found in re.finditer(r"[^\n]+", glyphs.text):
        line = [index for index in range(*found.span()) if index in visible]
        if lines and line and _has_leftward(lines[-1], glyphs) == _has_leftward(line, glyphs):
            (bottom, top), (below, above) = _extent(lines[-1], glyphs), _extent(line, glyphs)
            if min(top, above) - max(bottom, below) >= _SAME_LINE * min(top - bottom, above - below):
                lines[-1] += line
                continue
        lines += [line] if line else []
    return lines


def _extent(line: Sequence[int], glyphs: Glyphs) -> tuple[float, float]:
    return float(glyphs.boxes[line, 3].min()), float(glyphs.boxes[line, 1].max())


def _clusters(line: Sequence[int], glyphs: Glyphs) -> list[_Part]:
    """From the left to the right; a mark goes with the letter before it, or with a nearer one after it."""
    left, _, right, _ = glyphs.boxes[line].T.tolist()
    letters = [place for place, index in enumerate(line) if not unicodedata.combining(glyphs.text[index])]
    letters = letters or list(range(len(line)))  # marks alone
    groups: list[list[int]] = []
    for place in letters:
        last = groups[-1][-1] if groups else -1
        is_ligature = last >= 0 and (left[last], right[last]) == (left[place], right[place])
        groups[-1:] = [[*groups[-1], place]] if is_ligature else [*groups[-1:], [place]]
    owner = {place: group for group in groups for place in group}
    for place in sorted(set(range(len(line))) - set(letters)):
        after = bisect(letters, place)
        near = letters[max(after - 1, 0) : after + 1]
        owner[min(near, key=lambda letter: abs(left[letter] + right[letter] - left[place] - right[place]))].append(
            place
        )
    parts = []
    for group in groups:
        text = _ligature("".join(glyphs.text[line[place]] for place in group))
        leftmost, rightmost = min(left[place] for place in group), max(right[place] for place in group)
        parts.append(_Part(text, leftmost, rightmost, line[group[0]]))
    return sorted(parts, key=lambda part: part.left + part.right)


def _ligature(text: str) -> str:
    """PDFium turns the letters that one glyph stands for round with the word, but for some of lam and alef."""
    letters = sum(not unicodedata.combining(character) for character in text)
    if letters == 1 or _kind(text[0]) != "R" or (letters == 2 and text[0] == _LAM):
        return text
    return text[:letters][::-1] + text[letters:]


def _read_line(
    clusters: Sequence[_Part], height: float, drawn: str, *, leftward: bool, as_drawn: bool
) -> Iterator[_Part]:
    """Words or characters in reading order, and the spaces between them."""
    wide = [place for place, (one, other) in enumerate(pairwise(clusters), 1) if _gap(one, other) > WIDE_GAP * height]
    cells = [clusters[start:end] for start, end in pairwise([0, *wide, len(clusters)])]
    for number, cell in enumerate(cells[::-1] if leftward else cells):
        if number:
            yield _Part(" ", 0.0, 0.0)
        spaced = _spaced(cell, height, drawn)
        yield from _pair_brackets(spaced if as_drawn else _order(spaced, leftward=leftward))


def _gap(one: _Part, other: _Part) -> float:
    return other.left - one.right


def _spaced(cell: Sequence[_Part], height: float, drawn: str) -> list[_Part]:
    """With a space where there is a wide gap, or a narrow one at a space that is drawn."""
    spaced = [cell[0]]
    for one, other in pairwise(cell):
        gap = _gap(one, other) / height
        between = drawn[min(one.place, other.place) + 1 : max(one.place, other.place)]
        if gap > _SPACE or (gap > _DRAWN_SPACE and between.isspace() and len(one.text) == len(other.text) == 1):
            spaced.append(_Part(" ", one.right, other.left))
        spaced.append(other)
    return spaced


def _order(cell: Sequence[_Part], *, leftward: bool) -> list[_Part]:
    kinds = "".join(_kind(part.text[0]) for part in cell)
    latin, others = kinds.count("L"), kinds.count("R")
    is_arabic = any(unicodedata.bidirectional(part.text[0]) == "AL" for part in cell)
    island = _ARABIC if is_arabic else _HEBREW
    if others >= latin if leftward else others > latin:
        return _order_leftward(cell, kinds, island)
    parts: list[_Part] = []
    end = 0
    for found in _IN_LATIN.finditer(kinds):
        start, stop = found.span()
        inner = _order_leftward(cell[start:stop], kinds[start:stop], island)
        words = "".join(part.text for part in inner)
        parts += [*cell[end:start], _Part(words, cell[start].left, cell[stop - 1].right)]
        end = stop
    return [*parts, *cell[end:]]


def _order_leftward(cell: Sequence[_Part], kinds: str, island: re.Pattern[str]) -> list[_Part]:
    """From the right; numbers and Latin words, which run to the right, have one box as a whole."""
    parts: list[_Part] = []
    end = 0
    for found in island.finditer(kinds):
        start, stop = found.span()
        words = "".join(part.text for part in cell[start:stop])
        if unit_first := _UNIT_FIRST.fullmatch(words):
            words = f"{unit_first['number']} {unit_first['unit']}"
        parts += [*cell[end:start], _Part(words, cell[start].left, cell[stop - 1].right)]
        end = stop
    return [*parts, *cell[end:]][::-1]


def _pair_brackets(parts: Sequence[_Part]) -> Iterator[_Part]:
    """Brackets are drawn as they look; in a line from the right an opening one looks like a closing one."""
    text = "".join(part.text for part in parts)
    written, seen = list(text), Counter[str]()
    totals = Counter(_BRACKETS[character] for character in text if character in _BRACKETS)
    for place, character in enumerate(text):
        if pair := _BRACKETS.get(character):
            begins = place == 0 or text[place - 1].isspace()
            written[place] = pair[0 if (begins if totals[pair] % 2 else seen[pair] % 2 == 0) else 1]
            seen[pair] += 1
    place = 0
    for part in parts:
        yield part._replace(text="".join(written[place : place + len(part.text)]))
        place += len(part.text)


def _sense_from_left(clusters: Sequence[_Part], extent: tuple[float, float], drawn: str) -> int:
    """Above 0 where the words of a line make more sense from the left to the right."""
    sense = 0
    for token in "".join(part.text[0] for part in _spaced(clusters, extent[1] - extent[0], drawn)).split():
        word = token.strip(_STOPS)
        if len(word) > 1 and _kind(word[0]) == _kind(word[-1]) == "R":
            sense += _sense(word) - _sense(word[::-1]) + (token[-1] in _STOPS) - (token[0] in _STOPS)
    return sense


def _sense(word: str) -> int:
    """How much like a word of Arabic, Persian, Urdu or Hebrew the letters read in this order."""
    begins = word.startswith(_FIRST) and len(word) > 3
    return (word[-1] in _LAST) + begins + (word in _COMMON)
