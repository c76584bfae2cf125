"""The bytes of a Markdown, text or code file turned into its own text: line ends become `\\n`, and that is all."""

import html
import re

from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page


def read_text(data: bytes) -> tuple[Page, ...]:
    return (Page(None, decode_text(data).replace("\r\n", "\n").replace("\r", "\n")),)


_FENCED = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^[ \t]*(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
      | (?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)
      | (?P<image>!\[(?:[^\]\\]|\\.)*\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\))
      | \[(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)
      | <(?P<address>(?:https?://|mailto:)[^>\s]+|[^<>\s@]+@[^<>\s@]+)>
      | (?P<emphasis>\*{1,3}|~~|==(?=\S)|(?<=\S)==)""",
    re.VERBOSE | re.DOTALL,
)
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<text>\S.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 100_000


def clean_markdown(markdown: str) -> str:
    """Escapes, emphasis, images and the targets of links taken away; code blocks, headings, lists and tables kept."""
    pieces, end = [], 0
    for block in _FENCED.finditer(markdown):
        pieces += [_clean_prose(markdown[end : block.start()]), block.group()]
        end = block.end()
    text = "".join([*pieces, _clean_prose(markdown[end:])])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def first_heading(markdown: str, *, deepest: int) -> str | None:
    """The text of the first heading of level 1 to `deepest` that is not in a code block."""
    headings = _HEADING.finditer(_FENCED.sub("", markdown))
    return next((heading["text"] for heading in headings if len(heading["marks"]) <= deepest), None)


def html_title(data: bytes) -> str | None:
    try:
        found = _TITLE.search(decode_text(data[:_TITLE_WITHIN]))
    except UnreadableFileError:
        return None
    return html.unescape(found.group(1)).strip() if found else None


def _clean_prose(text: str) -> str:
    cleaned = _INLINE.sub(_plain, text)
    return re.sub(r"[ \t]+$", "", cleaned, flags=re.MULTILINE)


def _plain(match: re.Match[str]) -> str:
    if match["escaped"]:
        # In a table the escape is what keeps the bar from ending the cell.
        return "\\|" if match["escaped"] == "|" else match["escaped"]
    if match["code"] is not None:
        return match["code"]
    if match["label"] is not None:
        return _INLINE.sub(_plain, match["label"])
    return match["address"] or ""
