"""Office documents, web pages and tables become titled pages that read cleanly; encrypted ones need their password."""

import asyncio
import io
import zipfile
from contextlib import suppress

import docx
import msoffcrypto
import pytest

from ingest.reading.file_types import OLE, ParseOptions
from ingest.reading.office_package import parse_xml
from tests.ingest.documents import WEB_PAGE, parse, refusal, saved, text_of, word, workbook
from tests.ingest.office_files import element, paragraph, relations, run, table, word_file, zipped
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page


@pytest.mark.shows("docx", "headings, lists, tables", "read")
def test_a_word_document_keeps_its_structure_and_none_of_the_markup() -> None:
    document = parse("report.docx", word())
    assert (document.kind, document.markdown, document.title) == ("docx", True, "The *lunar* module")
    assert document.pages == (
        Page(
            None,
            "# The *lunar* module\n\n"
            "Some snake_case text with [brackets], <angles>, 2 * 3 and a $5 note.\n\n"
            "## Crew\n\n"
            "Two landed, one did not.\n\n"
            "- orbit\n- surface\n\n"
            "| Name | Legs\\|feet |\n| --- | --- |\n| Eagle | 4 |\n\n"
            "After the break.",
        ),
    )


def test_the_title_in_the_properties_or_the_subject_comes_first() -> None:
    document = docx.Document(io.BytesIO(word()))
    document.core_properties.title = "From  the properties"
    assert parse("report.docx", saved(document)).title == "From the properties"
    assert parse("a.eml", "From: e@example.org\nSubject: Landed\n\nAll is well.\n").title == "Landed"


def test_each_sheet_is_a_page_headed_by_its_name_without_empty_rows_and_columns() -> None:
    document = parse("missions.xlsx", workbook())
    assert (document.kind, document.markdown, document.title) == ("xlsx", True, "missions")
    first, *_, last = document.pages
    assert first == Page(
        1, "## Missions\n\n| Name | Year |\n| --- | --- |\n| Apollo 11 | 1969 |\n| Apollo 12 | 1969.5 |"
    )
    assert last == Page(3, "## Crew\n\nArmstrong")


def test_a_large_table_is_read_to_its_end_and_its_head_is_repeated() -> None:
    text = text_of("a.csv", "No,A,B,C\n" + "".join(f"{row},a,b,c\n" for row in range(26_000)))
    assert text.endswith("| 25999 | a | b | c |")
    assert text.count("| No | A | B | C |") > 1000
    assert text.count("| a | b | c |") == 26_000


def test_a_document_without_a_suffix_is_read_as_what_it_begins_as() -> None:
    assert text_of("page", "<!DOCTYPE html><html><body><p>It is <b>old</b>.</p></body></html>") == "It is old."
    assert text_of("letter", r"{\rtf1\ansi It is {\b old}.}") == "It is old."


def test_a_web_page_reads_as_it_is_seen() -> None:
    document = parse("moon.html", WEB_PAGE)
    assert (document.kind, document.markdown, document.title) == ("html", True, "The moon & us")
    (page,) = document.pages
    blocks = [" ".join(block.split()) for block in page.text.split("\n\n")]
    assert blocks == [
        "# Moon_rock",
        "It is old, see this page: 1 * 2 < 3 [sic] # \\ `no` and a_b_c.",
        "first line second line [picture: a picture]",
        "- one - deeper - two",
        "| Name | Legs | | --- | --- | | Eagle | 4\\|four |",
        '``` def f(a_b): return "*" ```',
    ]


NOTEBOOK = """{"cells": [
{"cell_type": "markdown", "metadata": {}, "source": ["# Orbit\\n", "A *note*."]},
{"cell_type": "code", "metadata": {}, "source": ["a_b = 1"], "outputs": []}
], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"""


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.csv", 'name,note\nx_y,"a, b"\n', "| name | note |\n| --- | --- |\n| x_y | a, b |"),
        ("a.csv", "nom,note\nété,3\n".encode("cp1252"), "| nom | note |\n| --- | --- |\n| été | 3 |"),
        ("a.tsv", "name\tnote\nx\t1\n", "| name | note |\n| --- | --- |\n| x | 1 |"),
        (
            "a.vtt",
            "WEBVTT\n\n00:01.000 --> 00:04.000\nHello there\n\n00:05.000 --> 00:06.000\nyou\n",
            "Hello there\nyou",
        ),
        ("a.srt", "1\r\n00:00:01,000 --> 00:00:04,000\r\nHello, there\r\n", "Hello, there"),
        ("a.rtf", r"{\rtf1\ansi {\b Bold} text\par second_line}", "Bold text\n\nsecond_line"),
        ("a.xml", "<moon><rock>old stone</rock></moon>", "# moon\n\n- rock: old stone"),
        ("a.xml", '<moon rock="old"/>', "# moon (rock: old)"),
        (
            "a.eml",
            "From: eagle@example.org\nTo: base@example.org\nSubject: Landed\nMessage-ID: <1@x>\n\nAll is *well*.\n",
            "Subject: Landed\nFrom: eagle@example.org\nTo: base@example.org\n\nAll is *well*.",
        ),
        ("a.ipynb", NOTEBOOK, "# Orbit\n\nA note.\n\n```\na_b = 1\n```"),
    ],
)
def test_other_formats_read_cleanly(name: str, content: bytes | str, text: str) -> None:
    assert text_of(name, content) == text


ODT = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>
<text:h text:outline-level="1">Moon</text:h><text:p>It is old.</text:p></office:text></office:body>
</office:document-content>"""


def test_an_open_document_is_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", ODT)
    assert text_of("moon.odt", target.getvalue()) == "# Moon\n\nIt is old."


def test_documents_are_read_inside_a_running_event_loop() -> None:
    async def read() -> str:
        return text_of("letter.rtf", r"{\rtf1\ansi It is {\b old}.}")

    assert asyncio.run(read()) == "It is old."


def encrypted_zip() -> bytes:
    """A ZIP whose members are flagged as encrypted, as `zip -e` flags them."""
    data = bytearray(word())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


def old_word(*, encrypted: bool) -> bytes:
    return OLE + b"\0" * 504 + b"\xec\xa5\xc1\x00" + b"\0" * 6 + bytes([0, encrypted]) + b"\0" * 2000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99),
        ("a.docx", encrypted_zip()),
        ("a.doc", old_word(encrypted=True)),
    ],
    ids=["Office", "ZIP", "old Word"],
)
def test_an_encrypted_document_is_refused(name: str, data: bytes) -> None:
    assert refusal(name, data) == ("the file is encrypted", "give its password: rag ingest --password …")


def test_a_damaged_document_is_refused_in_plain_words_and_not_called_encrypted() -> None:
    message, hint = refusal("a.docx", word()[:-500])
    assert (message, hint) == ("damaged, or not what its name says", "open it in its own program and save it again")
    assert "encrypted" not in refusal("a.doc", old_word(encrypted=False))[0]


def test_a_workbook_with_a_password_is_read_with_it_and_refused_without() -> None:
    plain, encrypted = io.BytesIO(workbook()), io.BytesIO()
    msoffcrypto.OfficeFile(plain).encrypt("apollo", encrypted)
    data = encrypted.getvalue()
    assert parse("a.xlsx", data, ParseOptions("apollo")).pages == parse("a.xlsx", workbook()).pages
    for password in (None, "gemini"):
        with pytest.raises(UnreadableFileError) as raised:
            parse("a.xlsx", data, ParseOptions(password))
        assert "--password" in raised.value.hint


def test_entities_stay_unexpanded_and_nothing_is_fetched() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    root = parse_xml(f"{bomb}<x>one &a;&b; two</x>".encode())
    assert root is not None
    assert "aaa" not in "".join(root.itertext())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", zipped({"word/document.xml": "<w:document"})),
        ("a.pptx", zipped({"ppt/a": "b"})),
        ("a.odt", zipped({"content.xml": "<a/>"})),
        ("a.odt", zipped({"content.xml": ODT.replace("It", f"{'<text:span>' * 3000}It{'</text:span>' * 3000}")})),
        ("a.fodt", b"<a/>"),
    ],
)
def test_what_the_reader_of_a_kind_cannot_read_is_refused_and_left_to_no_other(name: str, data: bytes) -> None:
    assert refusal(name, data)[0] == "damaged, or not what its name says"


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
    with suppress(UnreadableFileError):
        parse("a.docx", word_file(body))


def test_the_main_part_is_the_one_that_the_package_names() -> None:
    document = element("w:document", f"<w:body>{paragraph(run('Found.'))}</w:body>")
    named = relations({"word/document2.xml": "officeDocument"})
    assert text_of("a.docx", zipped({"_rels/.rels": named, "word/document2.xml": document})) == "Found."


def test_a_note_that_is_referred_to_again_and_again_is_read_once() -> None:
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    note = element("w:footnotes", f'<w:footnote w:id="1">{paragraph("See")}</w:footnote>')
    assert (
        text_of("a.docx", word_file(paragraph("Text", reference * 9000), footnotes=note)) == "Text\n\nFootnote 1: See"
    )
