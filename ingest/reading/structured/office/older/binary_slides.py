"""Reads the older PowerPoint's binary presentations [MS-PPT] with raised characters, notes and hidden slides."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import olefile

from ingest.reading.marks import Run, Style, labelled, mark_runs, picture_text
from ingest.reading.structured.document_tree import Block, clean_text, join_blocks, write_heading
from ingest.reading.structured.office.signs import decode
from vectorstore.types import Page

_MAX_BYTES, _MAX_DEPTH, _MAX_EDITS = 200_000_000, 24, 1_000
_TITLES, _NOTES_TEXT = (0, 6), 2
_SLIDE_LIST, _SLIDE, _SLIDE_ATOM, _SHOW, _PERSIST, _EDIT, _DIRECTORY = 4080, 1006, 1007, 1017, 1011, 4085, 6002
_HEADER, _CHARS, _BYTES, _STYLE, _OUTLINE, _SHAPE, _TEXT_BOX, _OPTIONS = (
    3999, 4000, 4008, 4001, 3998, 0xF004, 0xF00D, 0xF00B,
)  # fmt: skip
_DESCRIPTION = 897
# The fields of a paragraph's and of a run's properties in their order: the bits that say they are there, their bytes.
_PARAGRAPH_FIELDS = (
    (0xF, 2), (0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2),
    (0x100, 2), (0x400, 2), (0x8000, 2), (0x100000, -4), (0x10000, 2), (0xE0000, 2), (0x200000, 2),
)  # fmt: skip
_RUN_FIELDS = (
    (0xFFFF, 2), (0x10000, 2), (0x200000, 2), (0x400000, 2), (0x800000, 2), (0x20000, 2), (0x40000, 4), (0x80000, 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Record:
    instance: int
    kind: int
    data: bytes
    is_container: bool

    def children(self) -> "Iterator[_Record]":
        return _records(self.data)

    def find(self, *kinds: int, depth: int = 0) -> "Iterator[_Record]":
        for one in self.children() if self.is_container else ():
            if one.kind in kinds:
                yield one
            elif depth < _MAX_DEPTH:
                yield from one.find(*kinds, depth=depth + 1)


def _records(data: bytes) -> Iterator[_Record]:
    at = 0
    while at + 8 <= len(data):
        head, kind, length = struct.unpack_from("<HHI", data, at)
        yield _Record(head >> 4, kind, data[at + 8 : at + 8 + length], head & 15 == 15)
        at += 8 + length


def read_binary_slides(data: bytes) -> tuple[str | None, tuple[Page, ...]]:
    """Title and pages; raises what it meets where the file is damaged."""
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        stream = ole.openstream("PowerPoint Document").read(_MAX_BYTES)
        user = ole.openstream("Current User").read(4096)
        properties = ole.get_metadata()
    pages = tuple(_Presentation(stream, struct.unpack_from("<I", user, 16)[0]).pages())
    return decode(properties.title or b"", properties.codepage or 1252).strip("\0 ") or None, pages


class _Presentation:
    def __init__(self, stream: bytes, edit: int) -> None:
        self._stream = stream
        self._left = 20 * len(stream)  # bytes: what a document says many times is a trick
        self._places: dict[int, int] = {}
        document = 0
        for _ in range(_MAX_EDITS):  # the newest first
            last, directory, reference = struct.unpack_from("<III", stream, edit + 16)
            document = document or reference
            self._read_directory(self._at(directory).data)
            if not last or last >= edit:
                break
            edit = last
        self._document = self._object(document)

    def _at(self, place: int) -> _Record:
        head, kind, length = struct.unpack_from("<HHI", self._stream, place)
        self._left -= length
        if self._left < 0:
            raise ValueError("the same object again and again")
        return _Record(head >> 4, kind, self._stream[place + 8 : place + 8 + length], head & 15 == 15)

    def _object(self, reference: int) -> _Record:
        return self._at(self._places[reference])

    def _read_directory(self, data: bytes) -> None:
        at = 0
        while at + 4 <= len(data):
            entry = struct.unpack_from("<I", data, at)[0]
            for number in range(entry >> 20):
                place = struct.unpack_from("<I", data, at + 4 + 4 * number)[0]
                self._places.setdefault((entry & 0xFFFFF) + number, place)
            at += 4 + 4 * (entry >> 20)

    def pages(self) -> Iterator[Page]:
        lists = {one.instance: one for one in self._document.children() if one.kind == _SLIDE_LIST}
        notes = {slide_id: reference for reference, slide_id, _ in _listed(lists.get(2))}
        for number, (reference, _, texts) in enumerate(_listed(lists.get(0)), 1):
            slide = self._object(reference)
            atom = next(slide.find(_SLIDE_ATOM))
            notes_id = struct.unpack_from("<I", atom.data, 16)[0]
            blocks, title = [], ""
            for kind, text in _shapes(slide, texts):
                if kind in _TITLES:
                    title = " ".join([title, *text.split()]).strip()
                else:
                    blocks += [Block(part) for part in text.split("\r") if part.strip()]
            show = next(slide.find(_SHOW), None)
            if show is not None and len(show.data) > 11 and show.data[10] & 4:
                title = f"{title or f'Slide {number}'} (hidden)"
            if notes_id in notes:
                said = [text for kind, text in _shapes(self._object(notes[notes_id]), []) if kind == _NOTES_TEXT]
                blocks.append(Block(labelled("Speaker note", "\n".join(said).replace("\r", "\n").strip())))
            yield Page(number, join_blocks([Block(write_heading(title, 2)), *blocks]))


def _listed(slides: _Record | None) -> list[tuple[int, int, list[tuple[int, str]]]]:
    """Reference, id and outline texts of the slides of a list."""
    found: list[tuple[int, int, list[tuple[int, str]]]] = []
    records: list[_Record] = []
    for one in [] if slides is None else slides.children():
        if one.kind == _PERSIST:
            if found:
                found[-1][2].extend(_texts(records))
            records = []
            reference, _, _, slide_id = struct.unpack_from("<IIiI", one.data)
            found.append((reference, slide_id, []))
        else:
            records.append(one)
    if found:
        found[-1][2].extend(_texts(records))
    return found


def _shapes(slide: _Record, outline: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The kind and the text of each shape, in their order; of pictures the alternative text."""
    for shape in slide.find(_SHAPE):
        texts = []
        for box in shape.find(_TEXT_BOX):
            records = list(box.children())
            texts += _texts(records)
            for reference in records:
                place = struct.unpack("<I", reference.data)[0] if reference.kind == _OUTLINE else len(outline)
                texts += outline[place : place + 1]
        if any(text.strip() for _, text in texts):
            yield from texts
        else:
            yield -1, next(filter(None, (picture_text(_description(one)) for one in shape.find(_OPTIONS))), "")


def _description(options: _Record) -> str:
    at = 6 * options.instance
    for number in range(options.instance):
        name, value = struct.unpack_from("<HI", options.data, 6 * number)
        if name & 0x8000:
            if name & 0x3FFF == _DESCRIPTION:
                return options.data[at : at + value].decode("utf-16-le", "replace").strip("\0")
            at += value
    return ""


def _texts(records: list[_Record]) -> list[tuple[int, str]]:
    """Each header with the text after it and how that is set."""
    texts: list[tuple[int, str]] = []
    kind, words = -1, ""
    for one in [*records, _Record(0, _HEADER, b"\0\0\0\0", is_container=False)]:
        if one.kind == _HEADER:
            if words:
                texts.append((kind, "\r".join(map(clean_text, words.split("\r")))))
            kind, words = struct.unpack_from("<I", one.data)[0], ""
        elif one.kind in (_CHARS, _BYTES):
            words = one.data.decode("utf-16-le" if one.kind == _CHARS else "latin-1", "replace")
        elif one.kind == _STYLE and words:
            words = "".join(mark_runs(list(_runs(words, one.data))))
    return texts


def _runs(text: str, data: bytes) -> Iterator[Run]:
    at = done = 0
    while done <= len(text) and at + 10 <= len(data):  # paragraphs first, which only take place
        count, _, mask = struct.unpack_from("<IHI", data, at)
        at = _skip(data, at + 10, mask, _PARAGRAPH_FIELDS)
        done += max(1, count)
    done = 0
    while done < len(text) and at + 8 <= len(data):
        count, mask = struct.unpack_from("<II", data, at)
        at = _skip(data, at + 8, mask, _RUN_FIELDS)
        style: Style = ""
        if mask & 0x80000:
            raised = struct.unpack_from("<h", data, at - 2)[0]
            style = "raised" if raised > 0 else "lowered" if raised < 0 else ""
        yield text[done : done + max(1, count)], style
        done += max(1, count)
    yield text[done:], ""


def _skip(data: bytes, at: int, mask: int, fields: tuple[tuple[int, int], ...]) -> int:
    for bits, size in fields:
        if mask & bits:
            at += size if size > 0 else 2 + 4 * struct.unpack_from("<H", data, at)[0]
    return at
