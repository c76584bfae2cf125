"""Reads tables of records, delimited text and dBASE, into paragraphs and Markdown tables."""

import csv
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from ingest.reading.tables.grids import COMMENT_MARK, Grid, render_grid
from ingest.reading.tables.heads import is_number
from ingest.reading.tables.number_formats import show_general
from ingest.reading.text_decoding import decode_lines, decode_text
from vectorstore.errors import UnreadableFileError

_DELIMITERS = ",;\t|"
_SAMPLE_LINES, _SAMPLE_LETTERS = 200, 100_000
_NAMED_DELIMITER = re.compile(r'"?sep=(?P<delimiter>.)"?[,;\t|]*\n', re.IGNORECASE)  # Excel's own first line
_AS_TEXT = re.compile(r'^="([^"]*)"$')  # how Excel is kept from dropping the zeros of 00731
_ESCAPED_QUOTE = re.compile(r'\\"(?![,;\t|\n])')
_NONE = "\x1f"  # separates nothing
_FEW = 0.6  # rows alike, below which marks with a space after them are punctuation
_MANY_BREAKS = 50  # in a field
_DECIMAL_COMMA = re.compile(r"[-+]?[\d.\s]*\d,\d+(?:\s?\W)?")
csv.field_size_limit(2**31 - 1)  # a field is bounded by its file


def read_delimited(data: bytes, *, kind: str) -> str:
    text = decode_lines(data)
    named = _NAMED_DELIMITER.match(text)
    text = text[named.end() :] if named else text
    sample = text[:_SAMPLE_LETTERS].split("\n")[:_SAMPLE_LINES]
    delimiter = named["delimiter"] if named else _find_delimiter(sample, kind)
    rows = enumerate(_join_comments(_parse(text, delimiter), delimiter))
    return render_grid(Grid({number: _fields(row) for number, row in rows}))


def _fields(row: Sequence[str]) -> dict[int, str]:
    return {
        place: _AS_TEXT.sub(r"\1", field) if field[0] == "=" else field
        for place, field in enumerate(row)
        if field.strip()
    }


def _parse(text: str, delimiter: str) -> list[list[str]]:
    """Rows of fields; where a quote lacks its second, no field reaches beyond its line."""
    lines = text.split("\n")
    escaped = _ESCAPED_QUOTE.search(text) is not None
    rows = list(_rows(lines, delimiter, escaped=escaped))
    breaks = max((field.count("\n") for row in rows for field in row), default=0)
    if breaks > _MANY_BREAKS or (breaks and _evenness(rows) < sum(map(bool, rows))):
        single = [row for line in lines for row in _rows([line], delimiter, escaped=escaped)]
        rows = max(rows, single, key=_evenness)
    return rows


def _evenness(rows: Sequence[Sequence[str]]) -> int:
    """How many rows have the usual number of fields, less those that have another."""
    counts = Counter(len(row) for row in rows if row)
    return 2 * max(counts.values(), default=0) - counts.total()


def _rows(lines: Iterable[str], delimiter: str, *, escaped: bool = False) -> Iterator[list[str]]:
    lines = (f"{line}\n" for line in lines)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, escapechar="\\" if escaped else None)


def _find_delimiter(sample: list[str], kind: str) -> str:
    """That which parts most rows into equally many fields, of which none looks like several."""
    if kind == "tsv" and any("\t" in line for line in sample):
        return "\t"
    scores = {delimiter: _consistency(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(scores, key=scores.__getitem__)
    if scores[best]:
        return best
    spaced = [row for row in _rows(sample, " ") if row]
    numbers = sum(is_number(field) for row in spaced for field in row)
    is_spaced = len({len(row) for row in spaced}) == 1 and 2 * numbers > sum(map(len, spaced)) > 2 * len(spaced) - 1
    return " " if is_spaced else _NONE


def _consistency(sample: list[str], delimiter: str) -> float:
    rows = [row for row in _rows(sample, delimiter) if row]
    counts = Counter(len(row) for row in rows if len(row) > 1)
    if not counts:
        return 0.0
    usual, times = counts.most_common(1)[0]
    is_prose = all(line.count(delimiter) == line.count(f"{delimiter} ") for line in sample)
    if is_prose and times < _FEW * len(rows):
        return 0.0
    fields = [field for row in rows if len(row) == usual for field in row]
    clean = sum(_DECIMAL_COMMA.fullmatch(field) is not None or not _has_other(field, delimiter) for field in fields)
    return times / len(rows) * clean / len(fields)


def _has_other(field: str, delimiter: str) -> bool:
    return any(mark in field for mark in _DELIMITERS if mark != delimiter)


def _join_comments(rows: Iterable[list[str]], delimiter: str) -> Iterator[list[str]]:
    """Rows, of which those at the top that begin with `#` are one text each, but for a head marked so."""
    comment: list[str] = []
    rows = iter(rows)
    for row in rows:
        if comment:
            is_head = len(comment) == len(row) > 1 and any(map(is_number, row))
            yield [COMMENT_MARK.sub("", comment[0]), *comment[1:]] if is_head else [f"{delimiter} ".join(comment)]
        comment = row if row and row[0].startswith("#") else []
        if not comment:
            yield row
            break
    yield from [[f"{delimiter} ".join(comment)]] if comment else ()
    yield from rows


# By the byte of the header that names the language of the driver.
_CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x04: "mac_roman", 0x08: "cp865", 0x09: "cp437", 0x0A: "cp850",
    0x0B: "cp437", 0x0D: "cp437", 0x0E: "cp850", 0x0F: "cp437", 0x10: "cp850", 0x11: "cp437", 0x12: "cp850",
    0x13: "cp932", 0x14: "cp850", 0x15: "cp437", 0x16: "cp850", 0x17: "cp865", 0x18: "cp437", 0x19: "cp437",
    0x1A: "cp850", 0x1B: "cp437", 0x1C: "cp863", 0x1D: "cp850", 0x1F: "cp852", 0x22: "cp852", 0x23: "cp852",
    0x24: "cp860", 0x25: "cp850", 0x26: "cp866", 0x37: "cp850", 0x40: "cp852", 0x4D: "cp936", 0x4E: "cp949",
    0x4F: "cp950", 0x50: "cp874", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252", 0x64: "cp852", 0x65: "cp866",
    0x66: "cp865", 0x67: "cp861", 0x6A: "cp737", 0x6B: "cp857", 0x78: "cp950", 0x79: "cp949", 0x7A: "cp936",
    0x7B: "cp932", 0x7C: "cp874", 0x7D: "cp1255", 0x7E: "cp1256", 0x86: "cp737", 0x87: "cp852", 0x88: "cp857",
    0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
_HEADER, _FIELD = 32, 32
_DELETED, _END_OF_FIELDS = b"*", b"\r"
_DAYS_BEFORE_YEAR_1 = 1_721_425  # that the Julian count has
_SAMPLE = 500  # records that tell the encoding
_ELSEWHERE = "MGPW"  # memos and objects, which are kept in another file


def read_dbf(data: bytes) -> str:
    """Its records but for the deleted ones; the words of memos are in a file of their own."""
    if len(data) < _HEADER + _FIELD:
        raise _damaged()
    count, begin, length = struct.unpack_from("<IHH", data, 4)
    if not _HEADER < begin <= len(data) or not length:
        raise _damaged()
    fields, place = [], 1  # the first byte of a record says whether it is deleted
    for start in range(_HEADER, begin - _FIELD + 1, _FIELD):
        field = data[start : start + _FIELD]
        if field[:1] == _END_OF_FIELDS:
            break
        width = field[16] + 256 * field[17] if field[11:12] == b"C" else field[16]
        if (kind := chr(field[11])) not in _ELSEWHERE:
            fields.append((field[:11].partition(b"\0")[0], kind, place, place + width))
        place += width
    ends = min(begin + count * length, len(data))
    records = [data[start : start + length] for start in range(begin, ends, length)]
    records = [record for record in records if len(record) == length and record[:1] != _DELETED]
    texts = [record[a:b] for record in records[:_SAMPLE] for _, kind, a, b in fields if kind == "C"]
    decode = _decoder(data[29], b"\n".join([*(name for name, *_ in fields), *texts]))
    rows = {0: {column: decode(name).strip() for column, (name, *_) in enumerate(fields)}}
    for number, record in enumerate(records, start=1):
        values = ((column, _value(record[a:b], kind, decode)) for column, (_, kind, a, b) in enumerate(fields))
        rows[number] = {column: text for column, text in values if text}
    return render_grid(Grid(rows))


def _damaged() -> UnreadableFileError:
    return UnreadableFileError("damaged, or no dBASE table", "open it in its own program and save it again")


def _decoder(language: int, sample: bytes) -> Callable[[bytes], str]:
    encoding = _CODE_PAGES.get(language) or _detect(sample)
    return lambda text: text.decode(encoding, "replace")


def _detect(sample: bytes) -> str:
    letters = bytes(byte for byte in sample if byte >= 32 or byte == 10)
    text = decode_text(letters)
    known = ("utf-8", "cp1252", "cp1250", "cp1251", "cp866", *_CODE_PAGES.values())
    return next((encoding for encoding in known if letters.decode(encoding, "ignore") == text), "cp1252")


def _value(field: bytes, kind: str, decode: Callable[[bytes], str]) -> str:
    if kind in "I+" and len(field) == 4:
        return str(struct.unpack("<i", field)[0])
    if kind in "BO" and len(field) == 8:
        return show_general(struct.unpack("<d", field)[0])
    if kind == "Y" and len(field) == 8:
        return f"{struct.unpack('<q', field)[0] / 10_000:.2f}"
    if kind == "T" and len(field) == 8:
        day, milliseconds = struct.unpack("<ii", field)
        seconds = timedelta(seconds=round(milliseconds / 1000))
        return f"{date.fromordinal(day - _DAYS_BEFORE_YEAR_1)} {seconds}" if day > _DAYS_BEFORE_YEAR_1 else ""
    text = decode(field).strip(" \0\t")
    if kind == "D" and len(text) == 8 and text.isdecimal():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text != "00000000" else ""
    if kind == "L":
        return {"T": "TRUE", "Y": "TRUE", "F": "FALSE", "N": "FALSE"}.get(text.upper(), "")
    return text
