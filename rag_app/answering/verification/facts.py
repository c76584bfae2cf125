"""Reads the checkable facts of a sentence: its numbers with their units, and whether it denies something."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isclose

from vectorstore.text_analysis import ENGLISH, analyze

TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|%)?(?!\w)|[^\W_]+(?:['’][^\W_]+)?|%|[$€£]")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth"
SMALL = {word: n for n, word in enumerate(NUMBER_WORDS.split())}
TENS = {f"{stem}ty": 10 * n for n, stem in enumerate(("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine"), 2)}
ORDINALS = {word: n for n, word in enumerate(ORDINAL_WORDS.split(), 1)}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
# These say how many only now and then ("one of them", "at first"): they prove a number and ask for none.
LOOSE = {"one", "first", "second"}
UNIT_NAMES = {
    "%": "% percent",
    "$": "$ dollar dollars usd",
    "€": "€ euro euros eur",
    "£": "£ pound pounds gbp",
    "kg": "kg kilogram kilograms kilogramme kilogrammes",
    "g": "g gram grams",
    "t": "tonne tonnes ton tons",
    "km": "km kilometre kilometres kilometer kilometers",
    "m": "m metre metres meter meters",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "mi": "mile miles mi",
    "ft": "ft foot feet",
    "in": "inch inches",
    "s": "seconds sec secs",
    "min": "minute minutes min mins",
    "h": "hour hours hr hrs",
    "d": "day days",
    "wk": "week weeks",
    "mo": "month months",
    "y": "year years",
    "l": "litre litres liter liters",
    "hz": "hz hertz",
    "w": "watt watts",
    "k": "kelvin kelvins",
}
UNITS = {name: unit for unit, names in UNIT_NAMES.items() for name in names.split()}
CURRENCIES = frozenset("$€£")
# The share of the longer sentence's words, numbers apart, that two contrary sentences have in common: copies of one
# sentence, changed later, share nearly all; two sentences on one subject about a third.
ALIKE = 0.6
# A word with digits or an underscore, or with capitals inside: LH-544, v2.3.1, getUserEmail.
IDENTIFIER = re.compile(r"(?<!\w)(?=\S*(?:[\d_]|[a-z][A-Z]))\w+(?:[-./:]\w+)*")
RUNS = ((re.compile(r"[A-Z]+"), "A"), (re.compile(r"[a-z]+"), "a"), (re.compile(r"\d+"), "9"))
NEGATION_WORDS = (
    "no not never none neither nor without cannot lack lacks lacked lacking absence absent fail fails failed unable "
    "nothing nobody hardly"
)
NEGATIONS = frozenset(NEGATION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Number:
    """The values that a number can have (`2.300` is 2.3 or 2300), and its unit, or an empty text."""

    values: frozenset[float]
    unit: str = ""

    def agrees(self, other: "Number") -> bool:
        return bool(self.values & other.values) and (not self.unit or not other.unit or self.unit == other.unit)


@dataclass(frozen=True, slots=True)
class Facts:
    """`words` are the stems of a text's content words; `asked_numbers` those of its numbers that say how many for
    certain."""

    words: frozenset[str]
    numbers: tuple[Number, ...]
    asked_numbers: tuple[Number, ...]
    is_negated: bool


def read_facts(text: str) -> Facts:
    tokens = [token.lower() for token in TOKEN.findall(text.replace("n't", " not").replace("n’t", " not"))]
    numbers = list(read_numbers(tokens))
    return Facts(
        words=frozenset(analyze(text, ENGLISH)),
        numbers=tuple(number for number, _ in numbers),
        asked_numbers=tuple(number for number, is_loose in numbers if not is_loose),
        is_negated=not NEGATIONS.isdisjoint(tokens),
    )


def read_numbers(tokens: list[str]) -> Iterator[tuple[Number, bool]]:
    """Each number of the tokens, which are in small letters, and whether it is a loose one."""
    place = 0
    while place < len(tokens):
        end, values = read_number(tokens, place)
        if not values:
            place += 1
            continue
        yield Number(values, unit_at(tokens, place, end)), end == place + 1 and tokens[place] in LOOSE
        place = end


def read_number(tokens: list[str], place: int) -> tuple[int, frozenset[float]]:
    """The place behind a number that begins here, and what it may mean: nothing where there is none."""
    digits = DIGITS.match(tokens[place])
    if digits:
        values, end = meanings(digits[0]), place + 1
    else:
        end, value = read_words(tokens, place)
        values = frozenset() if value is None else frozenset({value})
    while values and end < len(tokens) and tokens[end] in SCALES:
        values = frozenset(value * SCALES[tokens[end]] for value in values)
        end += 1
    return end, values


def meanings(digits: str) -> frozenset[float]:
    """Points and commas part thousands in one language and decimals in another."""
    readings = {THOUSANDS.sub("", digits), digits, digits.replace(",", "")}
    pointed = {reading.replace(",", ".") for reading in readings}
    return frozenset(float(reading) for reading in pointed if reading.count(".") <= 1)


def read_words(tokens: list[str], place: int) -> tuple[int, float | None]:
    word = tokens[place]
    if word in TENS:
        following = SMALL.get(tokens[place + 1], 0) if place + 1 < len(tokens) else 0
        return (place + 2, TENS[word] + following) if 0 < following < 10 else (place + 1, TENS[word])
    value = SMALL.get(word, ORDINALS.get(word))
    return place + 1, None if value is None else float(value)


def unit_at(tokens: list[str], start: int, end: int) -> str:
    """The unit behind a number, or the currency before it."""
    if tokens[start].endswith("%"):
        return "%"
    if end < len(tokens) and tokens[end] in UNITS:
        return UNITS[tokens[end]]
    if tokens[end : end + 2] == ["per", "cent"]:
        return "%"
    return tokens[start - 1] if start and tokens[start - 1] in CURRENCIES else ""


def missing_numbers(claim: Facts, there: Iterable[Number]) -> list[Number]:
    """Those of a claim's numbers that agree with none of these."""
    known = list(there)
    return [number for number in claim.asked_numbers if not any(map(number.agrees, known))]


def unexplained_numbers(claim: Facts, there: Sequence[Number]) -> list[Number]:
    """Those of a claim's numbers that agree with none of these, nor with a sum or difference of two."""
    pairs = list(combinations(there, 2))
    return [
        number
        for number in missing_numbers(claim, there)
        if not any(is_computed(number, one, other) for one, other in pairs)
    ]


def is_computed(number: Number, one: Number, other: Number) -> bool:
    """Whether it is the sum or the difference of two numbers of one unit."""
    if one.unit != other.unit or (number.unit and one.unit and number.unit != one.unit):
        return False
    results = [result for a in one.values for b in other.values for result in (a + b, abs(a - b))]
    return any(isclose(value, result, rel_tol=1e-9) for value in number.values for result in results)


def compare_names(question: str, text: str) -> int:
    """1 where a text has each identifier of a question, -1 where it has another of the same form instead of one of
    them (LH-455 for LH-544), else 0."""
    asked = IDENTIFIER.findall(question)
    missing = [name for name in asked if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]
    if not missing:
        return int(bool(asked))
    return -int(not {shape(name) for name in missing}.isdisjoint(map(shape, IDENTIFIER.findall(text))))


def shape(identifier: str) -> str:
    """Each run of capitals, small letters or digits as one sign; of a plain number, how many digits it has."""
    if identifier.isdigit():
        return "9" * len(identifier)
    for run, sign in RUNS:
        identifier = run.sub(sign, identifier)
    return identifier


def are_contrary(one: Facts, other: Facts) -> bool:
    """Whether two sentences with nearly the same words differ in one number, or in a negation."""
    words, others = plain_words(one), plain_words(other)
    if len(words & others) < ALIKE * max(len(words), len(others), 1):
        return False
    if one.is_negated != other.is_negated:
        return True
    # Two other numbers make it another statement: other years have other sums.
    only_one, instead = missing_numbers(one, other.numbers), missing_numbers(other, one.numbers)
    return len(only_one) == len(instead) == 1 and only_one[0].unit == instead[0].unit


def plain_words(facts: Facts) -> set[str]:
    """Without numbers and their units."""
    words = {word for word in facts.words if not any(map(str.isdigit, word))}
    return words - {number.unit for number in facts.numbers}
