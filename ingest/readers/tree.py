"""xberg's tree of a document turned into pages of Markdown that hold the document's own words without escapes.

xberg's own Markdown escapes what might be markup and keeps links, emphasis and image names; quotes are shown to people.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from vectorstore.types import Page

_MAIL_HEADERS = ("Subject", "From", "To", "Cc", "CC", "Date")
_SHOWN_LAYERS = ("body", "footnote")


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One node of xberg's tree: `content` is its JSON, `parent` an index into the same list."""

    content: dict[str, Any]
    page: int | None
    parent: int | None
    children: tuple[int, ...]
    layer: str

    @classmethod
    def of(cls, node: Any) -> Self:
        content = json.loads(str(node.content))
        return cls(
            content,
            node.page,
            node.parent,
            tuple(node.children),
            str(node.content_layer),
        )

    @property
    def type(self) -> str:
        return str(self.content["node_type"])


def render_pages(nodes: Sequence[TreeNode], *, paged: bool, lines: bool) -> tuple[Page, ...]:
    """Pages of Markdown; one with number None unless `paged`. `lines`: blocks are lines of one text (subtitles)."""
    separator = "\n" if lines else "\n\n"
    blocks = [(place, text) for place, node in enumerate(nodes) if (text := _render(place, nodes=nodes))]
    if not paged:
        return (Page(None, _join(blocks, nodes, separator)),)
    numbers = _page_numbers(nodes)
    by_page = groupby(blocks, key=lambda block: numbers[block[0]])
    return tuple(Page(number, _join(list(group), nodes, separator)) for number, group in by_page)


def _join(blocks: Sequence[tuple[int, str]], nodes: Sequence[TreeNode], separator: str) -> str:
    """Blocks one after the other; the items of a list stand on lines of their own without a blank line between."""
    text = ""
    previous_is_item = False
    for place, block in blocks:
        is_item = nodes[place].type == "list_item"
        text += ("\n" if is_item and previous_is_item else separator) if text else ""
        text += block
        previous_is_item = is_item
    return text


def _page_numbers(nodes: Sequence[TreeNode]) -> list[int]:
    """The page of each node: its own, that of the slide or sheet around it, or (a heading) that of what follows it."""
    numbers = [_own_page(node, nodes) for node in nodes]
    following: int | None = None
    for place in range(len(nodes) - 1, -1, -1):
        following = numbers[place] = numbers[place] or following
    last = 1
    filled = []
    for number in numbers:
        last = max(last, number or last)  # never backwards: pages come out in order, each once
        filled.append(last)
    return filled


def _own_page(node: TreeNode, nodes: Sequence[TreeNode]) -> int | None:
    for ancestor in _lineage(node, nodes):
        page = ancestor.page or (ancestor.content.get("number") if ancestor.type == "slide" else None)
        if page:
            return int(page)
    return None


def _lineage(node: TreeNode, nodes: Sequence[TreeNode]) -> Iterator[TreeNode]:
    yield node
    while node.parent is not None:
        node = nodes[node.parent]
        yield node


def _render(place: int, *, nodes: Sequence[TreeNode]) -> str:
    node = nodes[place]
    if node.layer not in _SHOWN_LAYERS:
        return ""
    content, text = (
        node.content,
        str(node.content.get("text") or "").strip("\n").rstrip(),
    )
    match node.type:
        case "title":
            return _heading(text, 1)
        case "heading":
            return _heading(text, content["level"])
        case "slide":
            return ""
        case "list_item":
            return _list_item(text, place, nodes)
        case "table":
            return render_table(_rows(content["grid"]))
        case "code":
            return _fence(text, content.get("language") or "")
        case "definition_item":
            return f"{content['term']}: {content['definition']}".strip()
        case "metadata_block":
            return _mail_headers(content["entries"])
        case "raw_block":
            return str(content["content"]).strip()
        case "admonition":
            return str(content.get("title") or "").strip()
        case _:  # paragraph, formula, footnote, citation, comment; group, list, image and page break have no text
            return text.strip()


def _heading(text: str, level: int) -> str:
    words = " ".join(text.split())
    return f"{'#' * min(level, 6)} {words}" if words else ""


def _list_item(text: str, place: int, nodes: Sequence[TreeNode]) -> str:
    lists = [ancestor for ancestor in _lineage(nodes[place], nodes) if ancestor.type == "list"]
    indent = "  " * max(len(lists) - 1, 0)
    mark = "- "
    if lists and lists[0].content.get("ordered"):
        mark = f"{lists[0].children.index(place) + 1 if place in lists[0].children else 1}. "
    return f"{indent}{mark}{text.strip()}" if text.strip() else ""


def _fence(text: str, language: str) -> str:
    marks = "```"
    while marks in text:
        marks += "`"
    return f"{marks}{language}\n{text}\n{marks}" if text.strip() else ""


def _mail_headers(entries: Iterable[dict[str, str]]) -> str:
    shown = {entry["key"]: entry["value"] for entry in entries if entry["key"] in _MAIL_HEADERS}
    return "\n".join(f"{key}: {shown[key]}" for key in _MAIL_HEADERS if shown.get(key))


def _rows(grid: dict[str, Any]) -> list[list[str]]:
    rows = [["" for _ in range(grid["cols"])] for _ in range(grid["rows"])]
    for cell in grid["cells"]:
        if cell["row"] < grid["rows"] and cell["col"] < grid["cols"]:
            rows[cell["row"]][cell["col"]] = " ".join(cell["content"].split())
    return rows


def render_table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table without the rows and columns that are empty; the first row is its head."""
    filled = [row for row in rows if any(row)]
    columns = [place for place in range(max(map(len, filled), default=0)) if any(row[place] for row in filled)]
    if not columns:
        return ""
    lines = [f"| {' | '.join(row[place].replace('|', chr(92) + '|') for place in columns)} |" for row in filled]
    return "\n".join([lines[0], f"|{' --- |' * len(columns)}", *lines[1:]])
