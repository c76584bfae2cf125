"""The older Word's binary documents read as its newer ones do."""

import gzip
import random
import struct
from contextlib import suppress

import pytest

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


def test_a_damaged_document_is_read_or_refused() -> None:
    assert refusal("a.doc", KILN[:3000])[0] == "damaged, or not what its name says"
    dice = random.Random(0)
    for _ in range(60):
        damaged = bytearray(KILN)
        for _ in range(20):
            struct.pack_into("<I", damaged, dice.randrange(512, len(KILN) - 4), dice.getrandbits(32))
        with suppress(UnreadableFileError):  # without another error, and soon
            parse("a.doc", bytes(damaged))
