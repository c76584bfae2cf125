"""Finds the head of a table among its first rows, and joins it into the names of the columns."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_MAX_HEAD_ROWS = 4
SAMPLE = 40  # rows that tell what a column holds
_NUMBER = re.compile(
    r"[-+−–(<>≤≥~≈±$€£¥₹₽\s]*(?:[A-Z]{3}\s?)?[-+−]?\d[\d\s.,:'’/%+−–-]*(?:[eE][-+]?\d+)?\s*(?:AM|PM|[^\W\d]{1,3}|[^\w\s])?\)?"
)
_LONGEST_GROUP = 20  # letters
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b.*")
_UNIT_NAMES = """mm cm dm km m µm nm in ft yd mi g kg mg µg t lb lbs oz s ms min h hr hrs d days yr L l mL ml hl W kW MW
kWh MWh GWh V kV mV A mA Hz kHz MHz GHz Pa kPa MPa hPa bar mbar psi J kJ MJ N kN Nm K C F °C °F ° ppm ppb mol mmol dB
lx lm ha rpm B kB MB GB TB pcs pc Stk % ‰ EUR USD GBP CHF JPY € $ £ ¥"""
_UNITS = frozenset(_UNIT_NAMES.split())
_UNIT_PARTS = re.compile(r"[/·*^²³⁻¹\d\s-]+")

Cells = dict[int, str]


@dataclass(slots=True)
class Row:
    cells: Cells
    widths: Mapping[int, int] = field(default_factory=dict)  # of merged cells by their first column

    def spread(self, columns: Sequence[int]) -> Cells:
        """With each merged cell repeated in the columns that it covers."""
        spread = dict(self.cells)
        for first, width in self.widths.items():
            covered = columns[bisect_right(columns, first) : bisect_left(columns, first + width)]
            spread |= dict.fromkeys(covered, self.cells[first])
        return spread


def columns_of(rows: Iterable[Row]) -> list[int]:
    return sorted({column for row in rows for column in row.cells})


def title_lines(rows: Sequence[Row]) -> int:
    """How many lines come before a table's head: they fill at most half of its columns, from the left."""
    filled = sorted(len(row.cells) for row in rows[:SAMPLE])
    typical = filled[len(filled) // 2]
    if typical < 2:
        return 0
    columns = columns_of(rows)
    lines = 0
    while lines < len(rows) and 2 * len(rows[lines].cells) <= typical and not _groups(rows[lines], columns):
        lines += 1
    starts_table = 0 < lines < len(rows) and all(map(_may_be_name, rows[lines].cells.values()))
    starts_table = starts_table or (0 < lines < len(rows) and has_head(rows[lines:]))
    return lines if starts_table else 0


def _groups(row: Row, columns: Sequence[int]) -> set[int]:
    """The columns without a name to the right of one that may be that of them too: not of the first column."""
    labels = [column for column in columns if column in row.cells]
    if len(labels) == 1 and len(row.cells[labels[0]]) > _LONGEST_GROUP:
        return set()
    first = next((label for label in labels if label > columns[0]), columns[-1])
    return {column for column in columns if column > first and column not in row.cells}


def has_head(rows: Sequence[Row]) -> bool:
    """Whether the first row certainly names columns: words over numbers."""
    cells = rows[0].cells
    words = [column for column, text in cells.items() if _may_be_name(text)]
    return len(cells) > 1 and len(words) == len(cells) and any(_holds_numbers(rows[1:], column) for column in words)


def names_rows(rows: Sequence[Row]) -> bool:
    """Whether the first column holds words."""
    return not _holds_numbers(rows[1:], columns_of(rows)[0])


def _holds_numbers(rows: Sequence[Row], column: int) -> bool:
    texts = [row.cells[column] for row in rows[:SAMPLE] if column in row.cells]
    return 2 * sum(map(is_number, texts)) > len(texts)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _may_be_name(text: str) -> bool:
    return not is_number(text) or _YEAR.fullmatch(text) is not None


def is_headless(rows: Sequence[Row]) -> bool:
    """Whether the first row is one of numbers like those below it; years and steps of a count may be names."""
    numbers = {column: text for column, text in rows[0].cells.items() if is_number(text)}
    whole = [int(text) for text in numbers.values() if text.isdecimal()]
    has_label = len(numbers) < len(columns_of(rows))
    counts = has_label and len(whole) == len(numbers) > 1 and len({b - a for a, b in pairwise(whole)}) == 1
    if len(rows) < 2 or counts or any(_YEAR.fullmatch(text) for text in numbers.values()):
        return False
    below = rows[1].cells
    return any(
        _holds_numbers(rows[1:], column) and bool(_DATE.match(text)) == bool(_DATE.match(below[column]))
        for column, text in numbers.items()
        if column in below
    )


def head_height(rows: Sequence[Row]) -> int:
    """One row, with those below it that say more of the same columns, and one of units."""
    height = 1
    columns = columns_of(rows)
    while height < min(len(rows) - 1, _MAX_HEAD_ROWS) and _is_head_below(rows[height - 1], rows[height:], columns):
        height += 1
    if height < len(rows) - 1:
        units = rows[height].cells
        measured = any(_holds_numbers(rows[height + 1 :], column) for column in units)
        height += measured and all(map(_is_unit, units.values()))
    return height


def _is_head_below(above: Row, rows: Sequence[Row], columns: Sequence[int]) -> bool:
    """Whether the first row divides what a merged cell, or one with gaps to its right, names above it."""
    below = rows[0].cells
    covered = ({one for one in columns if first <= one < first + width} for first, width in above.widths.items())
    divided = {column for some in covered if len(some) > 1 for column in some}
    if not divided:
        divided = _groups(above, columns)
        if not divided or not any(_holds_numbers(rows[1:], column) for column in divided):
            return False
    elif len(above.cells) == 1 and len(divided) >= len(columns):
        return False
    return len(below) > 1 and all(map(_may_be_name, below.values())) and divided <= below.keys()


def join_heads(heads: Sequence[Cells], columns: Sequence[int]) -> Cells:
    """The names of columns, read from the top; a name with gaps to its right is that of them too."""
    names: dict[int, list[str]] = {column: [] for column in columns}
    for place, head in enumerate(heads):
        last = ""
        for column in columns:
            below = place + 1 < len(heads) and column in heads[place + 1]
            last = head.get(column) or (last if below else "")
            if last and last not in names[column][-1:]:
                names[column].append(last)
    return {column: " ".join(parts) for column, parts in names.items() if parts}


def _is_unit(text: str) -> bool:
    if text[0] in "[(" and text[-1] in "])":
        return len(text) <= 14
    parts = [part for part in _UNIT_PARTS.split(text) if part]
    return text in ("-", "–") or (bool(parts) and _UNITS.issuperset(parts))
