"""Delimited text becomes tables whose heads name the columns, whatever separates the fields and stands around them."""

import struct

import pytest

from ingest.reading.tables.records import read_delimited
from tests.ingest.documents import refusal, text_of


def table(*rows: str) -> str:
    head, *body = [f"| {row} |" for row in rows]
    return "\n".join([head, "|" + " --- |" * (rows[0].count("|") + 1), *body])


def read(text: str, kind: str = "csv") -> str:
    return read_delimited(text.encode(), kind=kind)


@pytest.mark.shows(
    "csv tsv",
    "separators",
    "read",
    "comma, semicolon, tab, bar, spaces between numbers; as `sep=;` names it in the first line",
)
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Part;Price\nBolt;1,20\nNut;0,80\n", table("Part | Price", "Bolt | 1,20", "Nut | 0,80")),
        ("Part;Price;Tag\nBolt;1,20;a, b\n", table("Part | Price | Tag", "Bolt | 1,20 | a, b")),
        ('"a;b",c\n"1;2",3\n"x;y",4\n', table("a;b | c", "1;2 | 3", "x;y | 4")),
        ("a|b\n1|x, y\n", table("a | b", "1 | x, y")),
        ("a\tb\n1\tx, y\n", table("a | b", "1 | x, y")),
        ("sep=\t\nItem\tStock\nHinge, steel\t412\n", table("Item | Stock", "Hinge, steel | 412")),
        ("sep=,\r\nItem,Stock\r\nHinge;steel,412\r\n", table("Item | Stock", "Hinge;steel | 412")),
        ('"sep=;"\nItem;Stock\nHinge, steel;412\n', table("Item | Stock", "Hinge, steel | 412")),
        ("a, b, c\n1, \"x, y\", 3\n", table("a | b | c", "1 | x, y | 3")),
        ("Lines\nHello, world\nof words\nand\nlines\n", table("Lines", "Hello, world", "of words", "and", "lines")),
        ("a,b\r\n1,2\n3,4\r5,6\n", table("a | b", "1 | 2", "3 | 4", "5 | 6")),
        ("Chins Jumps\n  5   60\n 12  101\n", table("Chins | Jumps", "5 | 60", "12 | 101")),
    ],
)  # fmt: skip
def test_fields_are_parted_by_what_parts_most_rows_alike(text: str, shown: str) -> None:
    assert read(text) == shown


@pytest.mark.shows("csv tsv", "decimal commas, quoted fields, line breaks in fields", "read")
def test_quotes_and_escapes_hold_a_field_together() -> None:
    assert read('id,said\n1,"two\nlines, ""x"""\n2,"b"\n') == table("id | said", '1 | two lines, "x"', "2 | b")
    assert read('id,said\n1,"she said \\"hi, you\\" twice"\n2,"b"\n') == table(
        "id | said", '1 | she said "hi, you" twice', "2 | b"
    )
    assert read('size,name\n5" pipe,hose\n6" pipe,tap\n') == table("size | name", '5" pipe | hose', '6" pipe | tap')
    assert read('id,name\n="00731",Ana\n="00045",Bo\n') == table("id | name", "00731 | Ana", "00045 | Bo")


def test_a_quote_without_its_second_takes_in_its_own_line_alone() -> None:
    text = read('id,name\n1,"unclosed\n' + "".join(f"{n},x\n" for n in range(2, 2000)))
    assert text.endswith("| 1998 | x |\n| 1999 | x |")


@pytest.mark.shows("csv tsv xlsx xls ods", "titles and notes around a table", "read", "paragraphs before and after it")
@pytest.mark.parametrize(
    ("before", "head", "row", "after"),
    [
        ("Stock of May\n\n", "Item,Stock", "Hinge,4", ""),
        ("Stock of May,,\n", "Item,Stock,Bin", "Hinge,4,A1", ""),
        ("By: Jana,\nDate: 2026-01-01,\n\n", "Item,Stock,Bin", "Hinge,4,A1", ""),
        ("# made by x, on y\n# v2\n", "name,score", "A,1", ""),
        ("", "# time,value", "0,1.5", ""),
        ("", "#,Name", "1,Ana", ""),
        ("", "Item,Stock", "Hinge,4", "\nCounted in May.,\n"),
    ],
)
def test_what_stands_around_a_table_is_no_row_of_it(before: str, head: str, row: str, after: str) -> None:
    lines = [line.strip("# ,") for line in before.splitlines() if line]
    names = head.removeprefix("# ").replace(",", " | ")
    shown = [*lines, table(names, row.replace(",", " | ")), *after.strip("\n,").splitlines()]
    assert read(f"{before}{head}\n{row}\n{after}") == "\n\n".join(shown)


def test_names_with_their_values_above_a_table_are_lines() -> None:
    text = read("By,Jana\nDate,2026-01-01\n\nItem,Stock,Bin\nHinge,4,A1\n\nTotal,4\n")
    assert text == "By: Jana\n\nDate: 2026-01-01\n\n" + table("Item | Stock | Bin", "Hinge | 4 | A1", "Total | 4 | ")


@pytest.mark.shows(
    "csv tsv xlsx xls ods", "tables without a head", "read", "with an empty head, so that no row passes for names"
)
@pytest.mark.parametrize(
    "text", ["1,2.5,3\n4,5.5,6\n", "1,2,3\n4,5,6\n", "Ana,31,Lviv\nOmar,44,Rome\n", "1,5;2,5\n3,25;4,5\n"]
)
def test_a_first_row_of_numbers_like_the_others_is_no_head(text: str) -> None:
    assert read(text).splitlines()[0].strip("| ") == ""


@pytest.mark.parametrize("head", ["Region,2019,2020,2021", "Region,1,2,3", "Region,2026-01-01,2026-02-01,2026-03-01"])
def test_years_counts_and_dates_may_be_names_of_columns(head: str) -> None:
    assert read(f"{head}\nNorth,4,5,6\nSouth,7,8,9\n").splitlines()[0] == f"| {' | '.join(head.split(','))} |"


def test_encodings_and_long_files_are_read() -> None:
    assert text_of("a.csv", "Straße;Preis\nÖlberg;980,50 €\n".encode("cp1252")) == table(
        "Straße | Preis", "Ölberg | 980,50 €"
    )
    assert text_of("a.csv", f"a,b\n1,{'x' * 200_000}\n").count("x") == 200_000
    assert text_of("a.csv", b"sep=;\r\nItem;Stock\r\n\xc9t\xe9;4\r\n") == table("Item | Stock", "Été | 4")


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
