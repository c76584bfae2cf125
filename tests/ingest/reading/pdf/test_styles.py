"""Raised, lowered and struck out characters are marked in the text, so that 10⁶ is not read as 106."""

from collections.abc import Sequence

import pytest
from fpdf import FPDF

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.papers import Paper


def text_of(data: bytes) -> str:
    (page,) = read_pdf(data)[1]
    return page.text


def set_in(runs: Sequence[tuple[str, str]], *, share: float = 0.6, lift: float = 0.35, drop: float = 0.2) -> bytes:
    """One line of runs: `sup`, `sub` or plain, at shares of the type's size."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    x = 60.0
    for words, level in runs:
        pdf.set_font_size(12 * share if level else 12)
        pdf.text(x, 80 - {"sup": lift, "sub": -drop}.get(level, 0) * 12, words)
        x += pdf.get_string_width(words)
    return bytes(pdf.output())


SET = [
    ([("The tank holds 10", ""), ("6", "sup"), (" litres.", "")], "The tank holds 10^6 litres."),
    ([("A leak of 10", ""), ("-3", "sup"), (" bar.", "")], "A leak of 10^-3 bar."),
    ([("The deck is 80 m", ""), ("2", "sup"), (" wide.", "")], "The deck is 80 m² wide."),
    ([("Much CO", ""), ("2", "sub"), (" and H", ""), ("2", "sub"), ("O.", "")], "Much CO₂ and H₂O."),
    ([("So it was found.", ""), ("12", "sup"), (" Later it sank.", "")], "So it was found.[12] Later it sank."),
    ([("So it was found", ""), ("12", "sup"), (" later.", "")], "So it was found[12] later."),
    ([("12", "sup"), (" See the log.", "")], "[12] See the log."),
    ([("The speed v", ""), ("max", "sub"), (" is 9.", "")], "The speed v_max is 9."),
    ([("The 1", ""), ("st", "sup"), (" of May", "")], "The 1st of May"),
    ([("Take 3", ""), ("1", "sup"), ("/", ""), ("2", "sub"), (" cups.", "")], "Take 3 1/2 cups."),
    ([("At 20 ", ""), ("o", "sup"), ("C it melts.", "")], "At 20 °C it melts."),
    ([("The L", ""), ("A", "sup"), ("TEX logo", "")], "The LATEX logo"),
    ([("Smith*", ""), (" and small words on the line", "small")], "Smith* and small words on the line"),
]


@pytest.mark.shows(
    "pdf", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `v_max`; footnote marks `found.[12]`"
)
@pytest.mark.parametrize("share", [0.58, 0.83])
@pytest.mark.parametrize(("runs", "written"), SET)
def test_raised_and_lowered_characters_are_marked(runs: list[tuple[str, str]], written: str, share: float) -> None:
    assert text_of(set_in(runs, share=share)) == written


def test_the_characters_of_marked_text_are_those_of_the_page() -> None:
    data = set_in([("It holds 10", ""), ("6", "sup"), (" litres of CO", ""), ("2", "sub"), (".", "")])
    mapped = map_pdf_page(data, 1)
    text = mapped.read.text
    assert text == "It holds 10^6 litres of CO₂."
    assert mapped.read.char_indices[text.index("^")] is None
    assert mapped.boxes(text.index("6"), text.index("6") + 1)[0][0] == pytest.approx(115, abs=1)
    assert mapped.boxes(text.index("₂"), text.index("₂") + 1)


@pytest.mark.shows("pdf", "struck out words", "marked", "`~~900~~`, drawn or as an annotation")
def test_struck_out_words_are_marked() -> None:
    paper = Paper()
    paper.write(60, 80, "The price was 900 450 euros.")
    left, width = 60 + paper.pdf.get_string_width("The price was "), paper.pdf.get_string_width("900")
    paper.pdf.set_line_width(0.6)
    paper.pdf.line(left, 76.8, left + width, 76.8)
    assert paper.text() == "The price was ~~900~~ 450 euros."
    noted = Paper()
    noted.write(60, 80, "The price was 900 450 euros.")
    quad = (left, 70, left + width, 70, left, 82, left + width, 82)
    points = [noted.pdf.h - value if place % 2 else value for place, value in enumerate(quad)]
    noted.pdf.add_text_markup_annotation("StrikeOut", "Too dear", points, title="Ann")
    assert noted.text() == "The price was ~~900~~ 450 euros.\n\nComment by Ann: Too dear"


def test_other_lines_strike_nothing_out() -> None:
    paper = Paper()
    paper.write(60, 80, "Under this line", "and over the rule of a table are words", "of a page")
    width = paper.pdf.get_string_width("Under this line")
    paper.pdf.line(60, 82, 60 + width, 82)  # under words
    paper.pdf.line(60, 70, 60 + width, 70)  # over them
    paper.pdf.line(40, 91, 500, 91)  # through a row, far beyond its words
    assert "~~" not in paper.text()
