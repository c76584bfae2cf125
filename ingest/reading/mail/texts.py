"""Decodes the texts of a mail, and joins what its plain and its HTML version say."""

import re
from contextlib import suppress
from email.message import MIMEPart
from html import unescape

from ingest.chunking.chunks import find_blocks
from ingest.reading.formats.nested_documents import Nesting, as_markdown
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError

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
