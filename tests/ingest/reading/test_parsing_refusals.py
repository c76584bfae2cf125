"""A file that cannot be read becomes an error that says what is wrong with it and what to do."""

import docx
import openpyxl
import pytest

from tests.ingest.documents import NOISE, refusal, saved, word


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
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, what: str) -> None:
    assert refusal(name, NOISE) == (
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
    assert refusal(name, data) == ("the file is encrypted", "give its password: rag ingest --password …")


def test_a_damaged_document_is_not_called_encrypted() -> None:
    assert "encrypted" not in refusal("a.doc", old_word(encrypted=False))[0]
