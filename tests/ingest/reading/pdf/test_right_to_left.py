"""Hebrew and Arabic are read from the right, whichever way a program drew them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from fpdf import FPDF

from ingest.reading.pdf.document import map_pdf_page, read_pdf

SENTENCES = (
    "المضخة تعمل بضغط سبعة بار",
    "الضغط 7.5 بار عند 1450 دورة (rpm).",
    "המשאבה פועלת בלחץ שבעה בר",
    "המשאבה P-204 פועלת בלחץ 7.5 בר (rpm) בכל יום.",
    "השער נסגר בשש",  # no letter of it tells where a word ends
    "پمپ با فشار هفت بار کار می‌کند",
)


def empty_page() -> FPDF:
    font = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if font is None:
        pytest.skip("no font with Hebrew and Arabic: apt-get install fonts-dejavu-core")
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.add_font("DejaVu", fname=font)
    pdf.set_font("DejaVu", size=12)
    return pdf


def drawn(lines: Sequence[str], *, producer: str = "") -> bytes:
    """Each line's characters from the left to the right."""
    pdf = empty_page()
    for place, line in enumerate(lines):
        pdf.text(535 - pdf.get_string_width(line), 80 + 30 * place, line)
    pdf.set_producer(producer or "py-pdf/fpdf2")
    return bytes(pdf.output())


def text_of(data: bytes) -> str:
    (page,) = read_pdf(data)[1]
    return page.text


@pytest.mark.shows("pdf", "Hebrew and Arabic", "read", "in the order of reading, however the program drew them")
@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_was_drawn_letter_by_letter_from_the_left_is_read_so(sentence: str) -> None:
    assert text_of(drawn([sentence])) == sentence


VISUAL = {
    "המשאבה פועלת בלחץ שבעה בר": "רב העבש ץחלב תלעופ הבאשמה",
    "המשאבה P-204 פועלת בלחץ 7.5 בר (rpm) בכל יום.": ".םוי לכב (rpm) רב 7.5 ץחלב תלעופ P-204 הבאשמה",
    "בין 10:30 ל-12:45 המחיר 450 ש״ח": "ח״ש 450 ריחמה 12:45-ל 10:30 ןיב",
    "הספק 15 kW של המנוע": "עונמה לש kW 15 קפסה",
    "المضخة تعمل بضغط 7.5 بار (P-204) كل يوم.": ".موي لك (P-204) راب 7.5 طغضب لمعت ةخضملا",
}


@pytest.mark.parametrize("sentence", VISUAL)
def test_what_is_drawn_as_people_see_it_is_read_from_the_right(sentence: str) -> None:
    data = drawn([VISUAL[sentence]], producer="a browser")
    assert text_of(data) == sentence


def test_a_word_from_the_right_in_an_english_sentence_stays_in_its_place() -> None:
    data = drawn(["The word הבאשמה means pump, and םולש means peace: 25 November."], producer="a browser")
    assert text_of(data) == "The word המשאבה means pump, and שלום means peace: 25 November."


def test_lines_from_the_right_become_a_paragraph_and_rows_of_a_table() -> None:
    lines = ["המשאבה פועלת בלחץ שבעה בר בכל יום וגם בלילה", "ללא הפסקה."]
    page = text_of(drawn([VISUAL["המשאבה פועלת בלחץ שבעה בר"], lines[1][::-1]], producer="a browser"))
    assert page.split() == ["המשאבה", "פועלת", "בלחץ", "שבעה", "בר", "ללא", "הפסקה."]


def test_a_quote_from_the_right_is_boxed_where_it_stands() -> None:
    data = drawn([VISUAL["המשאבה פועלת בלחץ שבעה בר"]], producer="a browser")
    mapped = map_pdf_page(data, 1)
    start = mapped.read.text.index("המשאבה")
    ((left, _, right, _),) = mapped.boxes(start, start + len("המשאבה"))
    assert right == pytest.approx(535, abs=2)
    assert 480 < left < 500


HEBREW = VISUAL["המשאבה פועלת בלחץ שבעה בר"]


def with_hebrew(*, before: int, after: int) -> bytes:
    """Three lines with marks, with lines before and after them that are written from the right."""
    pdf = empty_page()
    for place in [*range(before), *range(before + 3, before + 3 + after)]:
        pdf.text(335, 80 + 30 * place, HEBREW)
    y = 80.0 + 30 * before
    for words, mark, rest in (
        ("It draws 10", "9", " watts."),
        ("On Sunday.", "1", " More."),
        ("Priced 41 39.", "", ""),
    ):
        x = 60.0
        for run, size in ((words, 12), (mark, 7), (rest, 12)):
            pdf.set_font_size(size)
            pdf.text(x, y - (4 if run == mark else 0), run)
            x += pdf.get_string_width(run)
        y += 30
    left, width = 60 + pdf.get_string_width("Priced "), pdf.get_string_width("41")
    pdf.line(left, y - 33.5, left + width, y - 33.5)
    pdf.set_producer("a browser")
    return bytes(pdf.output())


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 0), (0, 1), (4, 0)])
def test_marks_in_lines_from_the_left_stay_beside_lines_from_the_right(before: int, after: int) -> None:
    text = text_of(with_hebrew(before=before, after=after))
    for words in ("It draws 10^9 watts.", "On Sunday.[1] More.", "Priced ~~41~~ 39."):
        assert words in text
    assert text.count("המשאבה") == before + after


@pytest.mark.parametrize("mark", ["\u05b8", "\u064b", "\u0301"])
def test_a_mark_without_its_letter_is_read(mark: str) -> None:
    assert "המשאבה" in text_of(drawn([HEBREW, mark], producer="a browser"))
