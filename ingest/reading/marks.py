"""Writes in plain text what type shows: raised, lowered, struck out and hidden words, fractions, pictures, notes."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Literal

Style = Literal["", "raised", "lowered", "struck", "hidden"]
# A piece of a paragraph and how it is set.
Run = tuple[str, Style]

_RAISED = str.maketrans("0123456789+-\N{MINUS SIGN}–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-\N{MINUS SIGN}=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_HAS_RAISED = re.compile(r"[0-9+\-−=()ni]+|[0-9]*–")
_HAS_LOWERED = re.compile(r"[0-9+\-−=()]+")
_ONE_EXPONENT = re.compile(r"[-+−–]?\w+(?:[.,]\d+)?|\([^()]+\)")
_SIGNS = {"tm": "™", "sm": "℠", "r": "®", "®": "®", "©": "©"}
# Raised ends of words: 1st, Mme, nº.
_ENDING = re.compile(r"(?:st|nd|rd|th|er|re|[eè]me|me|mes|lle|e|es|gr|o|a|os|as|ra|ro|ªs?|ºs?)", re.IGNORECASE)
_UNIT_AND_SPACE = re.compile(r"(?<![^\W\d_])(?:[kcdmµn]?m|s|in|ft)\s$")
_BARE_MARK = re.compile(r"\d{1,3}(?:[,–-]\d{1,3})*|[a-z](?:, ?[a-z])*")
_AFTER_A_WORD = re.compile(r"[^\W\d_]{4}$")  # the symbols of units and elements are shorter
_HAS_SIGNS_ALONE = re.compile(r"[^\w+\-−–=()]+")  # primes, asterisks, daggers
_PRICE = re.compile(r"[$€£]\s?(?:\d{1,4}|\d,\d{3})$")
_AMOUNT = re.compile(r"(?<![\w.,^])\d{1,4}$")  # its currency follows
_CENTS = re.compile(r"\d[059]|98")
_SURE_CENTS = ("00", "95", "98", "99")  # where the amount is ten, whose powers are written
_WITH_DECIMALS = re.compile(r"\d[.,]\d+$")
_LETTERS_OF_NOTES = re.compile(r"[a-h](?:, ?[a-h])*")
_MARK_IN_BRACKETS = re.compile(r"\((?:\d{1,3}|[a-h])\)|\[\w+\]")
_MARK_AND_BRACKET = re.compile(r"(\d{1,3}|[a-h])\)")
_UNCLEAR_END = re.compile(r"(\s*[\^_])([^\s(]+)")  # before a letter or digit
_DEGREES = re.compile(r"\s*[CF](?:elsius|ahrenheit)?(?!\w)")
_LOWERED_DIGITS = tuple("₀₁₂₃₄₅₆₇₈₉")
_ELEMENT = re.compile(r"[A-Z][a-z]?(?![A-Za-z])")  # of an isotope
PICTURE = "[picture: "
_FILE_NAME = re.compile(r"(?:.*[/\\][^/\\]*|\S*)\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
_LOOKED_BACK = 100  # characters before a run that say how it is written
_SLASHES = ("/", "\N{FRACTION SLASH}", "\N{DIVISION SLASH}")


def mark_runs(runs: Sequence[Run]) -> list[str]:
    """What to write for each run of a paragraph, so that its meaning survives; neighbours of one style are one run.

    Exponents become `10^6`, since 10⁶ folds to 106 where letters are compared, units `m²` and `CO₂`, raised numbers
    after a word's end or a full stop `[12]`, fractions `3 1/2`, struck out words `~~900~~`, hidden ones
    `[hidden: words]`.
    """
    if not any(style for _, style in runs):
        return [text for text, _ in runs]
    with_text = [(number, run) for number, run in enumerate(runs) if run[0]]
    groups = [list(group) for _, group in groupby(with_text, key=lambda numbered: numbered[1][1])]
    texts = ["".join(text for _, (text, _) in group) for group in groups]
    styles = [group[0][1][1] for group in groups]
    written: list[str] = [""] * len(runs)
    so_far = ""
    for place, (group, text, style) in enumerate(zip(groups, texts, styles, strict=True)):
        if not style:
            for number, (part, _) in group:
                written[number] = part
        else:
            after = texts[place + 1] if place + 1 < len(texts) else ""
            if style == "raised" and after.strip() in _SLASHES and styles[place + 2 : place + 3] == ["lowered"]:
                text = f" {text}" if so_far[-1:].isdigit() else text
            elif not (style == "lowered" and so_far.rstrip().endswith(_SLASHES) and styles[place - 2] == "raised"):
                text = _mark(text, style, so_far, after)
                if after[:1].isalnum() and not styles[place + 1] and (unclear := _UNCLEAR_END.fullmatch(text)):
                    text = f"{unclear[1]}({unclear[2]})"
            written[group[0][0]] = text
        so_far = (so_far + "".join(written[number] for number, _ in group))[-_LOOKED_BACK:]
    return written


def _mark(text: str, style: Style, before: str, after: str) -> str:
    core = text.strip()
    if not core:
        return text
    left, right = text[: text.index(core)], text[text.index(core) + len(core) :]
    if style == "raised":
        core = raise_text(core, before + left, right + after)
    elif style == "lowered":
        core = lower_text(core)
    else:
        core = f"~~{core}~~" if style == "struck" else f"[hidden: {core}]"
    return left + core + right


def raise_text(text: str, before: str, after: str = "") -> str:
    """A superscript as it is written after `before`."""
    base = before[-1:]
    if (usual := _raised_usually(text, before, after)) is not None:
        return usual
    if base.isdigit() or base in (")", "]", "}"):
        return f"^{text}" if _ONE_EXPONENT.fullmatch(text) else f"^({text})"
    notes_a_word = text[0].isdigit() and _AFTER_A_WORD.search(before) is not None
    if base.isalpha() and not notes_a_word and not text.startswith("[") and "," not in text:
        return _exponent(text)
    if text in ("2", "3") and _UNIT_AND_SPACE.search(before):  # N/mm <sup>2</sup>
        return text.translate(_RAISED)
    return f"[{text}]" if _BARE_MARK.fullmatch(text) else text


def _raised_usually(text: str, before: str, after: str) -> str | None:
    """Degrees, signs, the ends of words, cents, charges and isotopes, which are no exponents and no notes."""
    base = before[-1:]
    if text in ("o", "0", "O", "º") and before.rstrip()[-1:].isdigit() and _DEGREES.match(after):
        return "°"
    if text.lower() in _SIGNS and base.isalpha():
        return _SIGNS[text.lower()]
    if base.isalnum() and (note := _note(text, before)):
        return note
    if base.isalnum() and _ENDING.fullmatch(text):
        return text if len(before) > 1 or base.isdigit() or len(text) > 1 else f"^{text}"
    if _is_cents(text, before, after):
        return f".{text}"  # as shops print cents
    if base in _LOWERED_DIGITS:
        return _exponent(text)
    is_isotope = not base.strip() and text.isdigit() and _ELEMENT.match(after) and (base or len(text) > 1)
    return text.translate(_RAISED) if is_isotope else None


def _note(text: str, before: str) -> str:
    """The mark of a note that says so by its brackets, signs or by its place after decimals."""
    if bracketed := _MARK_AND_BRACKET.fullmatch(text):
        return f"[{bracketed[1]}]"
    if _WITH_DECIMALS.search(before) and _LETTERS_OF_NOTES.fullmatch(text):
        return f"[{text}]"
    has_sign = before[-1:].isdigit() and (_MARK_IN_BRACKETS.fullmatch(text) or _HAS_SIGNS_ALONE.fullmatch(text))
    return text if has_sign else ""


def _is_cents(text: str, before: str, after: str) -> bool:
    is_price = _PRICE.search(before) or (after.lstrip()[:1] in ("$", "€", "£") and _AMOUNT.search(before))
    is_ten = re.search(r"(?<![\d,])10$", before) is not None
    return bool(is_price and _CENTS.fullmatch(text) and (not is_ten or text in _SURE_CENTS))


def _exponent(text: str) -> str:
    """An exponent of a unit or a symbol; primes, asterisks and daggers stay as they are."""
    if _HAS_RAISED.fullmatch(text) and not text.isalpha():
        return text.translate(_RAISED)
    if _ONE_EXPONENT.fullmatch(text):
        return f"^{text}"
    return text if _HAS_SIGNS_ALONE.fullmatch(text) else f"^({text})"


def lower_text(text: str) -> str:
    """A subscript."""
    if _HAS_LOWERED.fullmatch(text):
        return text.translate(_LOWERED)
    return f"_{text}" if _ONE_EXPONENT.fullmatch(text) else f"_({text})"


def moved(shift: int, size: int) -> Style:
    """How text reads that is moved up (or down, below 0), in the unit of its size; a little is for looks."""
    return "" if 6 * abs(shift) < size else "raised" if shift > 0 else "lowered"


def picture_text(alternative: str) -> str:
    """What stands for a picture: its alternative text, which is no file's name."""
    words = " ".join(alternative.split())
    return f"{PICTURE}{words}]" if words and not _FILE_NAME.fullmatch(words) else ""


def labelled(label: str, text: str) -> str:
    """A note with what it is, unless it says so itself."""
    return text if not text or text.startswith(f"{label}:") else f"{label}: {text}"
