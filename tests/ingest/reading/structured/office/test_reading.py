"""Damaged and hostile Office files are refused or read as far as they go, within bounds."""

import pytest

from ingest.reading.structured.office.parts.package import parse_xml
from ingest.reading.structured.office.reading import read_office
from tests.ingest.documents import text_of, word
from tests.ingest.office_files import element, paragraph, relations, run, table, word_file, zipped


def test_entities_stay_unexpanded_and_nothing_is_fetched() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    root = parse_xml(f"{bomb}<x>one &a;&b; two</x>".encode())
    assert root is not None
    assert "aaa" not in "".join(root.itertext())


def test_a_part_that_is_damaged_is_left_to_the_general_reader() -> None:
    assert read_office(b"PK no package", kind="docx") is None
    assert read_office(word()[:-500], kind="docx") is None
    assert read_office(zipped({"word/document.xml": "<w:document"}), kind="docx") is None
    assert read_office(zipped({"a": "b"}), kind="pptx") is None
    assert read_office(zipped({"content.xml": "<a/>"}), kind="odt") is None
    assert read_office(b"<a/>", kind="fodt") is None
    assert read_office(b"no", kind="rtf") is None


def test_missing_parts_and_circles_are_borne() -> None:
    style = '<w:style w:styleId="A" w:type="paragraph"><w:basedOn w:val="A"/></w:style>'
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    body = paragraph("Text", reference, '<w:r><w:drawing><a:chart r:id="none"/></w:drawing></w:r>')
    note = f'<w:footnote w:id="1">{paragraph("See", reference)}</w:footnote>'
    parts = {"styles": element("w:styles", style), "footnotes": element("w:footnotes", note)}
    assert text_of("a.docx", word_file(body, **parts)) == "Text\n\nFootnote 1: See"
    assert text_of("a.docx", word_file(paragraph("Text", properties='<w:pStyle w:val="A"/>'), **parts)) == "Text"


@pytest.mark.parametrize("columns", ["99999", "-5", "x"])
def test_the_widths_of_merged_cells_are_bounded(columns: str) -> None:
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr>{paragraph("Wide")}</w:tc>'
    assert "Wide" in text_of("a.docx", word_file(table(f"<w:tr>{wide}</w:tr>", f"<w:tr>{wide}{wide}</w:tr>")))


def test_deep_nesting_is_borne() -> None:
    body = "<w:sdt><w:sdtContent>" * 2000 + paragraph("Deep") + "</w:sdtContent></w:sdt>" * 2000
    read_office(word_file(body), kind="docx")  # refused or read, without an error


def test_the_main_part_is_the_one_that_the_package_names() -> None:
    document = element("w:document", f"<w:body>{paragraph(run('Found.'))}</w:body>")
    named = relations({"word/document2.xml": "officeDocument"})
    assert text_of("a.docx", zipped({"_rels/.rels": named, "word/document2.xml": document})) == "Found."
