"""Subtitles read as what is said, and by whom."""

import pytest

from tests.ingest.documents import text_of

WEB = """WEBVTT - Dam
Kind: captions

STYLE
::cue { color: red }

NOTE an old line --

1
00:01.000 --> 00:04.000 align:start
<v.loud Ada Falk>Welcome to <i>the dam</i></v> &amp; lake
<c.yellow>of</c> <00:00:02.000>Kaprun

00:05.000 --> 00:06.000
of Kaprun
It holds 10 &lt; 20.
"""
SUBRIP = """1
00:00:01,000 --> 00:00:04,000
{\\an8}<font color="red">Welcome</font>\\Nto the dam

2
00:00:05,000 --> 00:00:06,000
1954

was the year.
3
00:00:07,000 --> 00:00:08,000
a < b, 5 > 3
"""


@pytest.mark.shows(
    "vtt srt", "lines, and speakers", "read", "`Ada Falk: Welcome`; a line that comes twice in a row once"
)
@pytest.mark.shows("vtt srt", "times, numbers, styles, notes", "left out")
def test_subtitles_are_lines_without_tags_and_times() -> None:
    assert text_of("a.vtt", WEB) == "Ada Falk: Welcome to the dam & lake\nof Kaprun\nIt holds 10 < 20."
    text = "Welcome\nto the dam\n1954\nwas the year.\na < b, 5 > 3"
    assert text_of("a.srt", SUBRIP) == text
    assert text_of("a.srt", "No times\nin it.") == "No times\nin it."
    assert text_of("a.srt", SUBRIP.replace("\n", "\r\n").encode("utf-8-sig")) == text
