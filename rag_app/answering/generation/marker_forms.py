"""The forms in which models write a passage's number: whole, begun, and what only looks so."""

import re
from dataclasses import dataclass

WORD_JOINER = "\u2060"
OPENERS = "[【［(（"
CLOSERS = "]】］)）"
# No form is longer, so that a reader of a stream never holds back more.
LONGEST = 160
LONGEST_RANGE = 20

# No line break stands in a marker: what ends a line of code must not go with one.
BLANK = r"[ \t\u00a0\u2009\u202f\u3000]"
OPEN, CLOSE = r"[\[【［]", r"[\]】］]"
LABELS = (
    *("citation", "cite", "context", "chunk", "document", "doc", "excerpt", "passage", "reference", "ref", "source"),
    *("quelle", "fuente", "fonte", "来源", "文档", "出典", "資料", "источник"),
)
LABEL = rf"(?:{'|'.join(LABELS)})[sn]?"
LABEL_BEGUN = "|".join(sorted({label[:n] for label in LABELS for n in range(1, len(label) + 1)}, reverse=True))
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
ROUND = rf"[(（]{LIST}[)）]"

ITEM_BEGUN = rf"(?:{LABEL_BEGUN}|(?:{LABEL}{SIGN})?(?:{NUMBER}(?::\d{{0,3}})?{LINES})?)"
SEPARATOR_BEGUN = rf"{BLANK}{{0,2}}(?:[,;，；、&]|{DASH}|and|an|a)?{BLANK}{{0,2}}"
LIST_BEGUN = rf"{BLANK}{{0,2}}\^?(?:{ITEM}{SEPARATOR}){{0,40}}{ITEM_BEGUN}{SEPARATOR_BEGUN}\^?{BLANK}{{0,2}}"
SIMPLE_BEGUN = rf"{OPEN}{LIST_BEGUN}"
WRAPPED_BEGUN = rf"[\[(（](?:{SIMPLE}{BETWEEN}){{0,12}}(?:{SIMPLE_BEGUN})?"
ROUND_BEGUN = rf"[(（]{LIST_BEGUN}"


@dataclass(frozen=True, slots=True)
class Forms:
    """`whole` matches a marker, `begun` a text that more text may make one, `at_end` either at a text's end."""

    whole: re.Pattern[str]
    begun: re.Pattern[str]
    at_end: re.Pattern[str]


def compile_forms(whole: str, begun: str) -> Forms:
    patterns = (whole, begun, rf"(?:{whole}|{begun})\Z")
    return Forms(*(re.compile(pattern, re.IGNORECASE) for pattern in patterns))


SQUARE = compile_forms(f"{WRAPPED}|{SIMPLE}", f"{WRAPPED_BEGUN}|{SIMPLE_BEGUN}")
ANY_BRACKETS = compile_forms(f"{WRAPPED}|{SIMPLE}|{ROUND}", f"{WRAPPED_BEGUN}|{SIMPLE_BEGUN}|{ROUND_BEGUN}")

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
# What may follow a marker and make it none, and how long that is.
LONGEST_AFTER = 8
AFTER_BEGUN = re.compile(rf":{BLANK}?(?:h|ht|htt|w|ww)?|{BLANK}?|\.")


def expand_numbers(marker: str) -> list[int]:
    """`[1, 3-5]` as 1, 3, 4, 5; digits of any script."""
    numbers: list[int] = []
    for match in RANGES.finditer(marker):
        first, last = int(match[1]), int(match[2] or match[1])
        numbers += range(first, min(last, first + LONGEST_RANGE) + 1)
    return numbers


def is_link(marker: str, before: str, after: str) -> bool:
    """`[1](…)`, or at the start of a line `[1]: http…` or `[^1]:`, where `before` is what stands on that line."""
    if marker[0] == "[" and marker[-1] == "]" and after.startswith("("):
        return True
    is_defined = after.startswith(":") if marker[1] == "^" else DEFINED.match(after)
    return not before.strip() and bool(is_defined)


def is_subscript(marker: str, before: str, after: str) -> bool:
    """Whether a marker directly behind `before` is an array's subscript or a call's argument.

    Behind a word it is a marker: models write `orbit[1].` far more often than code without its backticks, and a number
    left in the text would point at another source than its writer meant. It is none behind what only code calls a
    thing (`a_b`, `rowData`, `x`, `rows`, `$words`) or what code alone writes without a space (`f(x)`, `rows[i]`), as
    an index from 0, and before `=` or `.name`.
    """
    if not before or marker[0] in "【［":
        return False
    if before[-1] in CLOSERS:
        opener = find_opener(before)
        return opener > 0 and is_ascii_word(before[opener - 1])
    if marker[0] in "(（" and marker[1] not in OPENERS:
        return is_ascii_word(before[-1])
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


def is_ascii_word(sign: str) -> bool:
    return sign.isascii() and (sign.isalnum() or sign == "_")
