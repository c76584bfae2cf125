"""A file is read as the kind that its name and its bytes say, or refused with what is wrong and what to do."""

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.reading.file_types import SUPPORTED_SUFFIXES, detect_kind
from ingest.reading.markup.html_blocks import fence
from ingest.reading.parsing import parse_document
from tests.ingest.documents import NOISE, WEB_PAGE, parse, refusal, saved, text_of, word, workbook
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page


def test_programs_databases_and_fonts_are_skipped_by_name() -> None:
    for suffix in (".7Z", ".mid", ".rar", ".exe", ".so", ".ttf", ".sqlite", ".pages"):
        assert detect_kind(Path(f"a{suffix}"), b"text") is None
        assert suffix.lower() not in SUPPORTED_SUFFIXES


@pytest.mark.parametrize(
    ("name", "data", "kind"),
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
        ("a.unknown", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image"),
        ("a.unknown", b"PK\x03\x04\x14\0\0\0\x08\0", "zip"),
        ("a.doc", word(), "docx"),
        ("a.ods", workbook(), "xlsx"),
        ("a", word(), "docx"),
        ("a.docx", b"<html><p>x", "html"),
        ("a.md", b"%PDF-1.7 is how a PDF begins", "markdown"),
    ],
)
def test_the_kind_is_what_the_bytes_are_without_doubt_else_what_the_name_says(
    name: str, data: bytes, kind: str | None
) -> None:
    assert detect_kind(Path(name), data) == kind


@given(st.binary(min_size=1, max_size=8192), st.sampled_from(["", ".pdf", ".txt", ".rtf", ".html", ".csv", ".docx"]))
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


LETTERS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t"), min_size=1)


@given(
    LETTERS.filter(lambda text: bool(text.strip()) and not set(text) & {"\xad", "\u200b", "\u2060", "\ufeff"}),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["notes.md", "notes.txt", "notes.py", "notes"]),
)
@example("# One\r\n\r\n two  \r\tthree\u2028four\x85", "utf-8", "notes.md")
@example("a\n\n\n\nb\n", "utf-16", "notes.txt")
def test_a_text_file_is_its_own_text_with_its_line_ends_made_one(text: str, encoding: str, name: str) -> None:
    document = parse(name, text.encode(encoding))
    assert document.pages == (Page(None, text.replace("\r\n", "\n").replace("\r", "\n")),)


@pytest.mark.shows(
    "text markdown html eml", "soft hyphens, zero-width spaces within words", "left out", "in all formats"
)
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("con\xadden\xadser", "condenser"),
        ("zero\u200bwidth and word\u2060joined, \ufeffmarked", "zerowidth and wordjoined, marked"),
        ("ไทย\u200bไทย, 5\u200b6", "ไทย\u200bไทย, 5\u200b6"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.eml"])
def test_what_is_not_seen_within_words_is_left_out(name: str, written: str, text: str) -> None:
    assert text_of("a.txt", "The evap\xad\norator") == "The evaporator"
    assert " ".join(text_of(name, f"{'Subject: x' if name == 'a.eml' else ''}\n\n{written}\n").split()).endswith(text)


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
        *(("Plain English without a mark.", f"utf-{wide}") for wide in ("16-le", "16-be", "32-le", "32-be")),
    ],
)
def test_text_in_older_encodings_is_recognised(text: str, encoding: str) -> None:
    assert text_of("letter.txt", text.encode(encoding)) == text


def test_only_markdown_files_have_markdown_structure() -> None:
    for suffix, kind in {"md": "markdown", "txt": "text", "py": "code", "json": "code"}.items():
        document = parse(f"a.{suffix}", "# Heading")
        assert (document.kind, document.markdown) == (kind, suffix == "md")


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


AGAIN = "copy or download it again"
RENAME = "check what the file really is and give it the right extension"
NO_TEXT = ("not text: the bytes are in no encoding of text", "save the file as UTF-8 text")
NOTHING = "there is nothing to search in it"
EMPTY, NO_WORDS = ("the file is empty", NOTHING), ("no text in it", NOTHING)
OFFICE = {
    "docx": "a Word document",
    "doc": "a Word document",
    "xlsx": "an Excel workbook",
    "odt": "an OpenDocument text",
}
OFFICE |= {"pptx": "a PowerPoint presentation", "epub": "an EPUB book", "msg": "an Outlook message"}


@pytest.mark.parametrize(
    ("suffixes", "data", "expected"),
    [
        ("txt eml csv html json py gitkeep unknown", b"", EMPTY),
        *(
            (kind, b"", (f"the file is empty, which no .{kind} file is", AGAIN))
            for kind in ("pdf", "docx", "zip", "png")
        ),
        ("txt md csv html eml mbox json xml ipynb vtt", " \n\t\n", NO_WORDS),
        ("txt md csv html eml mbox json xml ipynb vtt", "\ufeff", NO_WORDS),
        ("html", "<html><body></body></html>", NO_WORDS),
        ("docx", saved(docx.Document()), NO_WORDS),
        ("xlsx", saved(openpyxl.Workbook()), NO_WORDS),
        ("csv", ",,,\n,,,\n", NO_WORDS),
        ("vtt", "WEBVTT\n", NO_WORDS),
        ("rtf", r"{\rtf1\ansi }", NO_WORDS),
        ("ipynb", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', NO_WORDS),
        ("zip", b"PK\5\6" + bytes(18), ("an archive with no text in it", NOTHING)),
        ("gz", gzip.compress(b" \n", mtime=0), ("an archive with no text in it", NOTHING)),
        ("txt md py", NOISE, NO_TEXT),
        ("txt md py", b"text with a \0 in it", NO_TEXT),
        *((kind, NOISE, (f"not {what}: it does not begin as one", RENAME)) for kind, what in OFFICE.items()),
        *(
            (kind, NOISE, (f"not text: a .{kind} file is text, and these bytes are none", RENAME))
            for kind in ("html", "csv", "eml", "ipynb", "rtf")
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_helps(
    suffixes: str, data: bytes | str, expected: tuple[str, str]
) -> None:
    assert {refusal(f"a.{suffix}", data) for suffix in suffixes.split()} == {expected}


def test_nothing_that_a_document_refers_to_is_fetched_or_read(tmp_path: Path) -> None:
    seen: list[str] = []
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        page = (
            f'<html><head><base href="{url}/"><link rel="stylesheet" href="{url}/a.css"><script src="{url}/a.js">'
            f'</script></head><body><p>Words</p><img src="{url}/a.png" alt=""><iframe src="{url}/b"></iframe></body>'
        )
        assert text_of("a.html", page) == "Words"
        for entity in (f"{url}/entity", secret.as_uri()):
            text = text_of("a.xml", f'<!DOCTYPE r [<!ENTITY e SYSTEM "{entity}">]><r>Words &e;</r>')
            assert "Words" in text
            assert "secret" not in text.replace(entity, "")
        server.shutdown()
    assert seen == []


def test_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    written: dict[str, bytes | str] = {"a.html": WEB_PAGE, "a.go": "package a"}
    for name, data in {"a.docx": word("Some more."), "a.xlsx": workbook(), **written}.items():
        assert parse(name, data).pages
    assert list(tmp_path.rglob("*")) == []


DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000))


def test_what_is_nested_too_deeply_is_refused_and_in_a_mailbox_a_line_in_its_place() -> None:
    assert refusal("a.eml", DEEP + b"\nhello\n")[0] == "nested too deeply"
    start = b"From a@b Mon Jan  1 00:00:00 2024\n"
    box = start + DEEP + b"\nhello\n\n" + start + b"Subject: Gate\n\nThe code is 7781.\n"
    assert text_of("a.mbox", box) == (
        "# Without a subject\n\nThis message was not read: it is damaged, or nested too deeply\n\n"
        "# Gate\n\nSubject: Gate\n\nThe code is 7781."
    )


@pytest.mark.parametrize("line", ["~" * 100_000, "`" * 100_000, f"# a{' ' * 100_000}b"], ids=["~", "`", "#"])
def test_a_title_is_soon_found_in_long_lines(line: str) -> None:
    started = time.perf_counter()
    assert parse("a.md", f"# Gate #\n\n{line}").title == "Gate"
    parse("a.md", f"{line}\n\n# Gate")
    assert parse("a.md", "~~~\n# code\n~~~~\n\n# Gate").title == "Gate"
    assert fence(line).startswith("`")
    assert time.perf_counter() - started < 2
