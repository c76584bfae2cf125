"""The bytes of an Outlook message turned into the streams of its attachments, which xberg leaves out."""

import io
from collections.abc import Iterator

import olefile

# Property identifiers of [MS-OXPROPS]; 001F marks UTF-16 text, 001E text of the message's code page, 0102 bytes.
_LONG_NAME, _SHORT_NAME, _DATA = "3707", "3704", "37010102"
_EMBEDDED_MESSAGE = "__substg1.0_3701000D"
_SUBJECT, _BODY, _SENDER = "0037", "1000", "0C1A"


def outlook_attachments(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each; a message inside the message comes as its text."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            folders = {entry[0] for entry in ole.listdir() if entry[0].startswith("__attach_version1.0_")}
            for folder in sorted(folders):
                yield from _attachment(ole, folder)
    except (OSError, ValueError, IndexError):  # damaged: xberg has judged the message itself
        return


def _attachment(ole: olefile.OleFileIO, folder: str) -> Iterator[tuple[str, bytes]]:
    name = _text(ole, folder, _LONG_NAME) or _text(ole, folder, _SHORT_NAME)
    if ole.exists(f"{folder}/__substg1.0_{_DATA}"):
        yield name, ole.openstream(f"{folder}/__substg1.0_{_DATA}").read()
    elif ole.exists(f"{folder}/{_EMBEDDED_MESSAGE}"):
        inner = f"{folder}/{_EMBEDDED_MESSAGE}"
        subject, sender, body = (_text(ole, inner, code) for code in (_SUBJECT, _SENDER, _BODY))
        yield f"{name or subject}.txt", f"Subject: {subject}\nFrom: {sender}\n\n{body}".encode()


def _text(ole: olefile.OleFileIO, folder: str, code: str) -> str:
    for suffix, encoding in (("001F", "utf-16-le"), ("001E", "cp1252")):
        path = f"{folder}/__substg1.0_{code}{suffix}"
        if ole.exists(path):
            return str(ole.openstream(path).read().decode(encoding, "replace")).rstrip("\0")
    return ""
