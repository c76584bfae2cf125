"""Joins the lines of a PDF page to paragraphs of running text, broken words mended, mapped to its characters."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from ingest.reading.pdf.lines import BULLETS, WIDE_GAP, Glyphs, Line
from ingest.reading.pdf.reading_order import is_below, is_same_size
from ingest.reading.pdf.styles import Styles, mend_spaces, write_styles

# Shares of a line's height.
INDENT = 0.6
MAX_INDENT = 5.0
SAME_EDGE = 0.4
MIN_JUSTIFIED_LINES = 3
MAX_PUSH = 2.0
WORD_SPACE = 0.2
MOST = 0.8
MAX_SPARE = 0.3  # of the width of the column
_ITEM_MARK = re.compile(rf"(\(?\w{{1,3}}[.)]|\[\w+\]|[{re.escape(BULLETS)}])$")
# Shares of a line's height: where PDFium broke a line that goes on, and where it did not.
BROKEN_GAP = 0.15
CELL_SEPARATOR = "\t"  # white space: the words of a row stay as a person would quote them
LINE_END_HYPHEN = "\ufffe"  # PDFium's own mark for a hyphen that ends a line
_HYPHENS = "-\u2010\ufffe\xad"
_DASHES = "\u2013\u2014/"
_DROPPED = "\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff\uffff\ud800-\udfff"
_ODD = re.compile(rf"[{_DROPPED}\ufffe]|[^\S ]|  +")
_ODD_CHARACTER = re.compile(rf"(?P<dropped>[{_DROPPED}])|(?P<hyphen>\ufffe)|(?P<space>\s+)")
_LAST_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN_WORD = re.compile(r"[\w-]*\ufffe\w*")
_IDEOGRAPH = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_COMPOUND_START = re.compile(
    "self|cross|well|ill|high|low|long|short|full|half|all|ex|quasi|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_COMPOUND_ENDS = frozenset(("of", "to", "by"))
IsWord = Callable[[str], bool]


class Joint(Enum):
    """The separator between a line and the next."""

    SPACE = " "  # the line was broken because the next word did not fit
    NEWLINE = "\n"  # the author broke it: a row, an address, an item
    PARAGRAPH = "\n\n"
    UNSURE_NEWLINE = "a newline, or a space if the words go on"  # a ragged line
    UNSURE_PARAGRAPH = "a blank line, or a space if the words go on"  # the next column; a line a formula pushed down


_IF_NOT_GOING_ON = {Joint.UNSURE_NEWLINE: Joint.NEWLINE, Joint.UNSURE_PARAGRAPH: Joint.PARAGRAPH}


@dataclass(frozen=True, slots=True)
class PdfPageText:
    """A page's text; `char_indices[i]` is the PDFium character that gave `text[i]`, None where it was inserted."""

    text: str
    char_indices: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A line with its first word: the width it takes, and whether it marks an item (`2.`, `(b)`, `[7]`, a bullet)."""

    line: Line
    word_width: float
    marks_item: bool
    is_bullet: bool

    @classmethod
    def of(cls, line: Line, glyphs: Glyphs) -> "_Opened":
        piece = line.pieces[0]
        word = glyphs.text[piece.start : piece.end].split(maxsplit=1)[0]
        width = float(glyphs.boxes[piece.start + len(word) - 1, 2] - glyphs.boxes[piece.start, 0])
        return cls(line, width, _ITEM_MARK.match(word) is not None, word in BULLETS)


def lay_out(blocks: Sequence[Sequence[Line]], glyphs: Glyphs) -> list[tuple[Line, Joint]]:
    """The lines of blocks in reading order, each with its joint to the line before.

    A paragraph may be a part of a block, or go on from one into the next.
    """
    opened = [[_Opened.of(line, glyphs) for line in block] for block in blocks]
    lines = [line for block in blocks for line in block]
    joints: list[Joint] = []
    margin = 0.0
    for number, block in enumerate(opened):
        goes_on = number > 0 and _may_go_on(opened[number - 1][-1].line, block[0], margin)
        margin = _right_margin(block, lines)
        block_joints = [Joint.UNSURE_PARAGRAPH if goes_on else Joint.PARAGRAPH]
        for place in range(1, len(block)):
            block_joints.append(_joint(block, block_joints, place=place, margin=margin))
        joints += block_joints
    return list(zip(lines, joints, strict=True))


def _right_margin(block: Sequence[_Opened], lines: Sequence[Line]) -> float:
    """Where the lines of a block would end if they were full."""
    widest = max(opened.line.right for opened in block)
    tolerance = SAME_EDGE * block[0].line.height
    justified = sum(widest - opened.line.right < tolerance for opened in block) >= MIN_JUSTIFIED_LINES
    full = [_is_full(above.line, opened, widest) for above, opened in pairwise(block)]
    if justified or (len(full) >= MIN_JUSTIFIED_LINES and sum(full) >= MOST * len(full)):
        return widest
    return max(widest, _column_margin(block[0].line, widest, lines))


def _is_full(line: Line, after: _Opened, margin: float) -> bool:
    """A line is full if the next line's first word had no room on it."""
    return line.right + WORD_SPACE * line.height + after.word_width > margin - 0.1 * line.height


def _column_margin(first: Line, right: float, lines: Sequence[Line]) -> float:
    """The right edge that most lines over or under a block share, if three do."""
    height = first.height or 1.0
    edges = [line.right for line in lines if line.left < right and line.right > first.left and not line.turned]
    counted = Counter(round(edge / height) for edge in edges)
    shared, count = max(counted.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return max(edge for edge in edges if round(edge / height) == shared) if count >= MIN_JUSTIFIED_LINES else right


def _may_go_on(above: Line, opened: _Opened, margin: float) -> bool:
    """Whether the paragraph of a full line may go on after the end of its block; `margin` is that block's."""
    line = opened.line
    if above.is_row or line.is_row or above.turned or line.turned:
        return False
    next_column = line.bottom > above.top and line.left > above.left + above.height
    pushed_down = is_below(above, line) and above.bottom - line.bottom < MAX_PUSH * line.height
    return is_same_size(above, line) and (next_column or pushed_down) and _is_full(above, opened, margin)


def _joint(block: Sequence[_Opened], joints: Sequence[Joint], *, place: int, margin: float) -> Joint:
    above, opened = block[place - 1], block[place]
    if above.line.is_row or opened.line.is_row:
        last_cell = above.line.pieces[-1].left
        in_cell = not opened.line.is_row and abs(opened.line.left - last_cell) < SAME_EDGE * above.line.height
        return Joint.UNSURE_NEWLINE if in_cell else Joint.NEWLINE
    full = _is_full(above.line, opened, margin)
    step = (opened.line.left - above.line.left) / (opened.line.height or 1.0)
    if INDENT < step < MAX_INDENT:
        hangs = full and (above.marks_item or _keeps_left(block, place))
        return Joint.SPACE if hangs else Joint.PARAGRAPH
    if step < -INDENT and _hangs(block, joints):
        return Joint.PARAGRAPH
    if opened.is_bullet:
        return Joint.NEWLINE
    if full:
        return Joint.SPACE
    spare = margin - above.line.right
    return Joint.UNSURE_NEWLINE if spare < MAX_SPARE * (margin - above.line.left) else Joint.NEWLINE


def _keeps_left(block: Sequence[_Opened], place: int) -> bool:
    """Whether the next line, if any, begins where this one does: a paragraph's indent is its first line's alone."""
    if place + 1 == len(block):
        return True
    line, after = block[place].line, block[place + 1].line
    return abs(after.left - line.left) < SAME_EDGE * line.height


def _hangs(block: Sequence[_Opened], joints: Sequence[Joint]) -> bool:
    """Whether the paragraph that `joints` end in began further left than it went on."""
    last = len(joints) - 1
    first = last
    while first > 0 and joints[first] is not Joint.PARAGRAPH:
        first -= 1
    return first < last and block[first].line.left < block[last].line.left - INDENT * block[last].line.height


def write_text(lines: Iterable[tuple[Line, Joint]], glyphs: Glyphs, styles: Styles, is_word: IsWord) -> PdfPageText:
    """`is_word` says whether a word, in lower case, is unbroken on this page or near it."""
    text, indices = "", list[int | None]()
    filled_in = False
    for line, joint in lines:
        words, places = _line_text(line, glyphs)
        was_filled_in, filled_in = filled_in, len({piece.start >= glyphs.typed_from for piece in line.pieces}) > 1
        if filled_in or was_filled_in:
            joint = Joint.PARAGRAPH  # a label with its value is a sentence of its own
        if styles and any(place in styles for place in places):
            words, places = write_styles(words, places, styles)
        if not words:
            continue
        if text:
            separator, cut = _seam(text, words, joint, is_word)
            if cut:
                text, indices = text[:-1], indices[:-1]
            text += separator
            indices += [None] * len(separator)
        text += words
        indices += places
    return PdfPageText(text, tuple(indices))


def join_texts(parts: Sequence[PdfPageText]) -> PdfPageText:
    """The parts of a page that are written in different directions, one after the other."""
    text, indices = "", tuple[int | None, ...]()
    for part in parts:
        if text and part.text:
            text += Joint.PARAGRAPH.value
            indices += (None,) * len(Joint.PARAGRAPH.value)
        text += part.text
        indices += part.char_indices
    return PdfPageText(text, indices)


def unbroken_words(page: str) -> frozenset[str]:
    """The words of a page, in lower case, without those that a line end breaks in two."""
    return frozenset(_WORD.findall(_BROKEN_WORD.sub(" ", page).lower()))


def _line_text(line: Line, glyphs: Glyphs) -> tuple[str, list[int | None]]:
    text, indices = "", list[int | None]()
    for number, piece in enumerate(line.pieces):
        if number:
            before = line.pieces[number - 1]
            between = glyphs.text[before.end : piece.start]
            if max(before.start, piece.start) >= glyphs.typed_from:
                text += CELL_SEPARATOR if before.start >= glyphs.typed_from and line.parts(before, piece) else " "
                indices.append(None)
            elif " " in between or piece.left - before.right > (BROKEN_GAP if between else WIDE_GAP) * line.height:
                text += CELL_SEPARATOR if line.parts(before, piece) else " "
                indices.append(before.end if between[:1] == " " else None)
        for start, end, character in _kept(glyphs.text, piece.start, piece.end):
            text += character or glyphs.text[start:end]
            indices += range(start, end)
    return mend_spaces(text, indices, line, glyphs)


def _kept(text: str, start: int, end: int) -> Iterator[tuple[int, int, str | None]]:
    """Ranges of characters that are kept as they are (None), or one character and its replacement."""
    if not _ODD.search(text, start, end):
        yield start, end, None
        return
    for odd in _ODD_CHARACTER.finditer(text, start, end):
        if start < odd.start():
            yield start, odd.start(), None
        if odd["hyphen"]:
            yield odd.start(), odd.start() + 1, "-"
        elif odd["space"]:
            yield odd.start(), odd.start() + 1, " "
        start = odd.end()
    if start < end:
        yield start, end, None


def _seam(text: str, words: str, joint: Joint, is_word: IsWord) -> tuple[str, bool]:
    """What to put between a text and the line that follows, and whether the text's last character goes."""
    last, first = text[-1], words[0]
    if joint in _IF_NOT_GOING_ON:
        joint = Joint.SPACE if _goes_on(last, first) else _IF_NOT_GOING_ON[joint]
    broken = last in _HYPHENS and len(text) > 1 and text[-2].isalnum() and first.isalnum()
    if broken and (joint is Joint.SPACE or (joint is Joint.NEWLINE and first.islower())):
        return "", not _keeps_hyphen(text[-60:-1], words, is_word)
    dashed = last in _DASHES and text[-2:-1].isalnum()
    if joint is Joint.SPACE and (dashed or (_IDEOGRAPH.match(last) and _IDEOGRAPH.match(first))):
        return "", False
    return joint.value, False


def _goes_on(last: str, first: str) -> bool:
    """Whether a sentence goes on from a text's last character to the next line's first."""
    return (first.islower() and last not in ".!?:;") or (last in _HYPHENS and first.isalpha())


def _keeps_hyphen(before: str, after: str, is_word: IsWord) -> bool:
    """Whether the hyphen at a line's end belongs to the word: `well-known`, and not `inter-national`.

    The document is its own dictionary: a spelling that is unbroken nearby decides; else a hyphen before a capital
    or a digit, or between two words that are both alone nearby, is kept; any other was put in by the typesetter.
    """
    head, tail = _LAST_WORD.search(before), _FIRST_WORD.match(after)
    if not head or not tail:
        return True
    left, right = head.group().lower(), tail.group().lower()
    if is_word(f"{left}-{right}") or is_word(left + right):
        return is_word(f"{left}-{right}")
    if tail.group()[0].isupper() and not head.group().isupper():
        return True
    *leading, part = left.split("-")
    is_compound = _COMPOUND_START.fullmatch(part) is not None
    if right in _COMPOUND_ENDS or is_compound or leading:
        return is_word(right) and (is_compound or is_word(part))
    return min(len(part), len(right)) > 2 and is_word(part) and is_word(right)
