"""Reads the older Word's binary documents [MS-DOC]: text by pieces, with how it is set, notes, margins and tables."""

import io
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator

import olefile

from ingest.reading.marks import Style, labelled
from ingest.reading.structured.document_tree import Block, join_blocks
from ingest.reading.structured.office.older.rtf_flows import Flow
from ingest.reading.structured.office.older.word_properties import (
    ListCounts,
    ParagraphShape,
    RunSet,
    StyleSheet,
    paragraph_shape,
)
from ingest.reading.structured.office.signs import decode, to_unicode
from vectorstore.types import Page

_MAX_BYTES = 200_000_000
_WORD_97 = 193
# Where the file information block says what is in the table stream, in pairs of place and length.
_STYLES, _NOTES, _NOTE_TEXTS, _COMMENTS, _COMMENT_TEXTS, _MARGINS, _RUNS, _PARAGRAPHS = 1, 2, 3, 4, 5, 11, 12, 13
_FONTS, _PIECES, _AUTHORS, _ENDNOTES, _ENDNOTE_TEXTS, _LISTS, _LIST_USES = 15, 33, 36, 46, 47, 73, 74
_SIGNS = {
    "\x0b": "\n",
    "\x0c": "",
    "\x1e": "\N{NON-BREAKING HYPHEN}",
    "\x1f": "",
    "\x01": "",
    "\x08": "",
    "\x02": "",
    "\x0e": "\n",
}
_SIGNS |= {"\x0e": "\n", "\x05": "", "\x00": "", "\x03": "", "\x04": ""}
_PART = re.compile(r"[\x00-\x08\x0b-\x0e\x13-\x15\x1e\x1f(]|[^\x00-\x08\x0b-\x0e\x13-\x15\x1e\x1f(]+")
_PAGE_NUMBER = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


def read_binary_word(data: bytes) -> tuple[str | None, tuple[Page, ...]] | None:
    """Title and page; None for what is older than Word 97. Raises what it meets where the file is damaged."""
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        main = ole.openstream("WordDocument").read(_MAX_BYTES)
        if struct.unpack_from("<H", main, 2)[0] < _WORD_97:
            return None
        table = ole.openstream("1Table" if main[11] & 2 else "0Table").read(_MAX_BYTES)
        properties = ole.get_metadata()
    blocks = _Document(main, table).read()
    title = decode(properties.title or b"", properties.codepage or 1252).strip("\0 ")
    return title or None, (Page(None, join_blocks(blocks)),)


class _Ranges:
    """Values by the places where they begin."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.values: list[bytes] = []

    def at(self, place: int) -> tuple[bytes, int]:
        """The value at a place, and where the next begins."""
        index = bisect_right(self.starts, place)
        following = self.starts[index] if index < len(self.starts) else 1 << 40
        return (self.values[index - 1] if index else b"", following)


class _Document:
    def __init__(self, main: bytes, table: bytes) -> None:
        self._main, self._table = main, table
        self._left = 4 * len(main)  # characters: what a document says many times is a trick
        self._counts = struct.unpack_from("<8i", main, 0x4C)  # text, notes, margins, macros, comments, endnotes, boxes
        self._pieces = list(self._read_pieces())
        self._piece_starts = [piece[0] for piece in self._pieces]
        self._runs = self._read_pages(_RUNS, paragraphs=False)
        self._paragraphs = self._read_pages(_PARAGRAPHS, paragraphs=True)
        self._fonts = self._read_fonts()
        self._lists = ListCounts(self._part(_LISTS), self._part(_LIST_USES), table, self._place(_LISTS))
        self._styles = StyleSheet(self._part(_STYLES))
        self._sets: dict[tuple[bytes, int], RunSet] = {}
        self._shapes: dict[bytes, ParagraphShape] = {}
        self._references: dict[int, Block] = {}

    def _place(self, index: int) -> tuple[int, int]:
        place, length = struct.unpack_from("<II", self._main, 154 + 8 * index)
        return place, length

    def _part(self, index: int) -> bytes:
        place, length = self._place(index)
        return self._table[place : place + length]

    def _read_pieces(self) -> Iterator[tuple[int, int, int, bool]]:
        """First and last position, place in the stream, and whether its characters are bytes."""
        part, at = self._part(_PIECES), 0
        while part[at] == 1:
            at += 3 + struct.unpack_from("<H", part, at + 1)[0]
        count = (struct.unpack_from("<I", part, at + 1)[0] - 4) // 12
        starts = struct.unpack_from(f"<{count + 1}I", part, at + 5)
        for number in range(count):
            place = struct.unpack_from("<I", part, at + 5 + 4 * (count + 1) + 8 * number + 2)[0]
            in_bytes = bool(place & 0x40000000)
            place &= 0x3FFFFFFF
            yield starts[number], starts[number + 1], place // 2 if in_bytes else place, in_bytes

    def _read_pages(self, index: int, *, paragraphs: bool) -> _Ranges:
        """The properties of runs or paragraphs, which lie in pages of 512 bytes."""
        part, found = self._part(index), _Ranges()
        count = (len(part) - 4) // 8
        for (number,) in struct.iter_unpack("<I", part[4 * (count + 1) : 4 * (count + 1) + 4 * count]):
            page = self._main[512 * number : 512 * number + 512]
            if len(page) < 512:
                continue
            size = page[511]
            starts = struct.unpack_from(f"<{size + 1}I", page)
            step = 13 if paragraphs else 1
            for place, start in enumerate(starts[:-1]):
                at = 2 * page[4 * (size + 1) + step * place]
                length = page[at] if at else 0
                if paragraphs and at:
                    at, length = (at + 1, 2 * page[at + 1]) if length == 0 else (at, 2 * length - 1)
                found.starts.append(start)
                found.values.append(page[at + 1 : at + 1 + length] if at else b"")
            found.starts.append(starts[-1])
            found.values.append(b"")
        return found

    def _read_fonts(self) -> list[str]:
        part, at, names = self._part(_FONTS), 4, []
        while at + 41 < len(part):
            names.append(part[at + 40 : at + 1 + part[at]].decode("utf-16-le", "replace").partition("\0")[0])
            at += 1 + part[at]
        return names

    def read(self) -> list[Block]:
        text, notes, margins, macros, comments, endnotes, boxes = self._counts[:7]
        at = text
        self._refer(_NOTES, _NOTE_TEXTS, "Footnote", 2, at)
        at += notes
        heads, feet = self._read_margins(at)
        at += margins + macros
        self._refer(_COMMENTS, _COMMENT_TEXTS, "Comment", 30, at)
        at += comments
        self._refer(_ENDNOTES, _ENDNOTE_TEXTS, "Endnote", 2, at)
        at += endnotes
        body = self._story(0, text)
        return [*heads, *body, *self._story(at, at + boxes), *feet]

    def _refer(self, index: int, texts_index: int, label: str, size: int, start: int) -> None:
        """The notes of one kind by the positions that refer to them."""
        part, texts = self._part(index), self._part(texts_index)
        count = (len(part) - 4) // (4 + size)
        if count < 1:
            return
        places = struct.unpack_from(f"<{count}I", part)
        bounds = [value for (value,) in struct.iter_unpack("<I", texts[: len(texts) // 4 * 4])]
        authors = list(self._authors()) if label == "Comment" else []
        for number, place in enumerate(places[: len(bounds) - 1]):
            name = f"{label} {number + 1}"
            if label == "Comment":
                owner = struct.unpack_from("<H", part, 4 * (count + 1) + size * number + 20)[0]
                name = f"Comment by {authors[owner]}" if owner < len(authors) else label
            blocks = self._story(start + bounds[number], start + bounds[number + 1])
            text = "\n".join(block.text for block in blocks).strip()
            self._references[place] = Block(labelled(name, text))

    def _authors(self) -> Iterator[str]:
        part, at = self._part(_AUTHORS), 0
        while at + 2 <= len(part):
            length = struct.unpack_from("<H", part, at)[0]
            yield " ".join(part[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace").split())
            at += 2 + 2 * length

    def _read_margins(self, start: int) -> tuple[list[Block], list[Block]]:
        """Headers and footers, each different one once: six stories a section, after six of notes."""
        part = self._part(_MARGINS)
        bounds = [value for (value,) in struct.iter_unpack("<I", part[: len(part) // 4 * 4])]
        found: dict[str, dict[str, None]] = {"Header": {}, "Footer": {}}
        for number in range(6, len(bounds) - 2):
            kind = "Footer" if (number - 6) % 6 in (2, 3, 5) else "Header"
            found[kind].setdefault(self._flow(start + bounds[number], start + bounds[number + 1]).margin_text())
        heads, feet = ([Block(labelled(kind, text)) for text in texts if text] for kind, texts in found.items())
        return heads, feet

    def _story(self, start: int, end: int) -> list[Block]:
        return self._flow(start, end).finish()

    def _flow(self, start: int, end: int) -> Flow:
        flow = Flow()
        fields: list[str | None] = []  # the codes that are open; None where the result has begun
        for text, place, how, shape in self._read_runs(start, end):
            if how.deleted:
                continue
            for part, at in _parts(text, place):
                if part == "\x13":
                    fields.append("")
                elif part in "\x14\x15" and fields:
                    code = fields.pop()
                    is_page = code is not None and _PAGE_NUMBER.match(code) is not None
                    flow.has_page_number = flow.has_page_number or is_page
                    fields += [] if part == "\x15" else ["" if is_page else None]
                elif part in "\r\x07\x0c":
                    fields = [field for field in fields if field is None]  # no code goes beyond its paragraph
                    self._end(flow, shape, part)
                elif any(field is not None for field in fields):
                    fields[-1] = (fields[-1] or "") + part
                else:
                    self._add(flow, part, at, how)
        return flow

    def _add(self, flow: Flow, text: str, place: int, how: RunSet) -> None:
        if place in self._references:
            flow.after.append(self._references[place])
        font, code = how.symbol if how.special and how.symbol and text == "(" else (how.font, None)
        name = self._fonts[font] if 0 <= font < len(self._fonts) else ""
        text = to_unicode(text if code is None else chr(code), name)
        style: Style = "hidden" if how.hidden else "struck" if how.struck else how.style
        flow.runs.append((_SIGNS.get(text, text), style))

    def _end(self, flow: Flow, shape: ParagraphShape, mark: str) -> None:
        if mark == "\x07" and shape.ends_row:
            flow.edges = list(shape.edges)
            flow.end_row()
            return
        if any(text.strip() for text, _ in flow.runs):
            flow.label = self._lists.label(shape.list_use, shape.list_level)
        if mark == "\x07" and not shape.ends_inner_cell:
            flow.end_cell()
        else:
            flow.end_paragraph(shape.level, in_table=shape.in_table)

    def _read_runs(self, start: int, end: int) -> Iterator[tuple[str, int, RunSet, ParagraphShape]]:
        """Text that is set in one way, with its position."""
        place, number = start, max(0, bisect_right(self._piece_starts, start) - 1)
        while place < end and number < len(self._pieces):
            first, last, base, in_bytes = self._pieces[number]
            if place >= last:
                number += 1
                continue
            width = 1 if in_bytes else 2
            at = base + (place - first) * width
            run, run_end = self._runs.at(at)
            paragraph, paragraph_end = self._paragraphs.at(at)
            count = min(last, end) - place
            count = max(1, min(count, (min(run_end, paragraph_end) - at + width - 1) // width))
            self._left -= count
            if self._left < 0:
                raise ValueError("its pieces overlap")
            data = self._main[at : at + count * width]
            text = data.decode("cp1252" if in_bytes else "utf-16-le", "surrogatepass" if not in_bytes else "replace")
            if paragraph not in self._shapes:
                self._shapes[paragraph] = paragraph_shape(paragraph)
            shape = self._shapes[paragraph]
            if (run, shape.style) not in self._sets:
                self._sets[run, shape.style] = self._styles.run_set(run, shape.style)
            yield text, place, self._sets[run, shape.style], shape
            place += count


def _parts(text: str, place: int) -> Iterator[tuple[str, int]]:
    """Marks alone, and the words between them."""
    for found in _PART.finditer(text):
        yield found[0], place + found.start()
