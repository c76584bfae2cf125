"""Reads XML: documents, feeds, outlines and subtitles as what they are, data as records with their attributes."""

import re
from typing import Any

from lxml import etree

from ingest.reading.markup.html import parse_xml, read_html_text
from ingest.reading.markup.html_blocks import Block, join_blocks
from ingest.reading.markup.html_writer import LEFT_OUT, write_html
from ingest.reading.markup.xml_documents import is_document, read_document
from ingest.reading.tables.grids import markdown_table
from ingest.reading.text_decoding import decode_declared
from vectorstore.errors import UnreadableFileError

_NOT_SHOWN = re.compile(
    r"\{http://www\.w3\.org/(?:XML/1998/namespace|2001/XMLSchema-instance)\}|\{http://www\.w3\.org/1999/xlink\}type"
)
_HTML = re.compile(
    r"</?(?:p|br|div|b|i|em|strong|a|ul|li|h[1-6]|table|img|span|sup|sub|blockquote)\b[^<>]*>", re.IGNORECASE
)
# What is longer than this is no record to read at a glance.
_LONGEST_RECORD = 500
_BREAK = "\ue000"  # no character of any text
_TOLD = ("description", "summary", "encoded", "content")


def read_xml(data: bytes) -> tuple[str | None, str]:
    """The title, if the document names one, and what it says, as Markdown; raises UnreadableFileError."""
    text = decode_declared(data)
    root = _parse(text)
    if root.tag == "html":
        return read_html_text(text)
    if is_document(root):
        return read_document(root)
    if root.tag == "tt":
        return _text(root.find(".//title")) or None, _subtitles(root)
    if root.tag == "opml":
        return _text(root.find("./head/title")) or None, "\n".join(_outline(root.find("./body"), 0))
    if root.tag in ("rss", "feed", "RDF") and next(root.iter("item", "entry"), None) is not None:
        return _feed(root)
    if root.tag == "Workbook" and root.find("Worksheet") is not None:
        return None, join_blocks([block for sheet in root.iterfind("Worksheet") for block in _sheet(sheet)])
    return None, _Data(root).text()


def _parse(text: str) -> Any:
    try:
        return parse_xml(text, recover=False)
    except UnreadableFileError as error:
        if "XML_PARSE_HUGE" in error.message:  # it nests too deep, or an entity holds too many others
            raise
        return parse_xml(text, recover=True)


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _sheet(sheet: Any) -> list[Block]:
    """A table of an Excel workbook that was saved as XML of 2003."""
    rows = []
    for row in sheet.iter("Row"):
        cells: list[str] = []
        for cell in row.iterfind("Cell"):
            place = next((value for name, value in cell.attrib.items() if name.endswith("}Index")), "")
            gap = int(place) - 1 - len(cells) if place.isdigit() and len(place) < 4 else 0
            cells += [""] * gap + [_text(cell.find("Data"))]
        rows.append(cells)
    width = max(map(len, rows), default=0)
    table = [cells + [""] * (width - len(cells)) for cells in rows if any(cells)]
    name = next((value for key, value in sheet.attrib.items() if key.endswith("}Name")), "")
    return [("h2", name), ("table", markdown_table(table[0], table[1:]) if table else "")]


def _subtitles(root: Any) -> str:
    for line_break in root.iter("br"):
        line_break.text = _BREAK
    lines = (" ".join(line.split()) for words in root.iter("p") for line in "".join(words.itertext()).split(_BREAK))
    return "\n".join(filter(None, lines))


def _outline(element: Any, depth: int) -> list[str]:
    lines = []
    for item in element.iterfind("outline") if element is not None else ():
        shown = {name: value for name, value in item.attrib.items() if name not in ("type", "title", "text")}
        words = item.get("text") or item.get("title") or ""
        lines.append(f"{'  ' * depth}- {_named(words, shown)}")
        lines += _outline(item, depth + 1)
    return lines


def _named(name: str, attributes: Any) -> str:
    shown = [f"{key.rpartition('}')[2]}: {value}" for key, value in attributes.items() if not _NOT_SHOWN.match(key)]
    return " ".join(f"{name} ({', '.join(shown)})".split()) if shown else name


def _feed(root: Any) -> tuple[str | None, str]:
    """A section for each entry: its title, its facts on a line, what it tells."""
    data = _Data(root)
    channel = root.find("channel") if root.find("channel") is not None else root
    title = _text(channel.find("title"))
    blocks: list[Block] = [("h1", title), *_entry(data, channel)]
    for entry in root.iter("item", "entry"):
        blocks += [("h2", _text(entry.find("title"))), *_entry(data, entry)]
    return title or None, join_blocks(blocks)


def _entry(data: "_Data", entry: Any) -> list[Block]:
    told: list[Block] = []
    facts = []
    for child in entry:
        if child.tag in _TOLD:
            words = write_html(child) if len(child) else read_html_text(child.text or "")[1]
            told += [("p", words)] if words not in (text for _, text in told) else []
        elif child.tag not in ("title", "item", "entry") and (line := data.line(child)):
            facts.append(line)
    return [("p", "; ".join(facts)), *told]


class _Data:
    """Small elements are records on a line, larger ones sections of them."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.sizes: dict[Any, int] = {}
        for _, element in etree.iterwalk(root, events=("end",), tag=etree.Element):
            own = len(element.text or "") + len(element.tag) + sum(map(len, element.attrib.values()))
            is_marked_up = not len(element) and _HTML.search(element.text or "")
            own += _LONGEST_RECORD if is_marked_up else 0
            self.sizes[element] = own + sum(self.sizes.get(child, 0) + len(child.tail or "") for child in element)

    def text(self) -> str:
        blocks: list[Block] = []
        self._section(self.root, 1, blocks)
        return join_blocks(blocks)

    def line(self, element: Any) -> str:
        """`book (id: b1): title: Tide Tables; price (currency: DKK): 249.50`, nothing for an empty element."""
        name = _named(element.tag, element.attrib)
        if _is_mixed(element) or not len(element):
            words = " ".join(self._words(element).split())
        else:
            words = "; ".join(filter(None, map(self.line, element)))
        return f"{name}: {words}" if words else (name if name != element.tag else "")

    def _section(self, element: Any, level: int, blocks: list[Block]) -> None:
        if _is_mixed(element) or not len(element):
            words = self._words(element)
            name = _named(element.tag, element.attrib)
            if level == 1:
                blocks += [("h1", name), ("p", words)]
            elif words or name != element.tag:
                is_short = "\n" not in words and len(words) < _LONGEST_RECORD
                blocks.append(("item", f"- {name}: {words}".strip(": ")) if is_short else ("p", f"{name}: {words}"))
        elif level > 1 and self._is_record(element):
            blocks.append(("item", f"- {self.line(element)}"))
        else:
            blocks.append((f"h{min(level, 6)}", _named(element.tag, element.attrib)))
            for child in element:
                self._section(child, level + 1, blocks)

    def _is_record(self, element: Any) -> bool:
        if self.sizes[element] > _LONGEST_RECORD:
            return False
        groups = [child.tag for child in element if len(child) and not _is_mixed(child)]
        return len(groups) == len(set(groups))

    def _words(self, element: Any) -> str:
        if len(element):
            for child in element.iter(*LEFT_OUT):
                child.tag = "span"
            return write_html(element)
        text = element.text or ""
        return read_html_text(text)[1] if _HTML.search(text) else "\n".join(map(str.strip, text.strip().split("\n")))


def _is_mixed(element: Any) -> bool:
    """Whether an element has words of its own between others."""
    if not len(element):
        return False
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)
