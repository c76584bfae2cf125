"""Reads the markers of passages in what a model wrote, such as `[1]`, and takes them out of the text.

Read: `[1]`, `[1, 3-5]`, `[1][2]`, `[[1]]`, `([1], [2])`, `【1】`, `【1†source】`, `［1］`, `[^1]`, `[Source 1]`, digits
of any script. Not read: what markdown-it takes for code or the address of a link, subscripts and years. Definitions of
reference links are not followed, and code that is indented instead of fenced is prose.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

WORD_JOINER = "\u2060"
OPENERS = "[【［(（"
OPENER = re.compile("[\\[【［(（]")
CLOSERS = "]】］)）"
# No form is longer, so that a stream never holds back more.
LONGEST = 160
LONGEST_RANGE = 20

# A marker has no line break, so that the end of a line of code never goes with one.
BLANK = r"[ \t\u00a0\u2009\u202f\u3000]"
OPEN, CLOSE = r"[\[【［]", r"[\]】］]"
LABELS = (
    *("citation", "cite", "context", "chunk", "document", "doc", "excerpt", "passage", "reference", "ref", "source"),
    *("quelle", "fuente", "fonte", "来源", "文档", "出典", "資料", "источник"),
)
LABEL = rf"(?:{'|'.join(LABELS)})[sn]?"
SIGN = rf"(?:{BLANK}|[:#._-]){{0,3}}"
DASH = "[~–—‑−-]"
# Two to three digits at most, so that years are none.
NUMBER = r"\d{1,3}"
# What OpenAI's models write after a number: 【4:0†source】, 【1†L10-L20】.
LINES = rf"(?:†[^\[\]【】［］()（）\n,;`{WORD_JOINER}]{{0,40}})?"
ITEM = rf"(?:{LABEL}{SIGN})?{NUMBER}(?::{NUMBER})?{LINES}"
SEPARATOR = rf"{BLANK}{{0,2}}(?:[,;，；、&]|{DASH}|and){BLANK}{{0,2}}"
LIST = rf"{BLANK}{{0,2}}\^?{ITEM}(?:{SEPARATOR}{ITEM}){{0,40}}\^?{BLANK}{{0,2}}"
SIMPLE = rf"{OPEN}{LIST}{CLOSE}"
BETWEEN = rf"(?:{BLANK}|[,;，；、]){{0,3}}"
# [[1]], ([1]), ([1], [2]): the brackets around go too, or an empty pair would be left.
WRAPPED = rf"[\[(（](?:{SIMPLE}{BETWEEN}){{1,12}}[\])）]"

MARKER = re.compile(f"{WRAPPED}|{SIMPLE}", re.IGNORECASE)
# Between two markers, `[1], [2]` and `[1] and [2]`, it goes with them.
JOINED = re.compile(rf"{BLANK}{{0,2}}(?:(?:[,;，；、&]|and){BLANK}{{0,2}})?")
BLANKS_AT_END = re.compile(rf"{BLANK}*\Z")
MOST_BLANKS = 8
# What a stream holds back: a marker that another may follow, blanks, and a bracket that is open.
UNFINISHED = re.compile(
    rf"(?:{BLANK}{{0,{MOST_BLANKS}}}(?:{WRAPPED}|{SIMPLE})(?:{BLANK}{{0,2}}(?:[,;，；、&]|an?d?)?{BLANK}{{0,2}})?)?"
    rf"{BLANK}{{0,{MOST_BLANKS}}}(?:[\[【［(（](?:{SIMPLE}|[^\]】］)）\n]){{0,{LONGEST}}})?\Z",
    re.IGNORECASE,
)

RANGES = re.compile(
    rf"({NUMBER})(?::{NUMBER})?{LINES}(?:{BLANK}{{0,2}}{DASH}{BLANK}{{0,2}}(?:{LABEL}{SIGN})?({NUMBER}))?",
    re.IGNORECASE,
)

ARRAYS = "arr|array|args|argv|buf|cols|idx|lst|nums|row|rows|vec"
CODE_NAME = re.compile(rf"\$\w+|\w*[^\W_]_+[^\W_]\w*|[a-z]{{2,}}[A-Z][a-z]{{3,}}\w*|{ARRAYS}")
WORD_AT_END = re.compile(r"[\w$]+\Z")
LONGEST_NAME = 40
# No one-letter name: the end of "it's", "e-mail" or "i.e", the unit in "5 g".
LETTER = re.compile(rf"(?<![\w'’.\-/])(?<!\d{BLANK})[a-z]\Z")
ASSIGNED = re.compile(rf"{BLANK}?=|\.[a-z_]")
DEFINED = re.compile(rf":{BLANK}?(?:http|www|[</#])")
LONGEST_AFTER = 8
ASCII_WORD = re.compile(r"[A-Za-z0-9_]")


def read_markers(text: str, *, passages: int) -> tuple[str, list[tuple[int, int]]]:
    """A text without its markers, and of each marker the offset in that text and the passage's number.

    Numbers are in 1..`passages`; others are dropped. The bare text, read again, has no marker: brackets that close up
    to one where another was removed (`[[1]2]`) are broken by a word joiner.
    """
    pieces: list[str] = []
    markers: list[tuple[int, int]] = []
    at = length = 0
    for start, end in find_runs(text):
        pieces.append(text[at:start])
        length, at = length + start - at, end
        numbers = chain.from_iterable(expand_numbers(found[0]) for found in MARKER.finditer(text, start, end))
        markers += [(length, number) for number in numbers if 1 <= number <= passages]
    bare = "".join([*pieces, text[at:]])
    while left := list(find_runs(bare)):
        bare, markers = break_up(bare, left, markers)
    return bare, markers


def without_markers(text: str) -> str:
    return read_markers(text, passages=0)[0]


def defuse(text: str) -> str:
    """The text of a document with anything that reads as one of our markers made to be none, looking the same.

    In code too, since a piece of a text does not tell whether it is code.
    """
    return MARKER.sub(lambda match: OPENER.sub(rf"\g<0>{WORD_JOINER}", match[0]), text)


def find_runs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each marker, with the blanks before it, or what joins it to the one before."""
    taken_until = 0
    for found in find_markers(text):
        joined = JOINED.fullmatch(text, taken_until, found.start()) if taken_until else None
        blanks = BLANKS_AT_END.search(text, max(taken_until, found.start() - MOST_BLANKS), found.start())
        yield taken_until if joined else blanks.start() if blanks else found.start(), found.end()
        taken_until = found.end()


def find_markers(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    for one in MARKER.finditer(text):
        start, end = one.span()
        line = ("…" + text[start - LONGEST : start] if start > LONGEST else text[:start]).rpartition("\n")[2]
        after = text[end : end + LONGEST_AFTER]
        follows_marker = bool(found) and found[-1].end() == start
        if not is_link(one[0], line, after) and (follows_marker or not is_subscript(one[0], line, after)):
            found.append(one)
    return in_prose(text, found) if found else []


def in_prose(text: str, found: list[re.Match[str]]) -> list[re.Match[str]]:
    """Those that are neither in code nor in the address of a link.

    Markdown is parsed with a sign of its own in each one's place: those count whose sign comes out in a text.
    """
    if not any(sign in text for sign in "`~("):
        return found
    mark = next(chr(sign) for sign in range(0xE000, 0xF900) if chr(sign) not in text)
    pieces, at = [], 0
    for number, one in enumerate(found):
        pieces += [text[at : one.start()], f"{mark}{number}{mark}"]
        at = one.end()
    tokens = parser().parse("".join([*pieces, text[at:]]))
    prose = " ".join(token.content for token in flatten(tokens) if token.type == "text")
    numbers = {int(number) for number in re.findall(f"{mark}([0-9]+){mark}", prose)}
    return [one for number, one in enumerate(found) if number in numbers]


def flatten(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flatten(token.children or [])


@cache
def parser() -> MarkdownIt:
    return MarkdownIt("commonmark").disable(["code", "html_block", "html_inline", "reference"])


def break_up(
    text: str, spans: list[tuple[int, int]], markers: list[tuple[int, int]]
) -> tuple[str, list[tuple[int, int]]]:
    """The text with a word joiner in each of these markers, and the markers' offsets in it."""
    openers = [found.end() for start, end in spans for found in OPENER.finditer(text, start, end)]
    ends = [0, *openers, len(text)]
    broken = WORD_JOINER.join(text[start:end] for start, end in pairwise(ends))
    return broken, [(place + bisect_left(openers, place), number) for place, number in markers]


class MarkerStream:
    """Takes markers out of a text that comes in pieces, as far as is seen yet; the finished text is read by itself.

    From a bracket on it holds back until the bracket closes or the line ends, LONGEST characters at most.
    """

    def __init__(self) -> None:
        self._held = self._shown = ""

    def feed(self, piece: str) -> str:
        """The text that can be shown now."""
        text = self._held + piece
        unfinished = UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return self._show(text[:cut])

    def close(self) -> str:
        """The rest of it: nothing follows."""
        rest, self._held = self._held, ""
        return self._show(rest)

    def _show(self, text: str) -> str:
        shown = without_markers(self._shown + text)
        new = shown[len(self._shown) :] if shown.startswith(self._shown) else without_markers(text)
        self._shown = (self._shown + new)[-LONGEST_NAME:]
        return new


def expand_numbers(marker: str) -> list[int]:
    """`[1, 3-5]` as 1, 3, 4, 5; digits of any script."""
    numbers: list[int] = []
    for match in RANGES.finditer(marker):
        first, last = int(match[1]), int(match[2] or match[1])
        numbers += range(first, min(last, first + LONGEST_RANGE) + 1)
    return numbers


def is_link(marker: str, before: str, after: str) -> bool:
    """`[1](…)`, or at the start of a line `[1]: http…` or `[^1]:`, where `before` is the line up to it."""
    if marker[0] == "[" and marker[-1] == "]" and after.startswith("("):
        return True
    is_defined = after.startswith(":") if marker[1] == "^" else DEFINED.match(after)
    return not before.strip() and bool(is_defined)


def is_subscript(marker: str, before: str, after: str) -> bool:
    """Whether a marker directly behind `before` is an array's subscript or a call's argument.

    Behind a word it is a marker: models write `orbit[1].` far more often than code without its backticks, and a number
    left in the text would point at another source than the model cited. It is none behind what only code calls a
    thing (`a_b`, `rowData`, `x`, `rows`, `$words`) or what code alone writes without a space (`f(x)`, `rows[i]`), as
    an index from 0, and before `=` or `.name`.
    """
    if not before or marker[0] in "【［":
        return False
    if before[-1] in CLOSERS:
        opener = find_opener(before)
        return opener > 0 and bool(ASCII_WORD.match(before, opener - 1))
    if not (before[-1].isalnum() or before[-1] == "_"):
        return False
    return 0 in expand_numbers(marker) or names_array(before) or bool(ASSIGNED.match(after))


def names_array(before: str) -> bool:
    word = WORD_AT_END.search(before[-LONGEST_NAME:])
    return bool(LETTER.search(before[-3:])) or bool(word and CODE_NAME.fullmatch(word[0]))


def find_opener(before: str) -> int:
    """Where the bracket opens that closes at the end; -1 where it is not found."""
    depth = 0
    for place in range(len(before) - 1, -1, -1):
        depth += (before[place] in CLOSERS) - (before[place] in OPENERS)
        if depth == 0:
            return place
    return -1
