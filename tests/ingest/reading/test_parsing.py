"""The kind of a file is told by its name or first bytes; text, Markdown and code become titled pages."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.reading.file_types import SUPPORTED_SUFFIXES, detect_kind
from ingest.reading.parsing import parse_document
from tests.ingest.documents import NOISE, parse, text_of
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page


def test_programs_databases_and_fonts_are_skipped_by_name() -> None:
    for suffix in (".7Z", ".mid", ".rar", ".exe", ".so", ".ttf", ".sqlite", ".pages"):
        assert detect_kind(Path(f"a{suffix}"), b"text") is None
        assert suffix.lower() not in SUPPORTED_SUFFIXES


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
        ("a.unknown", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image"),
        ("a.unknown", b"PK\x03\x04\x14\0\0\0\x08\0", "zip"),
    ],
)
def test_the_kind_is_told_by_name_and_else_by_the_first_bytes(name: str, head: bytes, kind: str | None) -> None:
    assert detect_kind(Path(name), head) == kind


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
