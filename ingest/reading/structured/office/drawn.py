"""Writes charts as tables, diagrams (SmartArt) as lines, and formulas (OMML, MathML) on one: `1/2`, `x^2`, `√(a+b)`."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from ingest.reading.marks import raise_text
from ingest.reading.office_package import Element, attribute, child, children, name_of, outermost, text_of
from ingest.reading.structured.document_tree import Block
from ingest.reading.tables.grids import markdown_table

_MAX_POINTS, _MAX_SERIES = 10_000, 200
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a date of a sheet has no zone


def chart_blocks(root: Element | None) -> list[Block]:
    """The title of a chart, and a table of its values."""
    title, rows = ("", []) if root is None else chart_table(root)
    if root is not None and not rows:
        title, rows = _open_document_chart(root)
    return [Block(title), Block(markdown_table(rows[0], rows[1:]) if rows else "")]


def chart_table(root: Element) -> tuple[str, list[list[str]]]:
    """The title of a chart, and a row for each category with the values of all series."""
    title = _title(root) or _title(child(root, "chart"))
    area = next(outermost(root, "plotArea"), root)
    series = list(outermost(area, "ser"))[:_MAX_SERIES]
    if not series:
        return title, []
    axes = [_title(axis) for axis in outermost(area, "catAx", "dateAx", "valAx", "serAx")]
    unit = f" ({axes[1]})" if len(axes) == 2 and axes[1] else ""
    columns = []
    rows: dict[int, list[str]] = {}
    for place, one in enumerate(series):
        columns.append((text_of(next(outermost(child(one, "tx"), "v"), None)) or f"Series {place + 1}") + unit)
        categories = _points(next(iter(children(one, "cat", "xVal")), None))
        for point, value in _points(next(iter(children(one, "val", "yVal")), None)).items():
            row = rows.setdefault(point, ["", *[""] * len(series)])
            row[0] = row[0] or categories.get(point, str(point + 1))
            row[place + 1] = value
    return title, [[axes[0] if axes else "", *columns], *(rows[point] for point in sorted(rows))]


def _title(element: Element | None) -> str:
    title = child(element, "title")
    return " ".join("".join(text_of(t) for t in outermost(title, "t", "v")).split())


def _points(values: Element | None) -> dict[int, str]:
    """Values by their index; of categories in levels the widest first, which counts on until the next of its level."""
    shown = text_of(next(outermost(values, "formatCode"), None))
    levels = [_level(level, shown) for level in outermost(values, "lvl")] or [_level(values, shown)]
    starts = [(sorted(level), level) for level in levels[:0:-1]]
    return {
        index: " ".join([*(level[keys[bisect_right(keys, index) - 1]] for keys, level in starts if keys), text])
        for index, text in levels[0].items()
    }


def _level(values: Element | None, shown: str) -> dict[int, str]:
    points = ((attribute(point, "idx"), point) for point in islice(outermost(values, "pt"), _MAX_POINTS))
    return {
        int(index): _shown(text_of(child(point, "v")), attribute(point, "formatCode") or shown)
        for index, point in points
        if index.isdigit() and len(index) < 7
    }


def _shown(value: str, code: str) -> str:
    """A number as its format code shows it, as far as percents, dates and decimals go."""
    try:
        number = float(value)
    except ValueError:
        return value
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code.partition(";")[0])
    decimals = len((re.search(r"[0#]\.(0+)", plain) or [".", ""])[1])
    if "%" in plain:
        return f"{number * 100:.{decimals}f}%"
    if re.search(r"[yd]", plain, re.IGNORECASE) and 0 < number < 2_958_466:
        return f"{_DAY_ZERO + timedelta(days=number):%Y-%m-%d}"
    if "0" in plain and "E" not in plain:
        return f"{number:{',' if ',' in plain else ''}.{decimals}f}"
    return f"{number:.15g}"


def diagram_blocks(root: Element | None) -> list[Block]:
    """The texts of a diagram in the order of its data."""
    lines = (" ".join(" ".join(text_of(t) for t in outermost(point, "t")).split()) for point in outermost(root, "pt"))
    return [Block(f"- {line}", is_item=True) for line in lines if line]


def _open_document_chart(root: Element) -> tuple[str, list[list[str]]]:
    """The table that a chart of OpenDocument keeps of its values."""
    chart = child(root, "body", "chart", "chart")
    rows = [
        [" ".join(map(text_of, children(cell, "p"))) for cell in children(row, "table-cell")]
        for row in islice(outermost(child(chart, "table"), "table-row"), _MAX_POINTS)
    ]
    return " ".join(text_of(child(chart, "title")).split()), [row[:_MAX_SERIES] for row in rows if any(row)]


_ROWS = ("math", "mrow", "semantics", "mstyle")
_FRACTIONS = ("f", "mfrac")
_NO_LINE = re.compile(r"0+(?:\.0*)?(?:[a-z]+|%)?")
_DOUBLE_BRACKETS = re.compile(r"\((\([^()]* over [^()]*\))\)")
_ENDS_LOW = re.compile(r"[\^_][^\W_]+$")  # `x_1`: what follows is no part of the index
_DEGREE = re.compile("[²³¹⁰-⁹ⁿ]+√")
_FACTORS = re.compile(r"-|\d[\d.]*[^\W\d_]")
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
    parts = [(formula_text(part, depth + 1), _kind(part)) for part in children(element)]
    return _DOUBLE_BRACKETS.sub(r"\1", _spaced(parts, by_word=name in _ROWS))


def _kind(element: Element) -> str:
    """The name of an element, or of the only one in it."""
    while name_of(element) in ("mrow", "mstyle") and len(element) == 1:
        element = element[0]
    return name_of(element)


def _spaced(parts: Iterable[tuple[str, str]], *, by_word: bool) -> str:
    """Words apart, letters together: `sin x`, `ab`; fractions and indices apart from what follows: `2 1/2 x_1 y`."""
    text, last, before = "", "", ""
    for part, kind in parts:
        if not part:
            continue
        is_word = by_word and max(len(last), len(part)) > 1 and last[-1:].isalpha() and part[0].isalpha()
        ends = (before in _FRACTIONS or _ENDS_LOW.search(last)) and (part[0].isalnum() or part[0] in "(√")
        is_mixed = last[-1:].isalnum() and (kind in _FRACTIONS or _DEGREE.match(part))
        text += f" {part}" if is_word or ends or is_mixed else part
        last, before = part, kind
    return text


def _is_property(element: Element) -> bool:
    return name_of(element).endswith("Pr")


def _grouped(text: str) -> str:
    return text if _ONE_TERM.fullmatch(text) else f"({text})"


def _at(parts: Sequence[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _fraction(element: Element, parts: Sequence[str]) -> str:
    if _property(element, "type") == "noBar" or _NO_LINE.fullmatch(attribute(element, "linethickness")):
        return f"({_at(parts, 0)} over {_at(parts, 1)})"
    below = _at(parts, 1)
    has_factors = re.search(r"\d[^\W\d_]", below) or len(_factors(element)) > 1
    return f"{_grouped(_at(parts, 0))}/{_in_brackets(below) if has_factors else _grouped(below)}"


def _factors(fraction: Element) -> list[Element]:
    """What stands in a denominator."""
    below = [part for part in children(fraction) if not _is_property(part)][1:2]
    return [
        part for one in below if name_of(one) in ("den", "mrow") for part in children(one) if not _is_property(part)
    ]


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
        base = of["b"]
        if above and len(base) > 1:
            base = f"({base})" if _FACTORS.match(base) else _grouped(base)
        return f"{base}{below}{above}"

    return write


def _root(element: Element, parts: Sequence[str]) -> str:
    degree, base = (_at(parts, 0), _at(parts, 1)) if name_of(element) == "rad" else (_at(parts, 1), _at(parts, 0))
    if name_of(element) == "msqrt":
        degree, base = "", "".join(parts)
    degree = "" if _property(element, "degHide") in ("1", "on", "true") else degree
    return f"{raise_text(degree, 'x') if degree else ''}√{_in_brackets(base)}"


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
    return _DOUBLE_BRACKETS.sub(r"\1", f"{opens}{between.join(parts)}{closes}")


def _joined(mark: str, around: str = "{}") -> _Writer:
    return lambda _, parts: around.format(mark.join(part for part in parts if part))


def _accent(element: Element, parts: Sequence[str]) -> str:
    """Its mark on the last letter."""
    if name_of(element) == "bar":
        mark = "\u0305" if _property(element, "pos") == "top" else "\u0332"
    else:
        mark = _property(element, "chr", "\u0302")
    return _at(parts, 0) + mark if _at(parts, 0) else ""


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
    **dict.fromkeys(("acc", "bar"), _accent),
    **dict.fromkeys(("d", "mfenced"), _brackets),
    "func": _function,
    **dict.fromkeys(("mr", "mtr"), _joined(", ")),
    **dict.fromkeys(("m", "mtable"), _joined("; ", "[{}]")),
    "eqArr": _joined("; "),
}
