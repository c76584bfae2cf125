"""Cleans the Markdown that xberg makes of a web page: the page's own words without escapes."""

import html
import re

from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError

FENCED = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^[ \t]*(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
      | (?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)
      | (?P<image>!\[(?:[^\]\\]|\\.)*\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\))
      | \[(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)
      | <(?P<address>(?:https?://|mailto:)[^>\s]+|[^<>\s@]+@[^<>\s@]+)>
      | (?P<emphasis>\*{1,3}|~~|==(?=\S)|(?<=\S)==)""",
    re.VERBOSE | re.DOTALL,
)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 100_000


def html_title(data: bytes) -> str | None:
    try:
        found = _TITLE.search(decode_text(data[:_TITLE_WITHIN]))
    except UnreadableFileError:
        return None
    return html.unescape(found.group(1)).strip() if found else None


def clean_markdown(markdown: str) -> str:
    """Without escapes, emphasis, images and the targets of links; code blocks, headings, lists and tables kept."""
    pieces, end = [], 0
    for block in FENCED.finditer(markdown):
        pieces += [_clean_prose(markdown[end : block.start()]), block.group()]
        end = block.end()
    text = "".join([*pieces, _clean_prose(markdown[end:])])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _clean_prose(text: str) -> str:
    return re.sub(r"[ \t]+$", "", _INLINE.sub(_plain, text), flags=re.MULTILINE)


def _plain(match: re.Match[str]) -> str:
    if match["escaped"]:
        # In a table the escape is what keeps the bar from ending the cell.
        return "\\|" if match["escaped"] == "|" else match["escaped"]
    if match["label"] is not None:
        return _INLINE.sub(_plain, match["label"])
    return match["code"] or match["address"] or ""
