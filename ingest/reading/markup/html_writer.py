"""Writes an HTML tree as Markdown that holds the words that the page shows, without escapes, emphasis and links."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lxml import etree

from ingest.reading.marks import PICTURE, Run, Style, mark_runs
from ingest.reading.markup.html_blocks import Block, Cell, clean_run, join_blocks, write_table
from ingest.reading.markup.html_embedded import WRITTEN_WHOLE
from ingest.reading.markup.html_styles import Linked, find_styles, hides, mark_of

_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol optgroup p pre search section summary "
    "table tbody td tfoot th thead tr ul"
)
_FRAMED_NAMES = "blockquote caption dd dl dt h1 h2 h3 h4 h5 h6 li menu ol pre table td th tr ul"
_UNSEEN_NAMES = (
    "applet area audio base canvas colgroup datalist embed head iframe link map meta nav noembed noframes noscript "
    "param rp script source style template title track video"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_FRAMED = frozenset(_FRAMED_NAMES.split())  # what is collected apart, and written where it ends
LEFT_OUT = frozenset(_UNSEEN_NAMES.split())
_CELLS = ("td", "th")
_APART = ("button", "label", "option", "output")
_OPENING_SIGNS, _CLOSING_SIGNS = {"q": "“", "rt": "("}, {"q": "”", "rt": ")"}
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")
_LINK_MARKS = frozenset(("¶", "#", "§", "🔗", "↩", "↩︎", "^", "↑"))
_NAMES_OF_ROLES = ("type", "{http://www.idpf.org/2007/ops}type", "role", "class")
_NOTE_NAMES = re.compile(r"\b(?:doc-)?noteref\b|\bfootnote-?ref\b")
_IN_BRACKETS = re.compile(r"[\[(].*[\])]|[*†‡§¶]+")
_READS_ALONE = re.compile(r"\[|[:;,.*†‡§¶]")
_LONE_BOXES = ("[ ]", "[x]")  # what a page folds and unfolds with
_LONGEST_TITLE = 80
_DEEPEST = 20  # lists and quotations within others that are still indented
_LOOKED_AT = 1_000  # elements within one that is struck out


@dataclass(slots=True)
class _Frame:
    """What is collected of an element: blocks that are finished, and the runs of the paragraph that is not."""

    element: Any
    tag: str
    style: Style | None = None  # of words within a paragraph
    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    rows: list[tuple[bool, list[Cell]]] = field(default_factory=list)  # whether each is in the table's head
    terms: list[str] = field(default_factory=list)
    number: int = 1
    in_head: bool = False


def write_html(root: Any, linked: Linked | None = None) -> str:
    """`linked` gives the style sheets that the page links."""
    writer = _Writer(root, linked)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            writer.end(element)
        elif not writer.start(element):
            walk.skip_subtree()
    return writer.text()


class _Writer:
    def __init__(self, root: Any, linked: Linked | None) -> None:
        self.frames = [_Frame(root, "")]
        self.styles = find_styles(root, linked)
        self.struck: list[Any] = []  # open elements that strike out blocks
        self.preformatted = 0
        self.explained: set[str] = set()

    def text(self) -> str:
        self._flush()
        return join_blocks(self.frames[0].blocks)

    def start(self, element: Any) -> bool:
        """Whether what is in the element is still to be read."""
        tag = element.tag
        if tag == "script" and _is_formula(element):
            self._add(element.text)
        if tag in LEFT_OUT or hides(element, self.styles, is_block=tag in _BLOCKS) or _is_link_mark(element):
            return False
        if tag in _BLOCKS:
            self._flush()
        if tag in WRITTEN_WHOLE:
            self._add(WRITTEN_WHOLE[tag](element), apart=tag not in ("math", "svg"))
            return False
        if tag == "br":
            self.frames[-1].runs.append(("\n", ""))
        self._open(element, tag)
        self._add(element.text or "", apart=tag in _APART)
        return True

    def _open(self, element: Any, tag: str) -> None:
        style = mark_of(element, self.styles)
        if _refers_to_note(element):
            self.frames.append(_Frame(element, "note", ""))
        elif style == "struck" and any(child.tag in _BLOCKS for child in islice(element.iter(), _LOOKED_AT)):
            self.struck.append(element)
        elif style and tag not in _FRAMED:
            self.frames.append(_Frame(element, tag, style))
        elif tag in _FRAMED:
            self.frames.append(_Frame(element, tag))
            self.preformatted += tag == "pre"
        elif tag in _OPENING_SIGNS:
            self._add(_OPENING_SIGNS[tag])
        elif tag == "thead":
            self.frames[-1].in_head = True

    def end(self, element: Any) -> None:
        tag = element.tag
        frame = self.frames[-1]
        if frame.element is element and len(self.frames) > 1:
            self._close(frame)
        elif tag in _BLOCKS:
            self._flush()
            self.frames[-1].in_head = False
        elif tag in _CLOSING_SIGNS:
            self._add(_CLOSING_SIGNS[tag])
        elif tag in ("abbr", "acronym"):
            self._explain(element)
        if self.struck and self.struck[-1] is element:
            self.struck.pop()
        if len(self.frames) > 1 or element is not self.frames[0].element:
            self._add(element.tail or "", apart=tag in _APART)

    def _add(self, text: str, *, apart: bool = False) -> None:
        """Text to the paragraph that is open; `apart` from the word before it."""
        if not text:
            return
        runs = self.frames[-1].runs
        if not self.preformatted:
            text = _WHITE_SPACE.sub(" ", text)
        if runs and _is_glued(runs[-1][0], text, apart=apart):
            text = f" {text}"
        runs.append((text, "struck" if self.struck and text.strip() else ""))

    def _explain(self, element: Any) -> None:
        title = (element.get("title") or "").strip()
        if title and len(title) <= _LONGEST_TITLE and title not in self.explained:
            self.explained.add(title)
            self._add(f" ({title})")

    def _flush(self) -> None:
        """Ends the paragraph that is open."""
        frame = self.frames[-1]
        if not frame.runs:
            return
        if frame.style is not None:
            frame.runs.append((" ", ""))
            return
        text = "".join(mark_runs(frame.runs))
        frame.runs = []
        text = text.strip("\n").rstrip() if self.preformatted else clean_run(text)
        if text.strip() and text not in _LONE_BOXES:
            frame.blocks.append(("p", text))

    def _close(self, frame: _Frame) -> None:
        if frame.style is None:
            self._flush()
        self.frames.pop()
        outer = self.frames[-1]
        if frame.style is not None:
            outer.runs.append(_inline_run(frame))
        elif frame.tag == "pre":
            self.preformatted -= 1
            outer.blocks.append(("code", "\n".join(text for _, text in frame.blocks)))
        elif frame.tag in _CELLS and outer.tag == "tr":
            outer.cells.append(Cell.of(frame.element, frame.blocks))
        elif frame.tag == "tr" and outer.tag == "table":
            outer.rows.append((outer.in_head, frame.cells))
            outer.blocks += frame.blocks
        elif frame.tag == "dt":
            outer.terms += [" ".join(text for _, text in frame.blocks), *frame.terms]
        else:
            outer.blocks += _blocks_of(frame, outer, len(self.frames))


def _blocks_of(frame: _Frame, outer: _Frame, depth: int) -> Sequence[Block]:
    if frame.tag == "table":
        is_layout = frame.element.get("role") in ("none", "presentation")
        return [*frame.blocks, *write_table(frame.rows, is_layout=is_layout)]
    if frame.tag[0] == "h" and frame.tag[1:].isdigit():
        return [(frame.tag, " ".join(" ".join(text for _, text in frame.blocks).split()))]
    if frame.tag == "blockquote":
        if depth > _DEEPEST:
            return frame.blocks
        quoted = join_blocks(frame.blocks)
        return [("p", re.sub(r"^", "> ", quoted, flags=re.MULTILINE))] if quoted else []
    if frame.tag == "li":
        return _list_item(frame, outer) if depth <= _DEEPEST else frame.blocks
    if frame.tag == "dd":
        terms, outer.terms = ", ".join(filter(None, outer.terms)), []
        blocks = frame.blocks or [("p", "")]
        is_line = blocks[0][0] == "p"
        return [("p", f"{terms}: {blocks[0][1]}".strip(": ") if is_line else f"{terms}:"), *blocks[is_line:]]
    loose = [block for cell in frame.cells for block in cell.blocks]  # of a row outside of any table
    return [*frame.blocks, *loose, *(("p", term) for term in frame.terms if term)]


def _list_item(frame: _Frame, outer: _Frame) -> Sequence[Block]:
    if not frame.blocks:
        return []
    mark = "- "
    if outer.tag == "ol":
        number = frame.element.get("value") or (outer.element.get("start") if outer.number == 1 else "") or ""
        outer.number = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else outer.number
        mark, outer.number = f"{outer.number}. ", outer.number + 1
    text = join_blocks(frame.blocks, in_item=True)
    return [("item", mark + re.sub(r"\n(?=[^\n])", "\n" + " " * len(mark), text))]


def _inline_run(frame: _Frame) -> Run:
    """The words of an element within a paragraph, with their style; references to notes are in brackets."""
    text = "".join(mark_runs(frame.runs))
    core = text.strip()
    if frame.tag == "note" and core:
        return (f"[{core}]" if len(core) <= 4 and not _IN_BRACKETS.fullmatch(core) else core), ""
    if frame.style == "raised" and _READS_ALONE.match(core):
        return text, ""
    return text, frame.style or ""


def _is_glued(before: str, text: str, *, apart: bool) -> bool:
    """Whether words that stand apart on the page would be one here."""
    if apart:
        return before[-1:].isalnum() and (text[0].isalnum() or text.startswith(PICTURE))
    return before.lstrip().startswith(PICTURE) and text[0].isalnum()


def _refers_to_note(element: Any) -> bool:
    if element.tag == "a":
        names = " ".join(element.get(name) or "" for name in _NAMES_OF_ROLES)
        return bool(_NOTE_NAMES.search(names)) or _links_raised(element, element.getparent(), "sup")
    return element.tag == "sup" and _links_raised(element.getparent(), element.getparent(), "a")


def _links_raised(link: Any, around: Any, tag: str) -> bool:
    return around is not None and around.tag == tag and "#" in (link.get("href") or "")


def _is_link_mark(element: Any) -> bool:
    """Whether it is a mark to click on beside a heading or a note, rather than words."""
    return element.tag == "a" and not len(element) and (element.text or "").strip() in _LINK_MARKS


def _is_formula(script: Any) -> bool:
    """Whether MathJax reads it, and has not written it out before."""
    before = script.getprevious()
    is_written = before is not None and "MathJax" in (before.get("class") or before.get("id") or "")
    return (script.get("type") or "").startswith("math/tex") and bool(script.text) and not is_written
