"""Files of every kind become titled pages whose text reads cleanly, or an error that says what is wrong with them."""

import asyncio
import io
import json
import random
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.enum.text import WD_BREAK
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.parsing import HEAD_BYTES, ParsedDocument, detect_kind, is_supported, parse_document, supported_suffixes
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

NOISE = random.Random(0).randbytes(4000)


def parse(name: str, data: bytes | str) -> ParsedDocument:
    return parse_document(Path("folder") / name, data.encode() if isinstance(data, str) else data)


def text_of(name: str, data: bytes | str) -> str:
    (page,) = parse(name, data).pages
    return page.text


def refusal(name: str, data: bytes | str) -> tuple[str, str]:
    with pytest.raises(UnreadableFileError) as caught:
        parse(name, data)
    return caught.value.message, caught.value.hint


def word(fill: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("The *lunar* module", 1)
    document.add_paragraph("Some snake_case text with [brackets], <angles>, 2 * 3 and a $5 note.")
    document.add_heading("Crew", 2)
    paragraph = document.add_paragraph("Two ")
    paragraph.add_run("landed").bold = True
    paragraph.add_run(", one did not.")
    for place in ("orbit", "surface"):
        document.add_paragraph(place, style="List Bullet")
    table = document.add_table(2, 2)
    for cell, words in zip(
        (c for row in table.rows for c in row.cells), ("Name", "Legs|feet", "Eagle", "4"), strict=True
    ):
        cell.text = words
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph(fill or "After the break.")
    return saved(document)


def saved(document: "docx.document.Document | openpyxl.Workbook") -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Missions"
    for row in (["Name", None, "Year"], ["Apollo 11", None, 1969], [None, None, None], ["Apollo 12", None, 1969.5]):
        first.append(row)
    book.create_sheet("Blank")
    book.create_sheet("Crew").append(["Armstrong"])
    return saved(book)


# --- text, Markdown, code ---------------------------------------------------------------------------------------------

LETTERS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t"), min_size=1)


@given(
    LETTERS.filter(lambda text: bool(text.strip()) and not text.startswith("\ufeff")),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["notes.md", "notes.txt", "notes.py", "notes"]),
)
@example("# One\r\n\r\n two  \r\tthree\u2028four\x85", "utf-8", "notes.md")
@example("a\n\n\n\nb\n", "utf-16", "notes.txt")
def test_a_text_file_is_its_own_text_with_its_line_ends_made_one(text: str, encoding: str, name: str) -> None:
    document = parse(name, text.encode(encoding))
    assert document.pages == (Page(None, text.replace("\r\n", "\n").replace("\r", "\n")),)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("L'été dernier, j'ai mangé un gâteau à la crème chez ma mère.", "cp1252"),
        ("Não há nenhuma informação sobre a situação atual das ações.", "latin-1"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy. Dnes je hezké počasí.", "cp1250"),
        ("Привет, как дела? Это обычный русский текст для проверки.", "cp1251"),
        ("Сегодня хорошая погода, и дети играют на улице весь день до вечера.", "koi8-r"),
        ("これは日本語のテキストです。文字コードを調べます。", "shift_jis"),
        ("这是一个中文文本。我们用它来检查编码。今天天气很好。", "gb18030"),
        ("Plain English without a mark.", "utf-16-le"),
        ("Plain English without a mark.", "utf-16-be"),
        ("Plain English without a mark.", "utf-32-le"),
        ("Plain English without a mark.", "utf-32-be"),
    ],
)
def test_text_in_older_encodings_is_recognised(text: str, encoding: str) -> None:
    assert text_of("letter.txt", text.encode(encoding)) == text


def test_only_markdown_files_have_markdown_structure() -> None:
    kinds = {name: parse(name, "# Heading") for name in ("a.md", "a.txt", "a.py", "a.json", "a.rst")}
    assert {name: (document.kind, document.markdown) for name, document in kinds.items()} == {
        "a.md": ("markdown", True),
        "a.txt": ("text", False),
        "a.py": ("code", False),
        "a.json": ("code", False),
        "a.rst": ("text", False),
    }


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("moon.md", "intro\n\n## Lower\n\n# The   moon #\n\n# Second", "The moon"),
        ("moon.md", "```\n# a comment\n```\n\n# The moon", "The moon"),
        ("moon.md", "## No heading of the first level", "moon"),
        ("moon.landing.txt", "# not a heading here", "moon.landing"),
        ("moon.md", f"# {'long ' * 100}", ("long " * 40).strip()),
        (".txt.md", "words", ".txt"),
    ],
)
def test_the_title_of_a_text_is_its_first_heading_or_its_name(name: str, text: str, title: str) -> None:
    assert parse(name, text).title == title


# --- documents that xberg reads ---------------------------------------------------------------------------------------


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


def test_the_title_in_the_properties_comes_first() -> None:
    document = docx.Document(io.BytesIO(word()))
    document.core_properties.title = "From  the properties"
    assert parse("report.docx", saved(document)).title == "From the properties"


def test_each_sheet_is_a_page_headed_by_its_name_without_empty_rows_and_columns() -> None:
    document = parse("missions.xlsx", workbook())
    assert (document.kind, document.markdown, document.title) == ("xlsx", True, "missions")
    first, *_, last = document.pages
    assert first == Page(
        1, "## Missions\n\n| Name | Year |\n| --- | --- |\n| Apollo 11 | 1969 |\n| Apollo 12 | 1969.5 |"
    )
    assert last == Page(3, "## Crew\n\n| Armstrong |\n| --- |")


def test_a_large_table_is_read_to_its_end() -> None:
    text = text_of("a.csv", "".join(f"{row},a,b,c\n" for row in range(30_000)))
    assert text.endswith("| 29999 | a | b | c |")


def test_a_document_without_a_suffix_is_read_as_what_it_begins_as() -> None:
    assert text_of("page", "<!DOCTYPE html><html><body><p>It is <b>old</b>.</p></body></html>") == "It is old."
    assert text_of("letter", r"{\rtf1\ansi It is {\b old}.}") == "It is old."


WEB_PAGE = """<html><head><title>The moon &amp; us</title><style>p {}</style><script>var a = 1;</script></head><body>
<nav><a href="/">Home</a></nav><h1>Moon_rock</h1>
<p>It is <b>old</b>, see <a href="http://example.org/a_(b)">this page</a>: 1 * 2 &lt; 3 [sic] # \\ `no` and a_b_c.</p>
<p>first line<br>second line <img src="x.png" alt="a picture"></p>
<ul><li>one<ul><li>deeper</li></ul></li><li>two</li></ul>
<table><tr><th>Name</th><th>Legs</th></tr><tr><td>Eagle</td><td>4|four</td></tr></table>
<pre><code>def f(a_b):
    return "*" </code></pre></body></html>"""


def test_a_web_page_reads_as_it_is_seen() -> None:
    document = parse("moon.html", WEB_PAGE)
    assert (document.kind, document.markdown, document.title) == ("html", True, "The moon & us")
    (page,) = document.pages
    blocks = [" ".join(block.split()) for block in page.text.split("\n\n")]
    assert blocks == [
        "# Moon_rock",
        "It is old, see this page: 1 * 2 < 3 [sic] # \\ `no` and a_b_c.",
        "first line second line",
        "- one - deeper - two",
        "| Name | Legs | | --- | --- | | Eagle | 4\\|four |",
        '``` def f(a_b): return "*" ```',
    ]


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
        ("a.xml", "<moon><rock>old stone</rock></moon>", "# moon\n\n## rock\n\nold stone"),
        ("a.xml", '<moon rock="old"/>', '<moon rock="old"/>'),
        (
            "a.eml",
            "From: eagle@example.org\nTo: base@example.org\nSubject: Landed\nMessage-ID: <1@x>\n\nAll is *well*.\n",
            "Subject: Landed\nFrom: eagle@example.org\nTo: base@example.org\n\nAll is *well*.",
        ),
        (
            "a.ipynb",
            json.dumps(
                {
                    "cells": [
                        {"cell_type": "markdown", "metadata": {}, "source": ["# Orbit\n", "A *note*."]},
                        {"cell_type": "code", "metadata": {}, "source": ["a_b = 1"], "outputs": []},
                    ],
                    "metadata": {},
                    "nbformat": 4,
                    "nbformat_minor": 5,
                }
            ),
            "# Orbit\n\nA note.\n\n```\na_b = 1\n```",
        ),
    ],
)
def test_other_formats_read_cleanly(name: str, content: bytes | str, text: str) -> None:
    assert text_of(name, content) == text


def test_the_title_of_a_message_is_its_subject() -> None:
    assert parse("a.eml", "From: e@example.org\nSubject: Landed\n\nAll is well.\n").title == "Landed"


def open_document(content: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    return target.getvalue()


ODT = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>
<text:h text:outline-level="1">Moon</text:h><text:p>It is old.</text:p></office:text></office:body>
</office:document-content>"""


def test_an_open_document_is_read() -> None:
    assert text_of("moon.odt", open_document(ODT)) == "# Moon\n\nIt is old."


def test_documents_are_read_inside_a_running_event_loop() -> None:
    async def read() -> str:
        return text_of("report.docx", word())

    assert asyncio.run(read()) == text_of("report.docx", word())


@pytest.fixture
def requests_seen() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_nothing_that_a_document_links_to_is_fetched(requests_seen: tuple[str, list[str]]) -> None:
    url, seen = requests_seen
    page = (
        f'<html><head><base href="{url}/"><link rel="stylesheet" href="{url}/a.css"><script src="{url}/a.js"></script>'
        f'</head><body><p>Words</p><img src="{url}/a.png" alt=""><iframe src="{url}/frame"></iframe></body></html>'
    )
    xml = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}/entity">]><r>Words &e;</r>'
    assert text_of("a.html", page) == "Words"
    assert "Words" in text_of("a.xml", xml)
    assert seen == []


def test_an_entity_that_names_a_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    xml = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{secret.as_uri()}">]><r>Words &e;</r>'
    assert "secret" not in text_of("a.xml", xml).replace(secret.as_uri(), "")


def test_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    parse("a.docx", word("Some more."))
    parse("a.xlsx", workbook())
    parse("a.html", WEB_PAGE)
    parse("a.go", "package a")
    assert list(tmp_path.rglob("*")) == []


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.pdf", "a.docx", "a.html", "a.eml", "a"])
def test_an_empty_file_is_refused(name: str) -> None:
    assert refusal(name, b"") == ("the file is empty", "delete it, or restore it from a copy")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", " \n\t\n"),
        ("a.md", "\ufeff"),
        ("a.html", "<html><body></body></html>"),
        ("a.docx", saved(docx.Document())),
        ("a.xlsx", saved(openpyxl.Workbook())),
    ],
)
def test_a_file_without_words_is_refused(name: str, data: bytes | str) -> None:
    assert refusal(name, data) == ("no text in it", "check that the file holds what it should")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.docx", "a Word document"),
        ("a.doc", "a Word document"),
        ("a.xlsx", "an Excel workbook"),
        ("a.pptx", "a PowerPoint presentation"),
        ("a.odt", "an OpenDocument text"),
        ("a.epub", "an EPUB book"),
        ("a.msg", "an Outlook message"),
    ],
)
@pytest.mark.parametrize("data", [b"Meeting notes of Monday", NOISE], ids=["text", "noise"])
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, what: str, data: bytes) -> None:
    assert refusal(name, data) == (
        f"not {what}: it does not begin as one",
        "check what the file really is and give it the right extension",
    )


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.py"])
def test_bytes_that_are_no_text_are_refused(name: str) -> None:
    expected = ("not text: the bytes are in no encoding of text", "save the file as UTF-8 text")
    assert refusal(name, NOISE) == expected
    assert refusal(name, b"text with a \0 in it") == expected


@pytest.mark.parametrize("kind", ["html", "csv", "eml", "ipynb", "rtf"])
def test_noise_under_the_name_of_a_text_format_is_refused(kind: str) -> None:
    assert refusal(f"a.{kind}", NOISE) == (
        f"not text: a .{kind} file is text, and these bytes are none",
        "check what the file really is and give it the right extension",
    )


def test_a_truncated_document_is_refused_with_the_words_of_its_reader() -> None:
    message, hint = refusal("a.docx", word()[:-500])
    assert "invalid Zip archive" in message
    assert "\n" not in message
    assert hint == "open it in its own program and save it again"


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
    header = b"\xec\xa5\xc1\x00" + b"\0" * 6 + bytes([0, encrypted])
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + header + b"\0" * 2000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99,
        ),
        ("a.docx", encrypted_zip()),
        ("a.doc", old_word(encrypted=True)),
    ],
    ids=["Office", "ZIP", "old Word"],
)
def test_an_encrypted_document_is_refused(name: str, data: bytes) -> None:
    assert refusal(name, data) == ("the file is encrypted", "remove the password and ingest it again")


def test_a_damaged_document_is_not_called_encrypted() -> None:
    assert "encrypted" not in refusal("a.doc", old_word(encrypted=False))[0]


# --- which files are read ---------------------------------------------------------------------------------------------


def test_images_recordings_archives_programs_and_fonts_are_skipped_by_name() -> None:
    for suffix in (".png", ".JPG", ".mp3", ".mp4", ".zip", ".gz", ".exe", ".so", ".ttf", ".sqlite", ".pages"):
        assert not is_supported(Path(f"a{suffix}"))
        assert detect_kind(Path(f"a{suffix}"), b"text") is None
        assert suffix.lower() not in supported_suffixes


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.PDF", b"", "pdf"),
        ("a.docm", b"", "docx"),
        ("a.htm", b"", "html"),
        ("Makefile", b"all:\n", "code"),
        ("README", b"Read me first", "text"),
        ("a.unknown", "Zażółć gęślą jaźń".encode()[:-1], "text"),
        ("a.unknown", b"", "text"),
        ("a.unknown", b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        ("a.unknown", b"\n<!DOCTYPE HTML><html>", "html"),
        ("a.unknown", NOISE, None),
        ("a.unknown", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
        ("a.unknown", b"PK\x03\x04\x14\0\0\0\x08\0", None),
    ],
)
def test_the_kind_is_told_by_name_and_else_by_the_first_bytes(name: str, head: bytes, kind: str | None) -> None:
    assert is_supported(Path(name))
    assert detect_kind(Path(name), head) == kind


@given(
    st.binary(min_size=1, max_size=HEAD_BYTES), st.sampled_from(["", ".pdf", ".txt", ".rtf", ".html", ".csv", ".docx"])
)
def test_any_bytes_are_read_refused_or_skipped(data: bytes, suffix: str) -> None:
    path = Path(f"file{suffix}")
    if detect_kind(path, data) is None:
        return
    try:
        document = parse_document(path, data)
    except UnreadableFileError:
        return
    assert document.title
    assert all(page.text.strip() for page in document.pages)
