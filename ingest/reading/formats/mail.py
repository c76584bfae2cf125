"""Reads e-mails, Outlook messages and mailboxes: headers, body, and a section for each attachment, on one page."""

import email
import email.policy
import io
import mimetypes
import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart

import olefile

from ingest.reading.formats.nested_documents import Nesting, as_markdown, section_name
from ingest.reading.structured.extraction import read_structured
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_MAX_HEADER = 2_000  # a list of a thousand recipients is no text to search
# What Python's own parser of headers raises on those that are not well formed.
_BAD_HEADER = (LookupError, ValueError, TypeError, AttributeError, MessageError)
_MESSAGE_START = re.compile(rb"(?:\A|\r?\n\r?\n)From [^\r\n]*\r?\n")
# Apple Mail writes the message's length before it, and a property list after it.
_APPLE_LENGTH = re.compile(rb"\A\s*(\d{1,12})\s*\n")
# Property identifiers of [MS-OXPROPS]; 001F marks UTF-16 text, 001E text of the message's code page, 0102 bytes.
_LONG_NAME, _SHORT_NAME, _DATA = "3707", "3704", "37010102"
_EMBEDDED_MESSAGE = "__substg1.0_3701000D"
_SUBJECT, _BODY, _SENDER = "0037", "1000", "0C1A"


def read_mail(data: bytes, *, kind: str, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    """The subject, and the one page."""
    if kind == "mbox":
        return None, (Page(None, _read_mailbox(data, nesting)),)
    if kind == "msg":
        title, pages = read_structured(data, kind="msg")
        blocks = [page.text for page in pages]
        blocks += [_write_attachment(name, content, nesting) for name, content in _outlook_attachments(data)]
        return title, (Page(None, "\n\n".join(filter(None, blocks))),)
    if frame := _APPLE_LENGTH.match(data):
        data = data[frame.end() : frame.end() + int(frame[1])]
    message = _parse(data)
    return _header(message, "Subject") or None, (Page(None, _write(message, nesting)),)


def _read_mailbox(data: bytes, nesting: Nesting) -> str:
    starts = list(_MESSAGE_START.finditer(data))
    ends = [*(start.start() for start in starts[1:]), len(data)]
    sections = []
    for start, end in zip(starts, ends, strict=True):
        nesting.count_part(0)
        message = _parse(data[start.end() : end])
        subject = _header(message, "Subject") or "Without a subject"
        sections.append(nesting.write_section(subject, [Page(None, _write(message, nesting))], "markdown"))
    if not sections:
        raise UnreadableFileError("no message in it", "check what the file really is")
    return "\n\n".join(sections)


def _parse(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _write(message: EmailMessage, nesting: Nesting) -> str:
    headers = "\n".join(f"{name}: {value}" for name in _HEADERS if (value := _header(message, name)))
    body = message.get_body(("plain", "html"))
    blocks = [headers, _body_text(body, nesting) if body is not None else ""]
    blocks += [_attachment(part, nesting) for part in _attachments(message, body)]
    return "\n\n".join(filter(None, blocks))


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = str(message.get(name, ""))
    except _BAD_HEADER:
        value = str(next((text for key, text in message.raw_items() if key.lower() == name.lower()), ""))
    return " ".join(value.encode(errors="replace").decode().split())[:_MAX_HEADER]


def _body_text(body: MIMEPart, nesting: Nesting) -> str:
    text, kind = _content(body), "text"
    if body.get_content_type() == "text/html":
        try:
            part = nesting.read_part("body.html", text.encode())
        except UnreadableFileError:
            return ""
        text, kind = "\n\n".join(page.text for page in part.pages), part.kind
    return as_markdown(text.strip(), kind) if text.strip() else ""


def _content(part: MIMEPart) -> str:
    data = _payload(part)
    charset = part.get_content_charset()
    try:
        text = data.decode(charset) if charset else decode_text(data)
    except (LookupError, UnicodeDecodeError, UnreadableFileError):
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _attachments(message: MIMEPart, body: MIMEPart | None) -> Iterator[MIMEPart]:
    """The leaves but the body and what says the same as the body in another format."""
    if message is body:
        return
    if not message.is_multipart() or message.get_content_maintype() == "message":
        yield message
        return
    holds_body = [any(leaf is body for leaf in part.walk()) for part in message.iter_parts()]
    is_choice = message.get_content_type() == "multipart/alternative" and any(holds_body)
    for part, holds in zip(message.iter_parts(), holds_body, strict=True):
        if holds or not (is_choice and part.get_content_maintype() in ("text", "multipart")):
            yield from _attachments(part, body)


def _attachment(part: MIMEPart, nesting: Nesting) -> str:
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        name, data = "message.eml", inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    else:
        name, data = f"part{mimetypes.guess_extension(part.get_content_type()) or ''}", _payload(part)
    with suppress(*_BAD_HEADER):
        name = part.get_filename() or name
    return _write_attachment(name, data, nesting)


def _write_attachment(name: str, data: bytes, nesting: Nesting) -> str:
    """A section under `# Attachment: name`, or the line that says why it has none."""
    nesting.count_part(len(data))
    try:
        part = nesting.read_part(section_name(name), data)
    except UnreadableFileError as error:
        return f"Attachment {section_name(name)} was not read: {error.message}"
    return nesting.write_section(f"Attachment: {name}", part.pages, part.kind)


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
