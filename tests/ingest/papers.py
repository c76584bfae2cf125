"""Lines at the places a test names become a PDF, and the PDF the text that is read from it."""

from io import BytesIO

import pypdfium2 as pdfium
from fpdf import FPDF

from ingest.reading.pdf.document import read_pdf

PITCH = 14.0
LEFT = (
    "The lunar module stood on four legs and",
    "carried two people down to the surface.",
    "Its upper stage brought them back again",
    "while the lower one stayed where it was.",
    "Both stages had engines of their own.",
    "Neither of them could be tested on earth.",
)
RIGHT = (
    "A third person remained in the orbit and",
    "kept the command module ready for them.",
    "He saw the far side alone at every turn.",
    "Nobody had ever been as far from others.",
    "The two ships met after a day and a bit.",
    "All three of them then set off for home.",
)


class Paper:
    """A PDF whose lines stand where a test puts them, in points from the upper left corner."""

    def __init__(self) -> None:
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_auto_page_break(False)
        self.turn_page()

    def turn_page(self) -> None:
        self.pdf.add_page()
        self.pdf.set_font("Helvetica", size=11)

    def write(self, x: float, y: float, *lines: str, size: float = 11) -> float:
        self.pdf.set_font("Helvetica", size=size)
        for place, line in enumerate(lines):
            self.pdf.text(x, y + place * PITCH, line)
        return y + len(lines) * PITCH

    def justify(self, x: float, y: float, *lines: str, width: float = 220) -> float:
        """All lines but the last are as wide as the column."""
        self.pdf.set_font("Helvetica", size=11)
        for place, line in enumerate(lines):
            words = line.split(" ")
            spare = width - self.pdf.get_string_width(line) if place < len(lines) - 1 else 0.0
            left = x
            for word in words:
                self.pdf.text(left, y + place * PITCH, word)
                left += self.pdf.get_string_width(f"{word} ") + spare / max(len(words) - 1, 1)
        return y + len(lines) * PITCH

    def text(self) -> str:
        (page,) = read_pdf(self.data)[1]
        return page.text

    @property
    def data(self) -> bytes:
        return bytes(self.pdf.output())


def rich_paper() -> Paper:
    paper = Paper()
    paper.write(60, 60, "Landing", size=16)
    for place, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        paper.justify(60, 80 + place * PITCH, left, "")
        paper.justify(310, 80 + place * PITCH, right, "")
    paper.justify(60, 240, "Every child in town can tell you of the inter-", "national station.", width=240)
    paper.write(60, 300, "Hours  21    31")
    paper.turn_page()
    paper.justify(60, 80, *RIGHT)
    return paper


def turned_paper(*, page: int = 0, drawn: int = 0) -> bytes:
    """A heading, two paragraphs and an address; a page turned clockwise, or text drawn turned the other way on it."""
    paper = Paper()
    with paper.pdf.rotation(drawn, paper.pdf.w / 2, paper.pdf.h / 2):
        paper.write(180, 320, "Landing", size=16)
        paper.justify(180, 338, *LEFT)
        paper.justify(180, 438, *RIGHT)
        paper.write(180, 540, "Museum of Flight", "Seattle")
    document = pdfium.PdfDocument(paper.data)
    document[0].set_rotation(page)
    return saved(document)


def saved(document: pdfium.PdfDocument) -> bytes:
    target = BytesIO()
    document.save(target)
    return target.getvalue()
