"""The older Word's binary documents read as its newer ones do."""

import gzip
import random
import struct
from contextlib import suppress

import pytest

from ingest.reading.structured.office.older.word_properties import RunSet, StyleSheet
from tests.conftest import ROOT
from tests.ingest.documents import parse, refusal, text_of
from vectorstore.errors import UnreadableFileError

# Written by LibreOffice Writer.
KILN = gzip.decompress((ROOT / "tests" / "data" / "kiln.doc.gz").read_bytes())


@pytest.mark.shows("doc", "headings, lists, tables", "read")
@pytest.mark.shows("doc", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `found.[12]`")
@pytest.mark.shows("doc", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("doc", "hidden words", "marked", "`[hidden: words]`")
@pytest.mark.shows("doc", "tracked deletions", "left out")
@pytest.mark.shows(
    "doc", "footnotes and endnotes", "marked", "a paragraph `Footnote 2: …` after the one that refers to it"
)
@pytest.mark.shows("doc", "comments", "marked", "a paragraph `Comment by NAME: …` after the one that it is about")
@pytest.mark.shows("doc", "headers and footers", "marked", "`Header: …` before and `Footer: …` after the text")
@pytest.mark.shows("doc", "page numbers in headers and footers", "left out")
@pytest.mark.shows("doc", "automatic numbers of lists", "read", "`1.2 Scope`, `3. Close the damper`")
@pytest.mark.shows("doc", "merged cells", "read", "each column and row says all that is merged above or beside it")
@pytest.mark.shows("doc", "signs of the font Symbol", "read", "`µ`, `°`, `≤`")
@pytest.mark.shows("doc", "pictures, charts and formulas", "left out")
def test_a_binary_document_reads_with_its_notes_marks_and_tables() -> None:
    assert text_of("kiln.doc", KILN).split("\n\n") == [
        "Header: Contract KX-2291-B",
        "# Kiln",
        "10^6 l of CO₂ were ~~900~~ 450. [hidden: net]",
        "Mixed on Mondays.",
        "Footnote 1: Not in leap years.",
        "Endnote 1: The diary.",
        "Comment by Jo Li: Is it?",
        "3 μm at 5 °C, été.",
        "1. Check",
        "1.a) twice",
        "2. Close",
        "| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n| Steel | 1 | 2 |",
        "End.",
    ]
    assert parse("kiln.doc", KILN).title == "Kiln"


def test_runs_are_set_as_their_styles_say() -> None:
    styles = gzip.decompress((ROOT / "tests" / "data" / "styles.doc.gz").read_bytes())
    assert text_of("styles.doc", styles).split("\n\n")[:3] == [
        "~~The fee is 900 euros.~~",
        "Power is 10^6 watts and 10^7 and 1969^12.",
        "Not [hidden: never] paid.",
    ]


def test_a_run_may_be_set_as_its_style_is_or_the_opposite() -> None:
    def style(kind: int, base: int, properties: bytes) -> bytes:
        said = struct.pack("<HBx", 1, 0) * (kind == 1) + struct.pack("<H", len(properties)) + properties
        std = struct.pack("<5H2H", 0, kind | base << 4, 0, 0, 0, 0, 0) + said
        return struct.pack("<H", len(std)) + std

    struck, hidden = b"\x37\x08\1", b"\x3c\x08\1"
    table = style(1, 0xFFF, struck) + style(1, 0, b"") + style(2, 2, hidden) + b"\0\0"
    sheet = StyleSheet(struct.pack("<3H", 4, 4, 10) + table)
    assert sheet.run_set(b"", 1) == RunSet(struck=True)  # from the style it is based on
    assert sheet.run_set(b"\x30\x4a\2\0", 9) == RunSet(hidden=True)  # that goes round in a circle
    assert sheet.run_set(b"\x37\x08\x80", 0).struck
    assert not sheet.run_set(b"\x37\x08\x81", 0).struck
    assert sheet.run_set(b"\x3c\x08\x81", 0).hidden
    assert StyleSheet(struct.pack("<3H", 4, 9, 10) + table).run_set(b"", 1) == RunSet()  # damaged


def test_a_damaged_document_is_read_or_refused() -> None:
    assert refusal("a.doc", KILN[:3000])[0] == "damaged, or not what its name says"
    dice = random.Random(0)
    for _ in range(60):
        damaged = bytearray(KILN)
        for _ in range(20):
            struct.pack_into("<I", damaged, dice.randrange(512, len(KILN) - 4), dice.getrandbits(32))
        with suppress(UnreadableFileError):  # without another error, and soon
            parse("a.doc", bytes(damaged))
