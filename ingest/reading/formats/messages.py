"""Reads e-mails and mailboxes: headers, body, and a section for each attachment, on one page."""

import email
import email.policy
import mimetypes
import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from html import unescape

from ingest.chunking.chunks import find_blocks
from ingest.reading.formats.nested_documents import Nesting, as_markdown
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

_HEADERS = ("Subject", "From", "To", "Cc", "Bcc", "Date")
_MAX_HEADER = 2_000  # a list of a thousand recipients is no text to search
# What Python's own parser of headers raises on those that are not well formed.
_BAD_HEADER = (LookupError, ValueError, TypeError, AttributeError, MessageError)
# The line that begins a message names a sender or a time, and headers follow it; other lines may begin with the word.
_MESSAGE_START = re.compile(
    rb"(?:\A|\r?\n\r?\n)From (?=[^\r\n]*(?:@|\d:\d\d|MAILER))[^\r\n]*\r?\n(?=(?:>From [^\n]*\n)*[!-9;-~]+[ \t]*:|\r?\n)"
)
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
# Signatures say nothing in words; the others say what HTML says, to watches and to programs of one maker.
_UNSAID = frozenset(
    f"application/{name}" for name in ("pgp-signature", "pkcs7-signature", "x-pkcs7-signature")
) | frozenset(("text/x-amp-html", "text/watch-html", "text/css", "text/javascript", "application/javascript"))
_ENCODED = re.compile(r"=\?([\w-]{1,40})\?")
# Apple Mail writes the message's length before it, and a property list after it.
_APPLE_LENGTH = re.compile(rb"\A\s*(\d{1,12})\s*\n")


def read_mail(data: bytes, *, kind: str, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    """The subject, and the one page."""
    if kind == "mbox":
        return None, (Page(None, _read_mailbox(data, nesting)),)
    if frame := _APPLE_LENGTH.match(data):
        data = data[frame.end() : frame.end() + int(frame[1])]
    message = _parse(data)
    return _header(message, "Subject") or None, (Page(None, _write(message, nesting)),)


def _read_mailbox(data: bytes, nesting: Nesting) -> str:
    starts = list(_MESSAGE_START.finditer(data))
    if not starts:
        raise UnreadableFileError("no message in it", "check what the file really is")
    ends = [*(start.start() for start in starts[1:]), len(data)]
    sections = []
    for start, end in zip(starts, ends, strict=True):
        subject = "Without a subject"
        try:
            message = _parse(_ESCAPED_FROM.sub(rb"\1", data[start.end() : end]))
            subject = _header(message, "Subject") or subject
            text = _write(message, nesting)
        except (RecursionError, *_BAD_HEADER):
            text = "This message was not read: it is damaged, or nested too deeply"
        sections.append(nesting.write_section(subject, [Page(None, text)], "markdown"))
    return "\n\n".join(sections)


def _parse(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _write(message: EmailMessage, nesting: Nesting) -> str:
    headers = "\n".join(f"{name}: {value}" for name in _HEADERS if (value := _header(message, name)))
    return "\n\n".join(filter(None, [headers, *_blocks(message, nesting)]))


def _header(message: EmailMessage, name: str) -> str:
    raw = next((str(text) for key, text in message.raw_items() if key.lower() == name.lower()), "")
    if not raw.isascii():  # not allowed, and frequent
        with suppress(UnreadableFileError):
            raw = decode_text(raw.encode(errors="surrogateescape"))
    value = raw = _ENCODED.sub(lambda match: f"=?{LARGER.get(match[1].lower(), match[1])}?", raw)
    with suppress(*_BAD_HEADER):
        value = str(email.policy.default.header_fetch_parse(name, raw))
    return " ".join(value.encode(errors="replace").decode().split())[:_MAX_HEADER]


def _blocks(part: MIMEPart, nesting: Nesting) -> Iterator[str]:
    """The texts and attachments of a part in their order."""
    is_multipart = part.get_content_maintype() == "multipart" and part.is_multipart()
    if is_multipart and part.get_content_subtype() == "alternative":
        yield from _choice(part, nesting)
    elif is_multipart:
        for inner in part.iter_parts():
            yield from _blocks(inner, nesting)
    elif _is_inline(part):
        yield body_text(part, nesting)
    elif part.get_content_type() not in _UNSAID:
        yield _attachment(part, nesting)


def _choice(part: MIMEPart, nesting: Nesting) -> Iterator[str]:
    """What the plain text and the HTML say, once, and what is neither, but for the pictures within the HTML."""
    versions: dict[str, list[MIMEPart]] = {"text/plain": [], "text/html": []}
    others = []
    for leaf in _leaves(part):
        kind = leaf.get_content_type()
        if kind in versions and _is_inline(leaf):
            versions[kind].append(leaf)
        elif leaf.get_content_maintype() != "image" and kind not in _UNSAID:
            others.append(leaf)
    plain = "\n\n".join(filter(None, (body_text(leaf, nesting) for leaf in versions["text/plain"])))
    more = [leaf for leaf in versions["text/html"] if not says_no_more(content_of(leaf), plain)]
    yield join_versions(plain, "\n\n".join(filter(None, (body_text(leaf, nesting) for leaf in more))))
    for leaf in others:
        yield from _blocks(leaf, nesting)


def _leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.iter_parts():
            yield from _leaves(inner)
    else:
        yield part


def _is_inline(part: MIMEPart) -> bool:
    # A multipart one without its parts is the text that it is.
    is_text = part.get_content_type() in ("text/plain", "text/html") or part.get_content_maintype() == "multipart"
    return is_text and part.get_content_disposition() != "attachment" and not _filename(part)


def _filename(part: MIMEPart) -> str:
    with suppress(*_BAD_HEADER):
        return part.get_filename() or ""
    return ""


def _attachment(part: MIMEPart, nesting: Nesting) -> str:
    name = _filename(part)
    if part.get_content_maintype() != "message" or not part.is_multipart():
        name = name or f"part{mimetypes.guess_extension(part.get_content_type()) or ''}"
        return nesting.write_attachment(name, payload_of(part))
    messages = [inner for inner in part.iter_parts() if isinstance(inner, EmailMessage)]
    if part.get_content_subtype() == "delivery-status":
        return nesting.write_attachment("status.txt", "\n\n".join(map(str, messages)).encode(errors="replace"))
    return "\n\n".join(_forwarded(inner, name, nesting) for inner in messages)


def _forwarded(message: EmailMessage, name: str, nesting: Nesting) -> str:
    """The whole message, under its subject."""
    try:
        data = message.as_bytes()
    except _BAD_HEADER:
        data = message.as_bytes(policy=email.policy.compat32)
    return nesting.write_attachment("message.eml", data, heading=name or _header(message, "Subject"))


# Programs name one of these also where they write UTF-8, or letters that only the larger encoding has.
_WESTERN = frozenset(("us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "cp1252"))
LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-9": "cp1254", "euc-kr": "cp949"}
LARGER |= {"ks_c_5601-1987": "cp949", "shift_jis": "cp932", "iso-2022-jp": "iso2022_jp_ext"}
_WORD = re.compile("[⺀-鿿]|[^\\W⺀-鿿]+")  # of Chinese and Japanese each letter
_ADDRESS = re.compile(r"\b(?:https?://|mailto:|www\.)\S+|\[(?:cid|image):[^\]]*\]", re.IGNORECASE)
_MARKED = re.compile(r"~~\S|^\|[^\n]{1,200}\|\n\|(?: --- \|){2,}\n(?:\|[^\n]{1,200}\|(?:\n|$)){2,}", re.MULTILINE)
_HAS_MARKS = re.compile(r"<(?:table|s|del|strike|img|sup|sub)\b|line-through", re.IGNORECASE)
_TAG = re.compile(r"<(?:style|script|title)\b[^<>]*>[^<]*|<[^<>]*>", re.IGNORECASE)
_FLOWED = re.compile(r"^(?!>|-- \n)([^\n]*) \n(?![>\n]|-- \n)", re.MULTILINE)


def body_text(body: MIMEPart, nesting: Nesting) -> str:
    text, kind = content_of(body), "text"
    if body.get_content_type() == "text/html":
        try:
            part = nesting.read_part("body.html", text.encode())
        except UnreadableFileError:
            return ""
        text, kind = "\n\n".join(page.text for page in part.pages), part.kind
    elif str(body.get_param("format", "")).lower() == "flowed":
        text = _unflow(text, joint="" if str(body.get_param("delsp", "")).lower() == "yes" else " ")
    return as_markdown(text.strip(), kind) if text.strip() else ""


def _unflow(text: str, joint: str) -> str:
    """Lines that end in a space go on in the next one; but for quoted ones and the mark of a signature."""
    joined = _FLOWED.sub(rf"\g<1>{joint}", text)
    return re.sub(r"^ (?=[ >]|From )", "", joined, flags=re.MULTILINE)


def content_of(part: MIMEPart) -> str:
    data = payload_of(part)
    charset = (part.get_content_charset() or "").lower()
    candidates = ["utf-8", "cp1252"] if charset in _WESTERN else [LARGER.get(charset, charset)]
    for encoding in candidates:
        with suppress(LookupError, ValueError):
            return _as_lines(data.decode(encoding))
    try:
        return _as_lines(decode_text(data))
    except UnreadableFileError:
        return _as_lines(data.decode("utf-8", "replace"))


def _as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def payload_of(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def says_no_more(page: str, plain: str) -> bool:
    """A glance that spares most mails the reading of their HTML, which takes longer than all the rest."""
    words = _words(unescape(_TAG.sub(" ", page)))
    return not _HAS_MARKS.search(page) and words <= _words(plain)


def join_versions(plain: str, html: str) -> str:
    """The one that says more, as it is, and of the other the paragraphs with words that the first lacks.

    HTML that says as much is taken where it marks what the plain text cannot: tables, and words that are struck out.
    """
    words = {text: _words(text) for text in (plain, html)}
    if words[html] <= words[plain] and not (words[plain] <= words[html] and _MARKED.search(html)):
        return plain or html
    first, second = (html, plain) if len(words[html]) >= len(words[plain]) else (plain, html)
    blocks = [second[block.start : block.end].strip() for block in find_blocks(second, markdown=True)]
    more = [block for block in blocks if not words[first].issuperset(_words(block))]
    return "\n\n".join(filter(None, [first, *more]))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_ADDRESS.sub(" ", text).casefold()))
