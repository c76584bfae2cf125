"""Decodes the properties of runs and paragraphs, and the lists, of the older Word's documents [MS-DOC]."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.reading.marks import Style, moved
from ingest.reading.structured.office.signs import as_number

_SIZES = (1, 1, 2, 4, 2, 2, -1, 3)
_SHAPES = {1: "I", 2: "i", 3: "A", 4: "a", 22: "decimalZero", 23: "-", 255: ""}
_VERTICAL: dict[int, Style] = {1: "raised", 2: "lowered"}
_SWITCHES = {0x0800: "deleted", 0x083C: "hidden", 0x0837: "struck", 0x2A53: "struck twice", 0x0855: "special"}
_RUN_VALUES = {0x2A48: "vertical", 0x4845: "shift", 0x4A43: "size", 0x4A30: "style", 0x4A4F: "font", 0x6A09: "symbol"}
_RUN_VALUES |= _SWITCHES
_PARAGRAPH_VALUES = {0x2416: "in_table", 0x2417: "ends_row", 0x244B: "ends_inner_cell", 0x460B: "list_use"}
_PARAGRAPH_VALUES |= {0x260A: "list_level"}
_NO_STYLE = 0xFFF
# Styles are based on styles; a longer chain is a circle.
_MAX_CHAIN = 20


@dataclass(slots=True)
class RunSet:
    """How a run is set."""

    style: Style = ""
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    special: bool = False
    font: int = -1
    symbol: tuple[int, int] | None = None


@dataclass(slots=True)
class ParagraphShape:
    """What kind of paragraph it is."""

    style: int = 0
    level: int = 0
    in_table: bool = False
    ends_row: bool = False
    ends_inner_cell: bool = False
    list_use: int = 0
    list_level: int = 0
    edges: tuple[tuple[int, bool], ...] = ()


def _properties(grpprl: bytes) -> Iterator[tuple[int, bytes]]:
    """The single properties of a run or paragraph: code and operand."""
    at = 0
    while at + 2 < len(grpprl):
        code = struct.unpack_from("<H", grpprl, at)[0]
        at += 2
        size = _SIZES[code >> 13]
        if code == 0xD608:
            size, at = struct.unpack_from("<H", grpprl, at)[0] - 1, at + 2
        elif size < 0:
            size, at = grpprl[at], at + 1
        yield code, grpprl[at : at + size]
        at += size


def _run_values(grpprl: bytes) -> dict[str, int]:
    known = ((_RUN_VALUES.get(code), operand) for code, operand in _properties(grpprl))
    return {name: int.from_bytes(operand, "little") for name, operand in known if name}


class StyleSheet:
    """How runs are set by their paragraph's style, then by their own, then by themselves; none where it is damaged."""

    def __init__(self, part: bytes) -> None:
        self._styles: list[tuple[int, dict[str, int]]] = []  # the style that each is based on, and what it says
        try:
            length, count, base = struct.unpack_from("<3H", part)
            at = 2 + length
            for _ in range(min(count, _NO_STYLE)):
                size = struct.unpack_from("<H", part, at)[0]
                self._styles.append(_read_style(part[at + 2 : at + 2 + size], base))
                at += 2 + size
        except (struct.error, IndexError):
            self._styles = []

    def _values(self, style: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for _ in range(_MAX_CHAIN):
            if style >= len(self._styles):
                break
            style, values = self._styles[style]
            found = values | found
        return found

    def run_set(self, grpprl: bytes, paragraph_style: int) -> RunSet:
        own = _run_values(grpprl)
        found = self._values(paragraph_style) | self._values(own.get("style", _NO_STYLE))
        for name in _SWITCHES.values():
            if own.get(name, 0) & 0x80:  # as its styles say, or the opposite
                own[name] = found.get(name, 0) ^ (own[name] & 1)
        found |= own
        shift = (found.get("shift", 0) + 0x8000) % 0x10000 - 0x8000
        symbol = found.get("symbol")
        return RunSet(
            style=_VERTICAL.get(found.get("vertical", 0)) or moved(shift, found.get("size", 20)),
            hidden=found.get("hidden") == 1,
            struck=1 in (found.get("struck"), found.get("struck twice")),
            deleted=found.get("deleted") == 1,
            special=found.get("special") == 1,
            font=found.get("font", -1),
            symbol=None if symbol is None else (symbol & 0xFFFF, symbol >> 16),
        )


def _read_style(std: bytes, base: int) -> tuple[int, dict[str, int]]:
    if not std:
        return _NO_STYLE, {}
    kind = struct.unpack_from("<H", std, 2)[0]
    at = base + 4 + 2 * struct.unpack_from("<H", std, base)[0]
    if kind & 15 == 1:  # of paragraphs: how they are set comes first
        length = struct.unpack_from("<H", std, at)[0]
        at += 2 + length + length % 2
    elif kind & 15 != 2:
        return _NO_STYLE, {}
    return kind >> 4, _run_values(std[at + 2 : at + 2 + struct.unpack_from("<H", std, at)[0]])


def paragraph_shape(papx: bytes) -> ParagraphShape:
    style = struct.unpack_from("<H", papx)[0] if len(papx) > 1 else 0
    found = ParagraphShape(style, style if 1 <= style <= 9 else 0)  # the first styles are those of headings
    for code, operand in _properties(papx[2:]):
        if code in _PARAGRAPH_VALUES:
            setattr(found, _PARAGRAPH_VALUES[code], int.from_bytes(operand, "little"))
        elif code == 0x2640 and operand and operand[0] < 9:
            found.level = operand[0] + 1
        elif code == 0xD608 and operand:
            found.edges = _edges(operand)
    return found


def _edges(definition: bytes) -> tuple[tuple[int, bool], ...]:
    """Of the cells of a row: the right one, and whether it goes on from the row above."""
    count = definition[0]
    places = struct.unpack_from(f"<{count + 1}h", definition, 1)[1:]
    shapes = definition[1 + 2 * (count + 1) :]
    flags = [int.from_bytes(shapes[20 * cell : 20 * cell + 2], "little") for cell in range(count)]
    return tuple((place, flag & 0x60 == 0x20) for place, flag in zip(places, flags, strict=True))


class ListCounts:
    """Counts the numbered paragraphs of each list."""

    def __init__(self, lists: bytes, uses: bytes, table: bytes, place: tuple[int, int]) -> None:
        self._levels: dict[int, list[tuple[int, int, str]]] = {}  # start, shape and text by the id of the list
        self._uses = [struct.unpack_from("<i", uses, 4 + 16 * use)[0] for use in range(len(uses[4:]) // 16)]
        self._uses = self._uses[: struct.unpack_from("<I", uses)[0]] if uses else []
        self._counts: dict[int, dict[int, int]] = {}
        if not lists:
            return
        count, at = struct.unpack_from("<H", lists)[0], place[0] + place[1]
        for number in range(count):
            list_id = struct.unpack_from("<i", lists, 2 + 28 * number)[0]
            is_simple = lists[2 + 28 * number + 26] & 1
            for _ in range(1 if is_simple else 9):
                start, shape = struct.unpack_from("<iB", table, at)
                at += 28 + table[at + 24] + table[at + 25]
                length = struct.unpack_from("<H", table, at)[0]
                text = table[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
                self._levels.setdefault(list_id, []).append((start, shape, text))
                at += 2 + 2 * length

    def label(self, use: int, level: int) -> str:
        list_id = self._uses[use - 1] if 0 < use <= len(self._uses) else 0
        levels = self._levels.get(list_id, [])
        if not 0 <= level < len(levels):
            return ""
        counts = self._counts.setdefault(list_id, {})
        counts[level] = counts[level] + 1 if level in counts else levels[level][0]
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if _SHAPES.get(levels[level][1]) == "-":
            return "-"

        def shown(letter: str) -> str:
            at = ord(letter)
            if at > 8 or at >= len(levels):
                return letter
            return as_number(counts.get(at, levels[at][0]), _SHAPES.get(levels[at][1], "1"))

        return "".join(map(shown, levels[level][2]))
