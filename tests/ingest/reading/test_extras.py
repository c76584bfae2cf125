"""What needs an extra, or a password: pictures, scanned pages, sequences, encrypted files."""

import gzip
import io
import zipfile
from pathlib import Path

import fpdf
import msoffcrypto
import openpyxl
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from ingest.reading.file_types import ParseOptions
from ingest.reading.parsing import ParsedDocument, parse_document
from vectorstore.errors import NothingToReadError, UnreadableFileError

MOON = "The Moon goes around the Earth"


def parse(name: str, data: bytes, password: str | None = None) -> ParsedDocument:
    return parse_document(Path("/docs") / name, data, ParseOptions(password))


def picture(text: str, *, turned: int = 0, kind: str = "PNG") -> bytes:
    image = PIL.Image.new("RGB", (1400, 300), "white")
    PIL.ImageDraw.Draw(image).text((40, 100), text, fill="black", font=PIL.ImageFont.load_default(60))
    file = io.BytesIO()
    image.rotate(turned, expand=True).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("turned", [0, 90, 180])
def test_the_text_in_a_picture_is_read_whichever_way_it_stands(turned: int) -> None:
    document = parse("sign.png", picture(MOON, turned=turned))
    assert [(page.number, page.text) for page in document.pages] == [(None, MOON)]
    assert (document.kind, document.title) == ("image", "sign")


def test_a_picture_without_text_is_nothing_to_read() -> None:
    with pytest.raises(NothingToReadError) as raised:
        parse("white.jpg", picture("", kind="JPEG"))
    assert raised.value.message == "no text in it, and none in its pictures"


def test_scanned_pages_are_read_beside_those_with_text() -> None:
    pdf = fpdf.FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.cell(text="A page with text of its own.")
    pdf.add_page()
    pdf.image(io.BytesIO(picture(MOON)), w=180)
    pages = parse("scan.pdf", bytes(pdf.output())).pages
    assert [(page.number, page.text) for page in pages] == [(1, "A page with text of its own."), (2, MOON)]


def test_a_fasta_record_is_a_section_with_its_accession() -> None:
    first = b">NM_000518.5 Homo sapiens hemoglobin subunit beta (HBB), mRNA\nACATTTGCTTCTGACACAAC\nTGTGTTCACT\n"
    data = first + b">P2 second\nMKV\n"
    (page,) = parse("genes.fasta", data).pages
    start, second = page.text.index("NM_000518.5"), page.text.index("P2")
    assert "hemoglobin subunit beta" in page.text[start:second]
    assert "ACATTTGCTTCTGACACAACTGTGTTCACT" in page.text[start:second].replace("\n", "")
    assert "MKV" in page.text[second:]


GENBANK = """LOCUS       AB000001                  30 bp    mRNA    linear   PRI 01-JAN-2020
DEFINITION  Homo sapiens mRNA for example protein, complete cds.
ACCESSION   AB000001
VERSION     AB000001.1
SOURCE      Homo sapiens (human)
  ORGANISM  Homo sapiens
            Eukaryota; Metazoa.
FEATURES             Location/Qualifiers
     source          1..30
                     /organism="Homo sapiens"
     CDS             1..30
                     /gene="EXA1"
                     /product="example protein"
ORIGIN
        1 acatttgctt ctgacacaac tgtgttcact
//
"""


def test_a_genbank_record_tells_its_organism_and_features() -> None:
    (page,) = parse("gene.gb", GENBANK.encode()).pages
    for told in ("AB000001.1", "Homo sapiens", "EXA1", "example protein"):
        assert told in page.text


def test_a_workbook_with_a_password_is_read_with_it_and_refused_without() -> None:
    workbook, plain, encrypted = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    workbook.active.append([MOON])
    workbook.save(plain)
    msoffcrypto.OfficeFile(plain).encrypt("apollo", encrypted)
    assert MOON in parse("secret.xlsx", encrypted.getvalue(), "apollo").pages[0].text
    for password in (None, "gemini"):
        with pytest.raises(UnreadableFileError) as raised:
            parse("secret.xlsx", encrypted.getvalue(), password)
        assert "--password" in raised.value.hint


def test_a_pdf_with_a_password_is_read_with_it_and_refused_without() -> None:
    pdf = fpdf.FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.cell(text=MOON)
    pdf.set_encryption("owner", "apollo", permissions=fpdf.enums.AccessPermission.none())
    data = bytes(pdf.output())
    assert parse("secret.pdf", data, "apollo").pages[0].text == MOON
    with pytest.raises(UnreadableFileError) as raised:
        parse("secret.pdf", data)
    assert "--password" in raised.value.hint


def test_archives_in_archives_end_at_a_bound() -> None:
    data = b"The innermost text."
    name = "text.txt"
    for level in range(12):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, data)
        data, name = file.getvalue(), f"{level}.zip"
    with pytest.raises(UnreadableFileError):
        parse("deep.zip", data)


def test_a_bomb_ends_at_a_bound() -> None:
    bomb = gzip.compress(gzip.compress(b"0" * 600_000_000, 9), 9)
    with pytest.raises(UnreadableFileError):
        parse("bomb.txt.gz.gz", bomb)
