"""Decodes the properties of runs and paragraphs, and the lists, of the older Word's documents [MS-DOC]."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.reading.marks import Style
from ingest.reading.structured.office.signs import as_number

_SIZES = (1, 1, 2, 4, 2, 2, -1, 3)
_SHAPES = {1: "I", 2: "i", 3: "A", 4: "a", 22: "decimalZero", 23: "-", 255: ""}
_VERTICAL: dict[int, Style] = {1: "raised", 2: "lowered"}
_SWITCHES = {0x0800: "deleted", 0x083C: "hidden", 0x0837: "struck", 0x2A53: "struck", 0x0855: "special"}
_PARAGRAPH_VALUES = {0x2416: "in_table", 0x2417: "ends_row", 0x244B: "ends_inner_cell", 0x460B: "list_use"}
_PARAGRAPH_VALUES |= {0x260A: "list_level"}


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


def run_set(grpprl: bytes) -> RunSet:
    found = RunSet()
    for code, operand in _properties(grpprl):
        if code == 0x2A48 and operand:
            found.style = _VERTICAL.get(operand[0], "")
        elif code == 0x6A09 and len(operand) == 4:
            found.symbol = struct.unpack("<HH", operand)
        elif code == 0x4A4F and len(operand) == 2:
            found.font = int.from_bytes(operand, "little")
        elif code in _SWITCHES:
            setattr(found, _SWITCHES[code], operand[:1] == b"\1")
    return found


def paragraph_shape(papx: bytes) -> ParagraphShape:
    style = struct.unpack_from("<H", papx)[0] if len(papx) > 1 else 0
    found = ParagraphShape(style if 1 <= style <= 9 else 0)  # the first styles are those of headings
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
