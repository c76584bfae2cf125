"""Writes the pictures, formulas and form fields of a page as words: `(a + b)/2`, `10^6`, `√(x)`."""

import re
from collections.abc import Callable
from typing import Any

from ingest.reading.marks import lower_text, picture_text, raise_text

_BUTTONS = ("button", "color", "file", "hidden", "image", "password", "reset", "submit")
_TEX_STYLE = re.compile(r"\{\\(?:display|text)style\s+(.*)\}", re.DOTALL)
_MOST_LABELS = 2_000  # characters, of a drawing


def _picture(element: Any) -> str:
    alt = " ".join((element.get("alt") or "").split())
    if element.get("role") in ("none", "presentation") or "1" in (element.get("width"), element.get("height")):
        return ""
    if formula := _TEX_STYLE.fullmatch(alt):
        return formula[1]
    # Smileys are pictures of themselves.
    return picture_text(alt) if re.search(r"\w", alt) else alt


def _drawing(element: Any) -> str:
    title = next((child.text or "" for child in element if child.tag == "title"), "")
    title = " ".join((title or element.get("aria-label") or "").split())
    labels = " ".join(" ".join("".join(label.itertext()).split()) for label in element.iter("text"))[:_MOST_LABELS]
    words = ": ".join(filter(None, (title, labels)))
    return picture_text(words)


def _input(element: Any) -> str:
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return "[x] " if element.get("checked") is not None else "[ ] "
    return "" if kind in _BUTTONS else element.get("value") or ""


def _choices(element: Any) -> str:
    """The chosen option, which is what the page shows; all of them where none is."""
    options = list(element.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None] or options
    words = (" ".join("".join(option.itertext()).split()) or option.get("label") or "" for option in chosen)
    return ", ".join(filter(None, words))


_INVISIBLE = re.compile("[\u2061-\u2064\u200b]")
_ONE_THING = re.compile(r"[\w.,²³¹⁰-⁹₀-₉^∞′]*|[(\[|].*[)\]|]")
_SPACED = frozenset("=≠<>≤≥≈≡∼±∓+−-×⋅·÷→⇒⇔∈∪∩∧∨*/")
_DEEPEST = 100
_DEGREE = re.compile("[²³¹⁰-⁹ⁿ]+√")
_UNCLEAR_END = re.compile(r"[\^_]\w+$")  # `x^y`: what follows is no part of the exponent
_FACTORS = re.compile(r"\d[\d.,]*[^\W\d_]|.*[)\]][\w(]")


def write_math(element: Any) -> str:
    """A formula, or what its source says where it has no structure; set apart from the words around it by no space."""
    written = re.sub(r"\((\([^()]* over [^()]*\))\)", r"\1", " ".join(_row(element, 0).split()))
    return written or " ".join((element.get("alttext") or "".join(element.itertext())).split())


def _row(element: Any, depth: int) -> str:
    """What is in an element, one after the other."""
    text = _INVISIBLE.sub("", element.text or "").strip() if not len(element) else ""
    before = ""
    for child in element if depth < _DEEPEST else ():
        part = _write(child, depth + 1)
        if child.tag == "mo" and part in _SPACED and text.strip() and text[-1] not in "(=":
            part = f" {part} "
        elif part and (
            (text[-1:].isalnum() and (child.tag == "mfrac" or _DEGREE.match(part)))
            or (part[0].isalnum() and (before == "mfrac" or _UNCLEAR_END.search(text)))
        ):
            part = f" {part}"
        before = child.tag if part else before
        text += part
    return text


def _write(element: Any, depth: int) -> str:
    write = _WRITERS.get(element.tag)
    if write is None:
        return _row(element, depth)
    parts = [_write(child, depth + 1) if depth < _DEEPEST else "" for child in element]
    return write(element, [*parts, "", "", ""])


def _grouped(text: str) -> str:
    return text if _ONE_THING.fullmatch(text.strip()) else f"({text.strip()})"


def _under_over(parts: list[str], lower: str, upper: str) -> str:
    base = parts[0]
    return base + (lower_text(lower) if lower else "") + (raise_text(upper, _grouped(base) or " ") if upper else "")


def _fraction(element: Any, parts: list[str]) -> str:
    above, below = parts[:2]
    if element.get("linethickness", "1").rstrip("pxtem%") in ("0", "0.0"):
        return f"({above} over {below})"
    is_row = len(element) > 1 and element[1].tag == "mrow" and len(element[1]) > 1 and not below.startswith("(")
    return f"{_grouped(above)}/{f'({below.strip()})' if is_row or _FACTORS.match(below) else _grouped(below)}"


def _matrix(element: Any) -> str:
    rows = (", ".join(_row(cell, 1).strip() for cell in row) for row in element.iter("mtr", "mlabeledtr"))
    return "; ".join(rows)


_WRITERS: dict[str, Callable[[Any, list[str]], str]] = {
    "mfrac": lambda element, parts: _fraction(element, parts),
    "msup": lambda _, parts: f"{_grouped(parts[0])}{raise_text(parts[1], _grouped(parts[0]))}",
    "msub": lambda _, parts: f"{parts[0]}{lower_text(parts[1])}",
    "msubsup": lambda _, parts: _under_over(parts, parts[1], parts[2]),
    "munder": lambda _, parts: _under_over(parts, parts[1], ""),
    "mover": lambda _, parts: parts[0] + (parts[1] if len(parts[1]) == 1 else _under_over([""], "", parts[1])),
    "munderover": lambda _, parts: _under_over(parts, parts[1], parts[2]),
    "msqrt": lambda element, _: f"√({_row(element, 1)})",
    "mroot": lambda _, parts: f"{raise_text(parts[1], 'x')}√({parts[0]})",
    "mtable": lambda element, _: _matrix(element),
    "mspace": lambda *_: " ",
    "mtext": lambda element, _: element.text or "",
    "mphantom": lambda *_: "",
    "annotation": lambda *_: "",
    "annotation-xml": lambda *_: "",
    "mfenced": lambda element, parts: (
        f"{element.get('open', '(')}{', '.join(filter(None, parts))}{element.get('close', ')')}"
    ),
}

WRITTEN_WHOLE: dict[str, Callable[[Any], str]] = {
    "img": _picture,
    "svg": _drawing,
    "math": write_math,
    "input": _input,
    "select": _choices,
    "textarea": lambda element: "".join(element.itertext()),
}
