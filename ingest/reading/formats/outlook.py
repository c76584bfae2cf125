"""Reads messages, appointments and contacts of Outlook, and the messages within them."""

import io
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import compressed_rtf
import olefile

from ingest.reading.formats.messages import join_versions
from ingest.reading.formats.nested_documents import MAX_DEPTH, Nesting, as_markdown, section_name
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# Properties by their numbers in [MS-OXPROPS].
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESSES = (0x0C1A, 0x0042), (0x5D01, 0x5D02, 0x0C1F, 0x0065)
_NAME, _ADDRESSES, _ROLE = (0x3001,), (0x39FE, 0x3003), 0x0C15
_RECIPIENTS = {"To": (1, 0x0E04), "Cc": (2, 0x0E03), "Bcc": (3, 0x0E02)}
_SENT, _DELIVERED = 0x0039, 0x0E06
_FACTS = {"Company": 0x3A16, "Title": 0x3A17, "Phone": 0x3A08, "Mobile": 0x3A1C, "Home": 0x3A09}
# Each file gives those numbers of its own, and a list of which is which.
_NAMED_FACTS = {"Location": 0x8208, "Start": 0x820D, "End": 0x820E, "Due": 0x8105, "Email": 0x8083}
_FILE_NAMES, _CONTENT, _CONTENT_ID = (0x3707, 0x3704, 0x3001), 0x3701, 0x3712
_CODE_PAGES = (0x3FFD, 0x3FDE)
_PYTHON_NAMES = {65001: "utf-8", 20127: "cp1252", 28591: "cp1252", 936: "gb18030", 20936: "gb18030", 51949: "cp949"}
_PROPERTIES, _STREAM, _EMBEDDED = "__properties_version1.0", "__substg1.0_", "__substg1.0_3701000D"
_INTEGER = 0x0003  # of 32 bits
_PICTURE = re.compile(r"\.(?:png|gif|jpe?g|bmp)$", re.IGNORECASE)
_DAMAGED = (OSError, ValueError, IndexError, TypeError, AttributeError, struct.error)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_HEADER = 2_000  # as of e-mails


def read_outlook(data: bytes, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    """The subject, and the one page."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            message = Item(ole, "")
            if not ole.exists(_PROPERTIES):
                raise UnreadableFileError("not an Outlook message", "check what the file really is")
            return message.text(_SUBJECT) or None, (Page(None, _write(message, nesting)),)
    except _DAMAGED as error:
        hint = "open it in its own program and save it again"
        raise UnreadableFileError("damaged, or not what its name says", hint) from error


@dataclass(frozen=True, slots=True)
class Item:
    """A message, a recipient or an attachment: a folder of the file, with a stream for each property."""

    ole: olefile.OleFileIO
    folder: str

    def read(self, name: str) -> bytes:
        path = self.folder + name
        return bytes(self.ole.openstream(path).read()) if self.ole.get_type(path) == olefile.STGTY_STREAM else b""

    def items(self, name: str) -> "Iterator[Item]":
        """Those whose names begin so; Outlook numbers them one after the other, with gaps where some were removed."""
        missing = number = 0
        while missing < 50:
            path = f"{self.folder}{name}_#{number:08X}/"
            is_there = self.ole.exists(path.rstrip("/"))
            missing = 0 if is_there else missing + 1
            number += 1
            if is_there:
                yield Item(self.ole, path)

    def number(self, number: int) -> int:
        """A property of a fixed size; 0 where there is none."""
        head = 32 if not self.folder else 24 if self.folder.endswith(f"{_EMBEDDED}/") else 8
        data = self.read(_PROPERTIES)[head:]
        for tag, _, value in struct.iter_unpack("<IIQ", data[: len(data) // 16 * 16]):
            if tag >> 16 == number:
                return int(value) & (0xFFFFFFFF if tag & 0xFFFF == _INTEGER else -1)
        return 0

    def text(self, *numbers: int) -> str:
        """The first of these properties that there is."""
        for number in numbers:
            name = f"{_STREAM}{number:04X}"
            found = self.read(f"{name}001F").decode("utf-16-le", "replace") or self.decode(self.read(f"{name}001E"))
            if found := found.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip():
                return found
        return ""

    def decode(self, data: bytes) -> str:
        for number in _CODE_PAGES if data else ():
            page = self.number(number)
            with suppress(LookupError, ValueError):
                return data.decode(_PYTHON_NAMES.get(page, f"cp{page}"))
        try:
            return decode_text(data) if data else ""
        except UnreadableFileError:
            return data.decode("cp1252", "replace")

    def time(self, number: int) -> str:
        ticks = self.number(number)
        with suppress(OverflowError):
            return f"{_EPOCH + timedelta(microseconds=ticks // 10):%Y-%m-%d %H:%M} UTC" if ticks else ""
        return ""


def _write(message: Item, nesting: Nesting) -> str:
    facts = {"Subject": message.text(_SUBJECT), "From": _person(message, _SENDER, _SENDER_ADDRESSES)}
    recipients = [
        (item.number(_ROLE), _person(item, _NAME, _ADDRESSES)) for item in message.items("__recip_version1.0")
    ]
    for name, (role, shown) in _RECIPIENTS.items():
        facts[name] = ", ".join(who for its, who in recipients if its == role) or message.text(shown)
    facts["Date"] = message.time(_SENT) or message.time(_DELIVERED)
    facts |= _other_facts(message)
    headers = "\n".join(f"{name}: {' '.join(fact.split())[:_MAX_HEADER]}" for name, fact in facts.items() if fact)
    html = message.text(_HTML) or message.decode(message.read(f"{_STREAM}{_HTML:04X}0102"))
    blocks = [headers, _body(message, html, nesting)]
    blocks += [_attachment(item, html, nesting) for item in message.items("__attach_version1.0")]
    return "\n\n".join(filter(None, blocks))


def _person(item: Item, names: tuple[int, ...], addresses: tuple[int, ...]) -> str:
    """Name and address; that within an Exchange server, a path of its directory, is none."""
    name = item.text(*names).strip("'")
    address = next((found for number in addresses if "@" in (found := item.text(number))), "")
    return f"{name} <{address}>" if name and address and name != address else name or address


def _other_facts(message: Item) -> dict[str, str]:
    """Of contacts, appointments and tasks."""
    facts = {name: message.text(number) for name, number in _FACTS.items()}
    names = Item(message.ole, "").read(f"__nameid_version1.0/{_STREAM}00030102")
    entries = struct.iter_unpack("<IHH", names[: len(names) // 8 * 8])
    own = {number: 0x8000 + place for number, kind, place in entries if not kind & 1}
    for name, number in _NAMED_FACTS.items():
        if number in own:
            facts[name] = message.text(own[number]) or message.time(own[number])
    return facts


def _body(message: Item, html: str, nesting: Nesting) -> str:
    plain = message.text(_BODY)
    rtf = b"" if plain or html else message.read(f"{_STREAM}{_RTF:04X}0102")
    written = as_markdown(plain, "text") if plain else ""
    if html:
        return join_versions(written, _read_part("body.html", html.encode(), nesting))
    if rtf:
        with suppress(Exception):  # its own words for data that is damaged
            return _read_part("body.rtf", compressed_rtf.decompress(rtf), nesting)
    return written


def _read_part(name: str, data: bytes, nesting: Nesting) -> str:
    try:
        part = nesting.read_part(name, data)
    except UnreadableFileError:
        return ""
    return as_markdown("\n\n".join(page.text for page in part.pages), part.kind)


def _attachment(item: Item, html: str, nesting: Nesting) -> str:
    name = section_name(item.text(*_FILE_NAMES))
    content_id = item.text(_CONTENT_ID)
    if content_id and f"cid:{content_id}" in html and _PICTURE.search(name):
        return ""
    inner = Item(item.ole, f"{item.folder}{_EMBEDDED}/")
    if not item.ole.exists(inner.folder + _PROPERTIES):
        return nesting.write_attachment(name, item.read(f"{_STREAM}{_CONTENT:04X}0102"))
    nesting.count_part(0)
    if inner.folder.count(_EMBEDDED) > MAX_DEPTH:
        return f"Attachment {name} was not read: nested more than {MAX_DEPTH} deep"
    heading = inner.text(_SUBJECT) or name
    return nesting.write_section(f"Attachment: {heading}", [Page(None, _write(inner, nesting))], "markdown")
