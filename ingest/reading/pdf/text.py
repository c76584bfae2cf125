"""Writes the paragraphs of a PDF page as running text, broken words mended, with the map back to its characters."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ingest.reading.pdf.lines import WIDE_GAP, Glyphs, Line
from ingest.reading.pdf.paragraphs import Joint, Layout

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
_IF_NOT_GOING_ON = {Joint.UNSURE_NEWLINE: Joint.NEWLINE, Joint.UNSURE_PARAGRAPH: Joint.PARAGRAPH}

IsWord = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class PdfPageText:
    """A page's text; `char_indices[i]` is the PDFium character that gave `text[i]`, None where it was inserted."""

    text: str
    char_indices: tuple[int | None, ...]


def write_text(layout: Layout, glyphs: Glyphs, is_word: IsWord) -> PdfPageText:
    """`is_word` says whether a word, in lower case, is unbroken on this page or near it."""
    text, indices = "", list[int | None]()
    for line, joint in zip(layout.lines, layout.joints, strict=True):
        words, places = _line_text(line, glyphs)
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
            if " " in between or piece.left - before.right > (BROKEN_GAP if between else WIDE_GAP) * line.height:
                text += CELL_SEPARATOR if line.parts(before, piece) else " "
                indices.append(before.end if between[:1] == " " else None)
        for start, end, character in _kept(glyphs.text, piece.start, piece.end):
            text += character or glyphs.text[start:end]
            indices += range(start, end)
    return text, indices


def _kept(text: str, start: int, end: int) -> Iterator[tuple[int, int, str | None]]:
    """Ranges of characters taken over as they are (None), or one character and its replacement."""
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
