"""Reads tables of delimited text, whatever separates their fields, into paragraphs and Markdown tables."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ingest.reading.tables.grids import Grid, render_grid
from ingest.reading.tables.heads import is_number
from ingest.reading.text_decoding import decode_lines

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
            yield [comment[0].lstrip("# ") or "#", *comment[1:]] if is_head else [f"{delimiter} ".join(comment)]
        comment = row if row and row[0].startswith("#") else []
        if not comment:
            yield row
            break
    yield from [[f"{delimiter} ".join(comment)]] if comment else ()
    yield from rows
