"""Reads the checkable facts of a sentence: its numbers with their units, its names, its negations."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from vectorstore.text_analysis import ENGLISH, analyze

TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|%)?(?!\w)|[^\W_]+(?:['’][^\W_]+)?|%|[$€£]")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
NAME = re.compile(r"(?:[^\W\d_]['’])?[^\W\d_](?<=[A-ZÀ-ÖØ-Þ])[a-zß-ÿ'’]{2,}$")
ABBREVIATION = re.compile(r"[^\W\d_]*[A-ZÀ-ÖØ-Þ][^\W\d_]*[A-ZÀ-ÖØ-Þ][^\W\d_]*$")
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
NEGATION_WORDS = (
    "no not never none neither nor without cannot lack lacks lacked lacking absence absent fail fails failed unable "
    "nothing nobody hardly"
)
NEGATIONS = frozenset(NEGATION_WORDS.split())
OPPOSITES = [
    "increase increases increased increasing rise rises rose risen rising grow grows grew grown raise raises raised|"
    "decrease decreases decreased decreasing fall falls fell fallen falling shrink reduce reduces reduced reduction "
    "lower lowers lowered decline declined",
    "higher greater more larger|lower less fewer smaller",
    "high|low",
    "upregulate upregulates upregulated upregulation|downregulate downregulates downregulated downregulation",
    "promote promotes promoted promoting activate activates activated enhance enhances enhanced stimulate stimulates|"
    "inhibit inhibits inhibited inhibiting suppress suppresses suppressed block blocks blocked impair impairs impaired",
    "positive positively|negative negatively",
    "before|after",
    "north northern|south southern",
    "east eastern|west western",
    "male males man men|female females woman women",
    "best|worst",
    "win wins won|lose loses lost",
    "protect protects protective|harm harms harmful",
    "improve improves improved|worsen worsens worsened",
    "same identical|different",
    "early earlier|late later",
    "gain gains gained|loss losses",
]


@dataclass(frozen=True, slots=True)
class Number:
    """The values that a number can have (`2.300` is 2.3 or 2300), and its unit, or an empty text."""

    values: frozenset[float]
    unit: str = ""

    def agrees(self, other: "Number") -> bool:
        return bool(self.values & other.values) and (not self.unit or not other.unit or self.unit == other.unit)


@dataclass(frozen=True, slots=True)
class Facts:
    """`words` are the stems of a text's content words in order.

    `names` begin with a capital behind the first word (`Armstrong`), `codes` have letters and digits (`IRG1`),
    `abbreviations` two capitals (`NASA`, `VSMCs`; without the plural's s), and `initials` are all words' first letters.
    """

    words: tuple[str, ...]
    numbers: tuple[Number, ...]
    asked_numbers: tuple[Number, ...]
    names: frozenset[str]
    codes: frozenset[str]
    abbreviations: frozenset[str]
    initials: str
    lowered: frozenset[str]
    is_negated: bool


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Words to those that say the contrary."""
    found: dict[str, frozenset[str]] = {}
    for pair in OPPOSITES:
        one, other = (frozenset(side.split()) for side in pair.split("|"))
        found |= dict.fromkeys(one, other) | dict.fromkeys(other, one)
    return found


def read_facts(text: str) -> Facts:
    tokens = TOKEN.findall(text.replace("n't", " not").replace("n’t", " not"))
    lowered = [token.lower() for token in tokens]
    numbers = list(read_numbers(lowered))
    codes = frozenset(bare(token) for token in tokens if is_code(token))
    names = frozenset(bare(token) for token in tokens[1:] if NAME.match(token))
    abbreviations = frozenset(bare(token).removesuffix("s") for token in tokens if ABBREVIATION.match(token))
    return Facts(
        words=tuple(dict.fromkeys(analyze(text, ENGLISH))),
        numbers=tuple(number for number, _ in numbers),
        asked_numbers=tuple(number for number, is_loose in numbers if not is_loose),
        names=names,
        codes=codes,
        abbreviations=abbreviations,
        initials="".join(token[0] for token in lowered),
        lowered=frozenset(bare(token) for token in lowered),
        is_negated=not NEGATIONS.isdisjoint(lowered),
    )


def is_code(token: str) -> bool:
    return token[0].isalpha() and any(map(str.isdigit, token))


def contradicted_codes(claim: Facts, there: Facts) -> frozenset[str]:
    """Those of a claim's codes that a text lacks while it has others with the same letters before the digits."""
    series = {letters_of(code) for code in there.codes}
    return frozenset(code for code in claim.codes - there.codes if letters_of(code) in series)


def exchanged_abbreviations(claim: Facts, span: Facts, whole: Facts) -> frozenset[str]:
    """Those of a claim's abbreviations that a passage neither has nor spells out, while the span has others instead."""
    if not span.abbreviations - claim.abbreviations:
        return frozenset()
    known = whole.abbreviations | whole.lowered | {word.removesuffix("s") for word in whole.lowered}
    spelled_out = f"{whole.initials} {claim.initials}"
    return frozenset(short for short in claim.abbreviations - known if short not in spelled_out)


def letters_of(code: str) -> str:
    return code[: next(i for i, character in enumerate(code) if character.isdigit())]


def bare(token: str) -> str:
    return re.sub(r"['’]s?$", "", token.lower())


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


def says_contrary(claim: Facts, span: Facts) -> bool:
    """Whether one is negated and the other not, or the span has the opposite of a word of the claim in its place."""
    if claim.is_negated != span.is_negated:
        return True
    contrary = opposites()
    return any(
        word not in span.lowered and not contrary[word].isdisjoint(span.lowered)
        for word in claim.lowered
        if word in contrary
    )


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
