"""Reads charts as tables of their categories and values, and diagrams (SmartArt) as their lines."""

import re
from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import islice

from ingest.reading.structured.document_tree import Block
from ingest.reading.structured.office.parts.package import Element, attribute, child, children, outermost, text_of
from ingest.reading.tables.markdown_table import markdown_table

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
