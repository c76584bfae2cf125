"""Converts a Content-Type header to the suffix that the readers know, and text to UTF-8."""

import codecs
import re
from email.message import Message
from pathlib import PurePosixPath

from ingest.reading.file_types import MEDIA_TYPES, SUPPORTED_SUFFIXES, is_html
from vectorstore.errors import UnreadableFileError

# What servers say where they do not know.
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream", "application/x-download")
_TEXT_SUFFIXES = frozenset((".html", ".md", ".csv", ".tsv", ".xml", ".json", ".txt", ".vtt"))
# Where a document names its own charset, which the server's goes before: `<meta charset=...>`, `<?xml encoding=...?>`.
_DECLARED = re.compile(
    rb"""(<meta\b[^>]*?\bcharset\s*=\s*["']?|<\?xml\b[^>]*?\bencoding\s*=\s*["'])[\w.:-]+""", re.IGNORECASE
)
_DECLARED_WITHIN = 4096


def suffix_of(content_type: str, *, path: str, head: bytes) -> str:
    """Raises UnreadableFileError for what is no text, such as images."""
    kind = _parse(content_type)[0]
    own = PurePosixPath(path).suffix.lower()
    if kind in MEDIA_TYPES:
        return MEDIA_TYPES[kind]
    if kind.endswith(("+xml", "+json")) and not kind.startswith("image/"):
        return ".xml" if kind.endswith("+xml") else ".json"
    if own in SUPPORTED_SUFFIXES and (kind in _VAGUE or kind.startswith(("text/", "application/"))):
        return own
    if kind in _VAGUE:
        return _sniff(head, kind)
    if kind.startswith("text/"):
        return ".txt"
    raise UnreadableFileError(f"not text: {kind}", "only pages and documents with text are read")


def _sniff(head: bytes, kind: str) -> str:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:5].lower() == b"%pdf-":
        return ".pdf"
    if kind != "text/plain" and is_html(start):
        return ".html"
    if kind != "text/plain" and b"\0" in head:
        raise UnreadableFileError("not text: the server does not say what it is", "save it and ingest the file")
    return ".txt"


def with_charset(data: bytes, content_type: str, *, suffix: str) -> bytes:
    """Text in UTF-8 where the server names its charset, rightly; else the bytes as they are."""
    charset = _parse(content_type)[1]
    if suffix not in _TEXT_SUFFIXES or not charset:
        return data
    try:
        text = data.decode("cp1252" if charset in ("iso-8859-1", "latin-1", "latin1", "us-ascii") else charset)
    except (LookupError, ValueError):
        return data  # the header is wrong: the readers find out by themselves
    encoded = text.encode("utf-8", "replace")
    head = _DECLARED.sub(rb"\1utf-8", encoded[:_DECLARED_WITHIN])
    return head + encoded[_DECLARED_WITHIN:]


def _parse(content_type: str) -> tuple[str, str]:
    """The type and the charset, both in small letters."""
    if not content_type.strip():
        return "", ""
    message = Message()
    message["content-type"] = content_type
    # A malformed header is no type: it reads as text/plain by the mail's rule.
    charset = message.get_param("charset")
    return message.get_content_type(), charset.strip().lower() if isinstance(charset, str) else ""
