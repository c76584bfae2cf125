"""Writes formulas of Word (OMML) and OpenDocument (MathML) in one line: `1/2`, `x^2`, `√(a+b)`."""

import re
from collections.abc import Callable, Iterable, Sequence

from ingest.reading.structured.office.parts.package import Element, attribute, child, children, name_of, text_of

_ONE_TERM = re.compile(r"-?[\w.,'∞]*|[(\[{][^()\[\]{}]*[)\]}]")
# From an element and its written parts.
_Writer = Callable[[Element, Sequence[str]], str]
# Formulas within formulas; deeper ones are a trick.
_MAX_DEPTH = 60


def formula_text(element: Element, depth: int = 0) -> str:
    """The formula, or part of one, in a line."""
    name = name_of(element)
    if name in ("t", "mi", "mn", "mo", "ms", "mtext") or depth > _MAX_DEPTH:
        text = text_of(element).strip("\u2061\u2062\u2063\u2064")
        return text if name == "t" else text.strip()
    if name.endswith("Pr") or name in _UNSEEN:
        return ""
    write = _WRITERS.get(name)
    if write:
        return write(element, [formula_text(part, depth + 1) for part in children(element) if not _is_property(part)])
    parts = [formula_text(part, depth + 1) for part in children(element)]
    return _spaced(parts) if name in ("math", "mrow", "semantics", "mstyle") else "".join(parts)


def _spaced(parts: Iterable[str]) -> str:
    """Words apart, letters together: `sin x`, `ab`."""
    text, last = "", ""
    for part in filter(None, parts):
        is_word = max(len(last), len(part)) > 1 and last[-1:].isalpha() and part[0].isalpha()
        text += f" {part}" if is_word else part
        last = part
    return text


def _is_property(element: Element) -> bool:
    return name_of(element).endswith("Pr")


def _grouped(text: str) -> str:
    return text if _ONE_TERM.fullmatch(text) else f"({text})"


def _at(parts: Sequence[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _fraction(element: Element, parts: Sequence[str]) -> str:
    if _property(element, "type") == "noBar" or attribute(element, "linethickness") in ("0", "0pt"):
        return f"({_at(parts, 0)} over {_at(parts, 1)})"
    return f"{_grouped(_at(parts, 0))}/{_grouped(_at(parts, 1))}"


def _property(element: Element, name: str, default: str = "") -> str:
    properties = next((part for part in children(element) if _is_property(part)), None)
    found = child(properties, name)
    return default if found is None else attribute(found, "val")


def _scripts(order: str) -> _Writer:
    """`order` names the parts: the base, what is below it, what is above it."""

    def write(_: Element, parts: Sequence[str]) -> str:
        of = {role: _at(parts, place) for place, role in enumerate(order)}
        below = f"_{_grouped(of['_'])}" if of.get("_") else ""
        above = f"^{_grouped(of['^'])}" if of.get("^") else ""
        return f"{of['b']}{below}{above}" if len(of["b"]) == 1 or not above else f"{_grouped(of['b'])}{below}{above}"

    return write


def _root(element: Element, parts: Sequence[str]) -> str:
    degree, base = (_at(parts, 0), _at(parts, 1)) if name_of(element) == "rad" else (_at(parts, 1), _at(parts, 0))
    if name_of(element) == "msqrt":
        degree, base = "", "".join(parts)
    return f"{degree if _property(element, 'degHide') not in ('1', 'on', 'true') else ''}√{_in_brackets(base)}"


def _in_brackets(text: str) -> str:
    return text if text.startswith("(") and _grouped(text) == text else f"({text})"


def _sum(element: Element, parts: Sequence[str]) -> str:
    """A sum, product or integral with its bounds."""
    sign, below, above = _property(element, "chr", "∫") or "∑", _at(parts, 0), _at(parts, 1)
    return f"{sign}{f'_{_grouped(below)}' if below else ''}{f'^{_grouped(above)}' if above else ''} {_at(parts, 2)}"


def _brackets(element: Element, parts: Sequence[str]) -> str:
    if name_of(element) == "d":
        opens, closes, between = (
            _property(element, *one) for one in (("begChr", "("), ("endChr", ")"), ("sepChr", "|"))
        )
    else:
        opens, closes = attribute(element, "open", "("), attribute(element, "close", ")")
        between = attribute(element, "separators", ",")[:1]
    return f"{opens}{between.join(parts)}{closes}"


def _joined(mark: str, around: str = "{}") -> _Writer:
    return lambda _, parts: around.format(mark.join(part for part in parts if part))


def _function(_: Element, parts: Sequence[str]) -> str:
    return f"{_at(parts, 0)} {_at(parts, 1)}" if _at(parts, 1)[:1].isalnum() else _at(parts, 0) + _at(parts, 1)


_UNSEEN = ("annotation", "annotation-xml", "mphantom", "phant", "del", "moveFrom")
_WRITERS: dict[str, _Writer] = {
    **dict.fromkeys(("f", "mfrac"), _fraction),
    **dict.fromkeys(("sSup", "msup", "limUpp", "mover"), _scripts("b^")),
    **dict.fromkeys(("sSub", "msub", "limLow", "munder"), _scripts("b_")),
    **dict.fromkeys(("sSubSup", "msubsup", "munderover"), _scripts("b_^")),
    "sPre": _scripts("_^b"),
    **dict.fromkeys(("rad", "msqrt", "mroot"), _root),
    "nary": _sum,
    **dict.fromkeys(("d", "mfenced"), _brackets),
    "func": _function,
    **dict.fromkeys(("mr", "mtr"), _joined(", ")),
    **dict.fromkeys(("m", "mtable"), _joined("; ", "[{}]")),
    "eqArr": _joined("; "),
}
