"""Shows numbers as the cell of a spreadsheet shows them, by its number format."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache, partial

from ingest.reading.tables.date_formats import LATEST_DAY, show_date

# By their numbers in the standard; 14 and 22 are of the reader's country, the others missing of Asian calendars.
BUILT_IN = dict(enumerate((
    "General", "0", "0.00", "#,##0", "#,##0.00", "$#,##0", "$#,##0", "$#,##0.00", "$#,##0.00", "0%", "0.00%",
    "0.00E+00", "# ?/?", "# ??/??", "yyyy-mm-dd", "d-mmm-yy", "d-mmm", "mmm-yy", "h:mm AM/PM", "h:mm:ss AM/PM", "h:mm",
    "h:mm:ss", "yyyy-mm-dd h:mm",
))) | {37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)",
       41: "#,##0;(#,##0);-", 42: "$#,##0;($#,##0);-", 43: "#,##0.00;(#,##0.00);-", 44: "$#,##0.00;($#,##0.00);-",
       45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@"}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"?)|\\(?P<escaped>.)|(?P<blank>_.|\*.)|\[(?P<bracket>[^\]]*)\]|(?P<end>;)
      | (?P<general>General|Standard)|(?P<half>AM/PM|A/P)|(?P<exponent>[Ee][+-])|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|[eg]+)
      | (?P<digits>[0\#?][0\#?,.]*|\.[0\#?]+)|(?P<text>@)|(?P<percent>%)|(?P<mark>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d*\.?\d+)")
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
# Formats of the reader's country.
_SYSTEM = {"F800": [("date", "yyyy"), ("word", "-"), ("date", "mm"), ("word", "-"), ("date", "dd")],
           "F400": [("date", "hh"), ("word", ":"), ("date", "mm"), ("word", ":"), ("date", "ss")]}  # fmt: skip

Token = tuple[str, str]
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class _Section:
    """A format, or one of its parts for positive and negative numbers, zero and text; `language` as Windows counts."""

    tokens: tuple[Token, ...]
    write: Write
    is_date: bool
    condition: tuple[str, float] | None = None
    language: int = 0

    def has(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _ in self.tokens)


@lru_cache(maxsize=50_000)
def show_number(number: float, code: str, *, from_1904: bool = False) -> str:
    """The text of the cell without its colours and the blanks that align a column; `show_date` says of dates how.

    A number in general format keeps fifteen digits. What a format hides from everyone is marked.
    """
    sections = _parse(code)
    if not any(section.tokens for section in sections):
        return f"[hidden: {show_general(number)}]"
    section, is_negative = _choose(number, sections)
    if section.is_date:
        if number < 0 and section.has("elapsed"):
            return ("" if is_negative else "-") + show_number(-number, code)
        days = number + 1462 if from_1904 and number >= 0 and not section.has("elapsed") else number
        return show_date(days, section.tokens, section.language) if 0 <= days < LATEST_DAY else show_general(number)
    text = section.write(abs(number)).strip()
    return f"-{text}" if number < 0 and not is_negative and re.search("[1-9]", text) else text


def show_text(text: str, code: str) -> str:
    """Text in a cell whose format adds to it."""
    if "@" not in code or code == "@":
        return text
    section = next((section for section in _parse(code) if section.has("text")), None)
    return "".join(text if kind == "text" else words for kind, words in section.tokens).strip() if section else text


def show_general(number: float) -> str:
    if number == int(number) and abs(number) < 1e21:
        return str(int(number))
    digits = f"{number:.15g}"
    return format(Decimal(digits), "f") if 1e-10 < abs(number) < 1e21 else digits.replace("e", "E")


@lru_cache(maxsize=2000)
def _parse(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[Token] = []
    condition, language = None, 0
    for match in _TOKEN.finditer(f"{code};"):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "end":
            sections.append(_section(_settle(tokens), condition, language))
            tokens, condition, language = [], None, 0
        elif kind == "bracket" and text.startswith("$"):
            symbol, _, place = text[1:].partition("-")
            tokens += [("word", symbol)] if symbol else []
            language = language if symbol else _whole(place)
            if place.upper() in _SYSTEM:
                return (_section(_SYSTEM[place.upper()]),)
        elif kind == "bracket" and (found := _CONDITION.fullmatch(text.strip())):
            condition = (found[1], float(found[2]))
        elif kind == "bracket" and text and not text.lower().strip("hms"):
            tokens.append(("elapsed", text.lower()))
        elif kind not in ("bracket", "blank"):
            tokens.append(("word", text.strip('"')) if kind in ("quoted", "escaped", "mark") else (kind, text))
    return tuple(sections)


def _section(tokens: Iterable[Token], condition: tuple[str, float] | None = None, language: int = 0) -> _Section:
    settled = tuple(tokens)
    return _Section(
        settled, _writer(settled), "date" in dict(settled) or "elapsed" in dict(settled), condition, language
    )


def _settle(tokens: Sequence[Token]) -> Iterator[Token]:
    """Letters of dates among digits are words: `0 kg`."""
    is_number = any(kind == "digits" for kind, _ in tokens) and not any(kind == "elapsed" for kind, _ in tokens)
    for kind, text in tokens:
        yield ("word", text) if is_number and kind in ("date", "half") else (kind, text)


def _whole(place: str) -> int:
    try:
        return int(place.partition(",")[0], 16) & 0xFFFF
    except ValueError:
        return 0


def _choose(number: float, sections: Sequence[_Section]) -> tuple[_Section, bool]:
    """The section for a number, and whether it is for negative numbers, so that it says all of their sign."""
    numeric = [section for section in sections if not section.has("text")] or list(sections)
    if any(section.condition for section in numeric):
        for section in numeric:
            if section.condition is None:
                return section, False
            sign, bound = section.condition
            if _COMPARE[sign](number, bound):
                return section, sign.startswith("<") and bound <= 0
        return numeric[-1], False
    if number < 0 and len(numeric) > 1:
        return numeric[1], True
    return (numeric[2] if number == 0 and len(numeric) > 2 else numeric[0]), False


def _writer(tokens: Sequence[Token]) -> Write:
    """Writes the numbers of a section, without their sign."""
    kinds = [kind for kind, _ in tokens]
    if "general" in kinds or "text" in kinds or "digits" not in kinds:
        return lambda number: "".join(
            show_general(number) if kind in ("general", "text") else text for kind, text in tokens
        )
    first, last = kinds.index("digits"), len(kinds) - 1 - kinds[::-1].index("digits")
    slash = next((place for place in range(first + 1, len(tokens)) if tokens[place] == ("word", "/")), 0)
    is_fraction = slash > 0 and kinds[slash - 1] == "digits"
    last = max(last, slash) if is_fraction else last
    while is_fraction and last + 1 < len(tokens) and tokens[last + 1][1].isdecimal():
        last += 1
    inner = tokens[first : last + 1]
    if is_fraction:
        write: Write = partial(_fraction, tokens=inner, slash=slash - first)
    elif "exponent" in kinds[first:last]:
        write = partial(_scientific, tokens=inner)
    else:
        write = _plain(inner, 2 * kinds.count("percent"))
    before, after = ("".join(text for _, text in part) for part in (tokens[:first], tokens[last + 1 :]))
    return lambda number: f"{before}{write(number)}{after}"


def _plain(tokens: Sequence[Token], shift: int) -> Write:
    """Digits, rounded as taught at school, with the words between them."""
    pattern = "".join(text for kind, text in tokens if kind == "digits")
    has_thousands = "," in pattern.rstrip(",")
    shift -= 3 * (len(pattern) - len(pattern.rstrip(",")))
    whole, _, decimals = pattern.replace(",", "").partition(".")
    places, least, zeros = min(len(decimals), 30), decimals.rfind("0") + 1, len(whole.lstrip("#?"))
    unit = Decimal(1).scaleb(-places)
    point = next((place for place, (kind, text) in enumerate(tokens) if kind == "digits" and "." in text), len(tokens))
    after = "".join(text for kind, text in tokens[point:] if kind != "digits")
    before_point = [(kind, text.partition(".")[0] if kind == "digits" else text) for kind, text in tokens[: point + 1]]

    def write(number: float) -> str:
        exact = Decimal(repr(number)).scaleb(shift)
        rounded = exact if exact.adjusted() > 25 - places else exact.quantize(unit, ROUND_HALF_UP)
        digits, _, fraction = f"{rounded:.{places}f}".partition(".")
        digits = ("" if digits == "0" else digits).zfill(zeros)
        if has_thousands:
            digits = _THOUSANDS.sub(",", digits)
        fraction = fraction[:least] + fraction[least:].rstrip("0")
        digits = _interleave(digits, before_point) if len(before_point) > 1 else digits
        return f"{digits}.{fraction}{after}" if fraction else digits + after

    return write


def _interleave(shown: str, tokens: Sequence[Token]) -> str:
    """Digits in the places of a pattern, from the right: 2125551234 in `000-000-0000`."""
    parts = []
    for place, (kind, text) in reversed(list(enumerate(tokens))):
        taken = len(text) if place and kind == "digits" else len(shown)
        parts.append(shown[len(shown) - min(taken, len(shown)) :] if kind == "digits" else text)
        shown = shown[: max(len(shown) - taken, 0)] if kind == "digits" else shown
    return "".join(reversed(parts)).lstrip("'\N{RIGHT SINGLE QUOTATION MARK}")  # thousands that are not there


def _fraction(number: float, *, tokens: Sequence[Token], slash: int) -> str:
    below = "".join(text for _, text in tokens[slash + 1 :]).strip()
    has_whole = any(kind == "digits" for kind, _ in tokens[: slash - 1])
    exact = Fraction(repr(float(number)))
    whole = int(exact) if has_whole else 0
    if below.isdecimal() and int(below):
        parts, of = round((exact - whole) * int(below)), int(below)
    else:
        nearest = (exact - whole).limit_denominator(max(10 ** min(len(below), 4) - 1, 1))
        parts, of = nearest.numerator, nearest.denominator
    if has_whole and parts == of:
        whole, parts = whole + 1, 0
    return " ".join([*([str(whole)] if whole or not parts else []), *([f"{parts}/{of}"] if parts else [])])


def _scientific(number: float, *, tokens: Sequence[Token]) -> str:
    mark = next(place for place, (kind, _) in enumerate(tokens) if kind == "exponent")
    pattern = "".join(text for kind, text in tokens[:mark] if kind == "digits").replace(",", "")
    step, places = max(len(pattern.partition(".")[0]), 1), len(pattern.partition(".")[2])
    power = math.floor(math.log10(number)) if number else 0
    power -= power % step
    exact = Decimal(repr(number))
    mantissa = f"{exact.scaleb(-power):.{places}f}"
    if Decimal(mantissa) >= 10**step:
        power += step
        mantissa = f"{exact.scaleb(-power):.{places}f}"
    sign = "-" if power < 0 else tokens[mark][1][1:].strip("-")
    width = sum(len(text) for kind, text in tokens[mark:] if kind == "digits")
    return f"{mantissa}E{sign}{str(abs(power)).zfill(width)}"
