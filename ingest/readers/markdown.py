"""Markdown as a converter wrote it turned into Markdown that reads as the document does: words, headings, lists, tables.

Every literal mark must come escaped: then an unescaped one is markup, and can be taken away with certainty.
"""

import html
import re

from ingest.readers.text import decode_text
from vectorstore.errors import UnreadableFileError

_FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
      | (?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)
      | (?P<image>!\[(?:[^\]\\]|\\.)*\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\))
      | \[(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)
      | <(?P<address>(?:https?://|mailto:)[^>\s]+|[^<>\s@]+@[^<>\s@]+)>
      | (?P<emphasis>\*{1,3}|~~|==(?=\S)|(?<=\S)==)""",
    re.VERBOSE | re.DOTALL,
)
_LIST_MARK = re.compile(r"^(\s*)\*(?= )", re.MULTILINE)
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


def html_title(data: bytes) -> str | None:
    try:
        found = _TITLE.search(decode_text(data[:_TITLE_WITHIN]))
    except UnreadableFileError:
        return None
    return html.unescape(found.group(1)).strip() if found else None


def _clean_prose(text: str) -> str:
    cleaned = _INLINE.sub(_plain, _LIST_MARK.sub(r"\1-", text))
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
