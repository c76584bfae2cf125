"""Tables of dBASE and FoxPro are read with the letters of their code page, without their deleted records."""

import struct

import pytest

from tests.ingest.documents import refusal, text_of

FIELDS = [
    *(("TOWN", "C", 12, 0), ("STOCK", "N", 8, 2), ("OPENED", "D", 8, 0), ("ACTIVE", "L", 1, 0)),
    *(("NOTES", "M", 10, 0), ("COUNT", "I", 4, 0), ("SINCE", "T", 8, 0)),
]
TOWNS = [("Орёл", "cp866", 0x65), ("Łódź", "cp1250", 0xC8), ("Århus", "cp850", 2), ("Köln", "utf-8", 0)]


def dbf(*records: bytes, language: int, version: int = 0x30) -> bytes:
    begin, length = 32 + 32 * len(FIELDS) + 1, 1 + sum(width for *_, width, _ in FIELDS)
    head = (
        struct.pack("<BBBBIHH", version, 126, 1, 5, len(records), begin, length) + bytes(17) + bytes([language, 0, 0])
    )
    fields = (
        name.encode().ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, decimals]) + bytes(14)
        for name, kind, width, decimals in FIELDS
    )
    return head + b"".join(fields) + b"\r" + b"".join(records) + b"\x1a"


def record(town: str, encoding: str, *, mark: bytes = b" ") -> bytes:
    text = town.encode(encoding).ljust(12) + b"    4.50" + b"20260105" + b"T" + b"         7"
    return mark + text + struct.pack("<i", -3) + struct.pack("<ii", 2461046, 52_200_000)


@pytest.mark.shows(
    "dbf",
    "numbers, dates, times, yes and no, DOS and Windows code pages",
    "read",
    "dates as `2026-01-05`, TRUE and FALSE",
)
@pytest.mark.shows("dbf", "memos, which are in a file of their own (dbt, fpt); deleted records", "left out")
@pytest.mark.parametrize(("town", "encoding", "language"), TOWNS)
def test_a_dbase_table_is_read(town: str, encoding: str, language: int) -> None:
    data = dbf(record(town, encoding), record("Gone", encoding, mark=b"*"), language=language)
    assert text_of("depots.dbf", data) == (
        "| TOWN | STOCK | OPENED | ACTIVE | COUNT | SINCE |\n| --- | --- | --- | --- | --- | --- |\n"
        f"| {town} | 4.50 | 2026-01-05 | TRUE | -3 | 2026-01-05 14:30:00 |"
    )


def test_a_damaged_dbase_table_is_refused() -> None:
    assert refusal("a.dbf", b"\x03" + b"x" * 200)[0] == "damaged, or no dBASE table"
    assert refusal("a.dbf", b"\x03")[0] == "damaged, or no dBASE table"
