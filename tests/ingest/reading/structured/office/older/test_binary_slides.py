"""The older PowerPoint's presentations read as its newer ones do, but for tables and charts."""

import gzip
import random
import struct
from contextlib import suppress

import pytest

from tests.conftest import ROOT
from tests.ingest.documents import parse, refusal
from vectorstore.errors import UnreadableFileError

# Written by LibreOffice Impress.
POWER = gzip.decompress((ROOT / "tests" / "data" / "power.ppt.gz").read_bytes())


@pytest.mark.shows("ppt", "titles and texts of shapes", "read", "in the order of the shapes, each slide a page")
@pytest.mark.shows("ppt", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`")
@pytest.mark.shows("ppt", "speaker notes", "marked", "a paragraph `Speaker note: …` at the end of the slide")
@pytest.mark.shows("ppt", "hidden slides", "marked", "`(hidden)` after the title")
@pytest.mark.shows("ppt", "tables", "read", "as paragraphs, cell by cell")
@pytest.mark.shows("ppt", "charts, comments and footers", "left out")
def test_binary_slides_read_with_their_notes() -> None:
    document = parse("power.ppt", POWER)
    assert [(page.number, page.text) for page in document.pages] == [
        (1, "## Power\n\n10^6 tonnes\n\nCrew\n\nSize\n\nNight\n\n14\n\nSpeaker note: Cut to 2.7 million."),
        (2, "## Old (hidden)"),
    ]


def test_damaged_slides_are_read_or_refused() -> None:
    assert refusal("a.ppt", POWER[:3000])[0] == "damaged, or not what its name says"
    dice = random.Random(0)
    for _ in range(60):
        damaged = bytearray(POWER)
        for _ in range(20):
            struct.pack_into("<I", damaged, dice.randrange(512, len(POWER) - 4), dice.getrandbits(32))
        with suppress(UnreadableFileError):  # without another error, and soon
            parse("a.ppt", bytes(damaged))
