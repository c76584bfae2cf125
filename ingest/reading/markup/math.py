"""Writes MathML formulas on a line: `(a + b)/2`, `10^6`, `√(x)`."""

import re
from collections.abc import Callable
from typing import Any

from ingest.reading.marks import lower_text, raise_text

_INVISIBLE = re.compile("[\u2061-\u2064\u200b]")
_ONE_THING = re.compile(r"[\w.,²³¹⁰-⁹₀-₉^∞′]*|[(\[|].*[)\]|]")
_SPACED = frozenset("=≠<>≤≥≈≡∼±∓+−-×⋅·÷→⇒⇔∈∪∩∧∨*/")
_DEEPEST = 100


def write_math(element: Any) -> str:
    """A formula, or what its source says where it has no structure; set apart from the words around it by no space."""
    written = " ".join(_row(element, 0).split())
    return written or " ".join((element.get("alttext") or "".join(element.itertext())).split())


def _row(element: Any, depth: int) -> str:
    """What is in an element, one after the other."""
    text = _INVISIBLE.sub("", element.text or "").strip() if not len(element) else ""
    for child in element if depth < _DEEPEST else ():
        part = _write(child, depth + 1)
        if child.tag == "mo" and part in _SPACED and text.strip() and text[-1] not in "(=":
            part = f" {part} "
        elif child.tag == "mfrac" and text[-1:].isdigit():
            part = f" {part}"
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


def _matrix(element: Any) -> str:
    rows = (", ".join(_row(cell, 1).strip() for cell in row) for row in element.iter("mtr", "mlabeledtr"))
    return "; ".join(rows)


_WRITERS: dict[str, Callable[[Any, list[str]], str]] = {
    "mfrac": lambda _, parts: f"{_grouped(parts[0])}/{_grouped(parts[1])}",
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
