"""What people put on the pages of a PDF is read: values of forms beside their labels, typed text, comments."""

import pytest
from fpdf import FPDF
from PIL import Image

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.forms import FIRST, form, raw_pdf, write
from tests.ingest.papers import Paper

ANN = "/FT /Tx /V (Ann) /Rect [120 195 250 215]"


def text_of(data: bytes) -> str:
    (page,) = read_pdf(data)[1]
    return page.text


@pytest.mark.shows("pdf", "values of form fields", "read", "beside their labels; boxes to tick as `[x]` and `[ ]`")
def test_the_values_of_a_form_are_beside_their_labels() -> None:
    labels = [(50, 200, "Name:"), (50, 170, "Remarks:"), (50, 100, "Size:"), (70, 70, "Carries fuel")]
    data = form(
        write(*labels, (50, 50, "Colour:"), (130, 50, "Red"), (230, 50, "Blue")),
        ANN,
        r"/FT /Tx /Ff 4096 /V (First line\rSecond line) /Rect [120 120 250 185]",
        "/FT /Ch /Ff 131072 /V (L) /Opt [[(S) (Small)] [(L) (Large)]] /Rect [120 95 250 115]",
        "/FT /Btn /V /Yes /AS /Yes /AP << /N << /Yes 5 0 R /Off 5 0 R >> >> /Rect [50 68 64 82]",
        f"/FT /Btn /Ff 32768 /V /b /Kids [{FIRST + 5} 0 R {FIRST + 6} 0 R]",
        f"/Parent {FIRST + 4} 0 R /AS /Off /AP << /N << /a 5 0 R /Off 5 0 R >> >> /Rect [110 48 124 62]",
        f"/Parent {FIRST + 4} 0 R /AS /b /AP << /N << /b 5 0 R /Off 5 0 R >> >> /Rect [210 48 224 62]",
    )
    assert [line for line in text_of(data).split("\n") if line] == [
        "Name: Ann",
        "Remarks: First line",
        "Second line",
        "Size: Large",
        "[x] Carries fuel",
        "Colour: [ ] Red [x] Blue",
    ]


def test_fields_in_a_row_are_cells_and_a_value_is_under_its_label() -> None:
    rows = form(
        write((50, 200, "Item"), (200, 200, "Weight")),
        "/FT /Tx /V (Anchor) /Rect [50 170 150 190]",
        "/FT /Tx /V (250 kg) /Rect [200 170 300 190]",
    )
    assert text_of(rows).split("\n")[-1] == "Anchor\t250 kg"
    under = form(
        write((50, 200, "Name"), (50, 150, "Berth")),
        "/FT /Tx /V (Ann) /Rect [50 175 250 195]",
        "/FT /Tx /V (Pier Nine) /Rect [50 125 250 145]",
    )
    assert text_of(under).split() == ["Name", "Ann", "Berth", "Pier", "Nine"]


@pytest.mark.shows(
    "pdf", "values as a form shows them", "read", "a number that is formatted by the form, as `4,50 EUR`"
)
def test_a_value_is_read_as_the_form_shows_it() -> None:
    shown = "q BT /F1 12 Tf (4,50 EUR) Tj ET Q"
    field = (
        "/FT /Tx /V (4.5) /Rect [120 195 250 215] /AA << /F << /S /JavaScript /JS (AFNumber_Format\\(2, 2\\)) >> >>"
        f" /AP << /N {FIRST + 1} 0 R >>"
    )
    look = f"<< /Type /XObject /Subtype /Form /BBox [0 0 130 20] /Length {len(shown)} >> stream\n{shown}\nendstream"
    data = raw_pdf(
        write((50, 200, "Price:")),
        f"<< /Type /Annot /Subtype /Widget /F 4 /T (price) {field} >>",
        look,
        annots=f"{FIRST} 0 R",
        catalog=f"/AcroForm << /Fields [{FIRST} 0 R] /DA (/F1 12 Tf 0 g) /DR << /Font << /F1 5 0 R >> >> >>",
    )
    assert text_of(data) == "Price: 4,50 EUR"


@pytest.mark.shows("pdf", "empty and hidden form fields, passwords", "left out")
@pytest.mark.shows("pdf", "digital signatures", "left out", "a name that is printed beside one is read")
@pytest.mark.parametrize(
    "field",
    [
        "/FT /Tx /Rect [120 195 250 215]",
        "/FT /Tx /V (secret) /Ff 8192 /Rect [120 195 250 215]",
        "/FT /Tx /V (hidden) /F 2 /Rect [120 195 250 215]",
        "/FT /Btn /Ff 65536 /MK << /CA (Send) >> /Rect [120 195 250 215]",
        "/FT /Sig /V << /Type /Sig /Filter /Adobe.PPKLite /Name (Ann) >> /Rect [120 195 250 215]",
    ],
)
def test_what_a_form_does_not_show_is_left_out(field: str) -> None:
    assert text_of(form(write((50, 200, "Name:")), field)) == "Name:"


@pytest.mark.shows("pdf", "XFA forms", "left out", "their fields are read where the file has them as plain fields too")
def test_an_xfa_form_is_read_by_its_plain_fields() -> None:
    data = form(write((50, 200, "Name:")), ANN, more="/XFA [(template) 5 0 R]")
    assert text_of(data) == "Name: Ann"


def test_the_value_of_a_field_is_boxed_in_it() -> None:
    data = form(write((50, 200, "Name:")), ANN)
    mapped = map_pdf_page(data, 1)
    start = mapped.read.text.index("Ann")
    assert mapped.boxes(start, start + 3) == [(120, 195, 250, 215)]
    ((left, bottom, right, top),) = mapped.boxes(0, start + 3)
    assert (round(left), bottom, right, top) == (50, 195, 250, 215)


@pytest.mark.shows("pdf", "text typed onto a page", "read", "where it is on the page")
def test_text_typed_onto_the_page_is_read_where_it_is() -> None:
    paper = Paper()
    paper.write(60, 80, "Name of vessel:", "Gross tonnage:")
    paper.pdf.free_text_annotation("Marigold Star", x=170, y=68, w=120, h=16)
    assert text_of(paper.data) == "Name of vessel: Marigold Star\n\nGross tonnage:"


@pytest.mark.shows("pdf", "comments, notes on marked words", "marked", "`Comment by NAME: …` after the page's text")
def test_comments_are_read_after_the_page() -> None:
    paper = Paper()
    paper.write(60, 80, "The tide turned at noon.")
    paper.pdf.text_annotation(200, 80, "Check this with\nthe harbour.", title="Ann")
    paper.pdf.set_xy(60, 100)
    with paper.pdf.highlight("Marked words", title="Bo"):
        paper.pdf.cell(text="Six boats left.")
    data = paper.data
    assert text_of(data).split("\n\n")[1:] == [
        "Comment by Ann: Check this with the harbour.",
        "Comment by Bo: Marked words",
    ]
    mapped = map_pdf_page(data, 1)
    start = mapped.read.text.index("Check")
    assert mapped.boxes(start, start + 5)
    assert mapped.boxes(0, 3) != mapped.boxes(start, start + 5)


def test_a_highlight_that_repeats_its_words_says_nothing_more() -> None:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    with pdf.highlight("Six boats left.", title="Bo"):
        pdf.cell(text="Six boats left.")
    assert text_of(bytes(pdf.output())) == "Six boats left."


@pytest.mark.shows("pdf", "alternative text of pictures", "left out", "captions on the page are read")
def test_the_alternative_text_of_a_picture_is_left_out() -> None:
    paper = Paper()
    paper.pdf.image(Image.new("RGB", (4, 4)), x=60, y=100, w=80, h=50, alt_text="The harbour at low tide")
    paper.write(60, 170, "Figure 1: the harbour.")
    assert paper.text() == "Figure 1: the harbour."


@pytest.mark.shows("pdf", "addresses of links", "left out", "their words are read")
@pytest.mark.shows("pdf", "attached files, bookmarks", "left out")
def test_links_attachments_and_bookmarks_are_left_out() -> None:
    paper = Paper()
    paper.pdf.start_section("A bookmark")
    paper.write(60, 80, "The tide turned at noon.")
    paper.pdf.link(60, 70, 100, 14, "https://example.org/tide")
    paper.pdf.embed_file(bytes=b"Attached words", basename="notes.txt")
    assert text_of(paper.data) == "The tide turned at noon."


@pytest.mark.shows("pdf", "invisible text, such as that of a scan", "read", "white, clipped and layered text too")
@pytest.mark.parametrize(
    "content",
    [
        "3 Tr " + write((50, 180, "Words")),
        "1 g " + write((50, 180, "Words")),
        "q 0 0 10 10 re W n " + write((50, 180, "Words")) + " Q",
    ],
)
def test_text_that_is_not_seen_is_read(content: str) -> None:
    assert text_of(raw_pdf(content)) == "Words"


def test_the_text_of_a_layer_that_is_switched_off_is_read() -> None:
    data = raw_pdf(
        "/OC /MC0 BDC " + write((50, 180, "Words")) + " EMC",
        "<< /Type /OCG /Name (Layer) >>",
        catalog=f"/OCProperties << /OCGs [{FIRST} 0 R] /D << /OFF [{FIRST} 0 R] >> >>",
        resources=f"/Properties << /MC0 {FIRST} 0 R >>",
    )
    assert text_of(data) == "Words"


@pytest.mark.shows("pdf", "text outside the page", "left out")
def test_text_outside_the_page_is_left_out() -> None:
    data = raw_pdf(write((50, 200, "Seen"), (500, 180, "Right of it"), (50, -50, "Below"), (-300, 100, "Left of it")))
    assert text_of(data) == "Seen"
    assert text_of(raw_pdf(write((500, 180, "All of it")))) == "All of it"
