"""The text in pictures and on scanned pages is read, whichever way they are turned."""

import io

import fpdf
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from tests.ingest.documents import parse
from vectorstore.errors import NothingToReadError

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

MOON = "The Moon goes around the Earth"


def picture(text: str, *, turned: int = 0, kind: str = "PNG") -> bytes:
    image = PIL.Image.new("RGB", (1400, 300), "white")
    PIL.ImageDraw.Draw(image).text((40, 100), text, fill="black", font=PIL.ImageFont.load_default(60))
    file = io.BytesIO()
    image.rotate(turned, expand=True).save(file, kind)
    return file.getvalue()


@pytest.mark.long("recognises text in pictures")
@pytest.mark.parametrize("turned", [180, pytest.param(90, marks=pytest.mark.slow)])
def test_the_text_in_a_picture_is_read_whichever_way_it_stands(turned: int) -> None:
    document = parse("sign.png", picture(MOON, turned=turned))
    assert [(page.number, page.text) for page in document.pages] == [(None, MOON)]
    assert (document.kind, document.title) == ("image", "sign")


def test_a_picture_without_text_is_nothing_to_read() -> None:
    with pytest.raises(NothingToReadError) as raised:
        parse("white.jpg", picture("", kind="JPEG"))
    assert raised.value.message == "no text in it, and none in its pictures"


@pytest.mark.long("recognises text in pictures")
def test_scanned_pages_are_read_beside_those_with_text() -> None:
    pdf = fpdf.FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.cell(text="A page with text of its own.")
    pdf.add_page()
    pdf.image(io.BytesIO(picture(MOON)), w=180)
    pages = parse("scan.pdf", bytes(pdf.output())).pages
    assert [(page.number, page.text) for page in pages] == [(1, "A page with text of its own."), (2, MOON)]


@pytest.mark.long("recognises text in pictures")
def test_a_scan_with_a_comment_on_it_is_read() -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.image(io.BytesIO(picture(MOON)), w=180)
    pdf.text_annotation(20, 20, "It does.", title="Ann")
    (page,) = parse("scan.pdf", bytes(pdf.output())).pages
    assert page.text == f"{MOON}\n\nComment by Ann: It does."
