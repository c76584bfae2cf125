"""Reads messages of Outlook."""

import io
from collections.abc import Iterator

import olefile

from ingest.reading.formats.nested_documents import Nesting
from ingest.reading.structured.extraction import read_structured
from vectorstore.types import Page

# Property identifiers of [MS-OXPROPS]; 001F marks UTF-16 text, 001E text of the message's code page, 0102 bytes.
_LONG_NAME, _SHORT_NAME, _DATA = "3707", "3704", "37010102"
_EMBEDDED_MESSAGE = "__substg1.0_3701000D"
_SUBJECT, _BODY, _SENDER = "0037", "1000", "0C1A"


def read_outlook(data: bytes, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    title, pages = read_structured(data, kind="msg")
    blocks = [page.text for page in pages]
    blocks += [nesting.write_attachment(name, content) for name, content in _outlook_attachments(data)]
    return title, (Page(None, "\n\n".join(filter(None, blocks))),)


def _outlook_attachments(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each; a message inside the message comes as its text."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            folders = {entry[0] for entry in ole.listdir() if entry[0].startswith("__attach_version1.0_")}
            for folder in sorted(folders):
                yield from _outlook_attachment(ole, folder)
    except (OSError, ValueError, IndexError):  # damaged: xberg has judged the message itself
        return


def _outlook_attachment(ole: olefile.OleFileIO, folder: str) -> Iterator[tuple[str, bytes]]:
    name = _property(ole, folder, _LONG_NAME) or _property(ole, folder, _SHORT_NAME)
    if ole.exists(f"{folder}/__substg1.0_{_DATA}"):
        yield name, ole.openstream(f"{folder}/__substg1.0_{_DATA}").read()
    elif ole.exists(f"{folder}/{_EMBEDDED_MESSAGE}"):
        inner = f"{folder}/{_EMBEDDED_MESSAGE}"
        subject, sender, body = (_property(ole, inner, code) for code in (_SUBJECT, _SENDER, _BODY))
        yield f"{name or subject}.txt", f"Subject: {subject}\nFrom: {sender}\n\n{body}".encode()


def _property(ole: olefile.OleFileIO, folder: str, code: str) -> str:
    for suffix, encoding in (("001F", "utf-16-le"), ("001E", "cp1252")):
        path = f"{folder}/__substg1.0_{code}{suffix}"
        if ole.exists(path):
            return str(ole.openstream(path).read().decode(encoding, "replace")).rstrip("\0")
    return ""
