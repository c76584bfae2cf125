"""RTF reads with its notes, marks and tables, in whatever code page it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reading.structured.office.older.rtf import read_rtf
from tests.ingest.documents import parse, text_of

FONTS = (
    r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset2 Symbol;}{\f2\fcharset204 Arial Cyr;}{\f3\fcharset128 MS Mincho;}}"
)
SHEET = r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}}"


def read(body: str) -> str:
    return text_of("a.rtf", rf"{{\rtf1\ansi\ansicpg1252{FONTS}{SHEET}{{\info{{\title }}}}{body}}}")


@pytest.mark.shows("rtf", "headings, lists, tables, text boxes", "read")
@pytest.mark.shows("rtf", "merged cells", "read", "each column and row says all that is merged above or beside it")
def test_headings_lists_and_tables() -> None:
    edges = r"\trowd\clvmgf\cellx1000\cellx3000 "
    split = r"\trowd\clvmrg\cellx1000\cellx2000\cellx3010 "
    cells = rf"{edges}\intbl Item\cell 2025\cell\row{split}\intbl \cell plan\cell actual\cell\row"
    plain = r"\trowd\cellx1000\cellx2000\cellx3000 \intbl Steel\cell 1\par more\cell 2\cell\row"
    label = r"{\listtext\pard 3.\tab}"
    text = read(
        rf"\pard\s1 Kiln\par\pard\s0 {label}Close\par{{\listtext\f1\'b7\tab}}or not\par"
        rf"\pard {cells}{plain}\pard See{{\shp{{\*\shpinst{{\shptxt Never open.\par}}}}{{\shprslt twice}}}}.\par"
    )
    assert text.split("\n\n") == [
        "# Kiln",
        "3. Close\n- or not",
        "| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n| Steel | 1 more | 2 |",
        "See.",
        "Never open.",
    ]


@pytest.mark.shows("rtf", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `found.[12]`")
@pytest.mark.shows("rtf", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("rtf", "hidden words", "marked", "`[hidden: words]`")
@pytest.mark.shows("rtf", "tracked deletions", "left out")
@pytest.mark.shows("rtf", "signs of the font Symbol", "read", "`µ`, `°`, `≤`")
def test_how_words_are_set_is_marked() -> None:
    text = read(
        r"10{\super 6} l of CO\sub 2\nosupersub , was {\strike 900}\striked1 0\striked0  450 {\v net}\v0\par"
        r"{\deleted\revdttmdel-2074015744 old }new 3 {\f1 m}m {\f1\u61600 ?} "
        r"5\~\u176\'b0C\line \ldblquote so\rdblquote\par"
    )
    assert text == "10^6 l of CO₂, was ~~9000~~ 450 [hidden: net]\n\nnew 3 μm € 5\N{NO-BREAK SPACE}°C\n“so”"


def test_words_moved_up_or_down_are_marked_and_breaks_part_words() -> None:
    text = read(
        r"10{\up6 2} H{\dn4 2}O{\up1 x} {\fs116\dn7 O}nce 10\up 6\plain  l\par "
        r"one\page two\column three\softline four\page\par\page End.\par"
    )
    assert text == "10^2 H₂Ox Once 10^6 l\n\none\ntwo\nthree\nfour\n\nEnd."


def test_a_named_sign_may_stand_for_a_unicode_character() -> None:
    assert read(r"a \u8211\endash b \u160\~c \uc2\u8220\ldblquote\'94d \uc0\u8211\endash\par") == "a –b \xa0c “d ––"


@pytest.mark.shows(
    "rtf", "footnotes and endnotes", "marked", "a paragraph `Footnote 2: …` after the one that refers to it"
)
@pytest.mark.shows("rtf", "comments", "marked", "a paragraph `Comment by NAME: …` after the one that it is about")
@pytest.mark.shows("rtf", "headers and footers", "marked", "`Header: …` before and `Footer: …` after the text")
@pytest.mark.shows("rtf", "page numbers in headers and footers", "left out")
@pytest.mark.shows("rtf", "alternative texts of pictures", "marked", "`[picture: Cutaway drawing of the volute]`")
@pytest.mark.shows("rtf", "fields", "read", "as they were last shown")
@pytest.mark.shows("rtf", "embedded objects and form fields", "left out")
def test_notes_margins_fields_and_pictures() -> None:
    page = r"{\field{\*\fldinst PAGE}{\fldrslt 3}}"
    picture = r"{\*\shppict{\pict{\*\picprop{\sp{\sn wzDescription}{\sv A volute}}}\pngblip 89504e47}}"
    text = read(
        rf"{{\header KX-2291-B\par}}{{\headerf KX-2291-B\par}}{{\footer Page {page}\par}}{{\footerl I. Solheim\par}}"
        r"Mixed{\super\chftn{\footnote\pard {\super\chftn} Not in leap\par years.}} on{\super{\footnote\ftnalt Diary.}}"
        r" Mondays{\*\atnid J}{\*\atnauthor Jo Li}{\*\annotation{\*\atndate 1}Is it?}."
        rf"\par Due {{\field{{\*\fldinst DATE}}{{\fldrslt 2 May}}}} {picture}"
        r"{\object{\*\objdata 00}{\result shown}}\par"
    )
    assert text.split("\n\n") == [
        "Header: KX-2291-B",
        "Mixed on Mondays.",
        "Footnote 1: Not in leap\nyears.",
        "Endnote 1: Diary.",
        "Comment by Jo Li: Is it?",
        "Due 2 May [picture: A volute]shown",
        "Footer: I. Solheim",
    ]


def test_every_code_page_and_character_is_read() -> None:
    text = read(
        r"caf\'e9 {\f2 \'cf\'f0\'e8} {\f3 \'93\'fa\'96{\f0 !}} \u-10179?\u-8704?\uc0\u8364 5"
        r"{\upr{no}{\*\ud{\uc0\u1055}}}{\*\unknown not}\bin5 {{{{{\par"
    )
    assert text == "café При 日�! 😀€5П"


def test_the_title_in_the_properties_comes_first() -> None:
    assert parse("a.rtf", r"{\rtf1{\info{\title Own}{\author Nobody}}Text.}").title == "Own"


@given(st.text(alphabet="{}\\abcpluv'*019- ;\n", max_size=200))
def test_anything_is_read_without_an_error(body: str) -> None:
    read_rtf(b"{\\rtf1" + body.encode())


def test_groups_without_end_are_given_up() -> None:
    assert read_rtf(b"{\\rtf1 Text." + b"{" * 1_000_000) is not None
