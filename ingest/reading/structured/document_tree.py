"""Renders xberg's tree of a document as pages of Markdown that hold the document's own words without escapes.

xberg's own Markdown escapes what might be markup and keeps links, emphasis and image names; quotes are shown to people.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any, Self

from ingest.reading.markup.html_blocks import fence
from ingest.reading.tables.grids import markdown_table
from vectorstore.types import Page

_CONTROLS = re.compile("[\x00-\x08\x0c-\x1f\x7f-\x9f]")
_SHOWN_LAYERS = ("body", "footnote")
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or table as it is written."""

    text: str
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One node of xberg's tree: `content` is its JSON, `parent` an index into the same list."""

    content: Content
    page: int | None
    parent: int | None
    children: tuple[int, ...]
    layer: str

    @classmethod
    def of(cls, node: Any) -> Self:
        content = json.loads(str(node.content))
        return cls(content, node.page, node.parent, tuple(node.children), str(node.content_layer))

    @property
    def type(self) -> str:
        return str(self.content["node_type"])

    @property
    def text(self) -> str:
        return _text_of(self.content)


def render_pages(nodes: Sequence[TreeNode], *, paged: bool) -> tuple[Page, ...]:
    """Pages of Markdown; one with number None unless `paged`."""
    blocks = [Block(_render(place, nodes), node.type == "list_item") for place, node in enumerate(nodes)]
    if not paged:
        return (Page(None, join_blocks(blocks)),)
    by_page = groupby(zip(_page_numbers(nodes), blocks, strict=True), key=lambda numbered: numbered[0])
    return tuple(Page(number, join_blocks(block for _, block in group)) for number, group in by_page)


def join_blocks(blocks: Iterable[Block]) -> str:
    """Blocks one after the other, the items of a list without a blank line between them; empty ones are none."""
    parts: list[str] = []
    previous: Block | None = None
    for block in blocks:
        if block.text:
            parts += [] if previous is None else ["\n" if block.is_item and previous.is_item else "\n\n"]
            parts.append(block.text)
            previous = block
    return "".join(parts)


def _page_numbers(nodes: Sequence[TreeNode]) -> list[int]:
    """The page of each node: its own, or (a sheet's name) that of what follows it."""
    own = [node.page for node in nodes]
    following: int | None = None
    for place in range(len(own) - 1, -1, -1):
        following = own[place] = own[place] or following
    return list(accumulate((number or 1 for number in own), max))  # never backwards, so that each page is one


def _render(place: int, nodes: Sequence[TreeNode]) -> str:
    node = nodes[place]
    if node.layer not in _SHOWN_LAYERS:
        return ""
    if node.type == "list_item":
        return _list_item(place, nodes)
    render = _RENDERERS.get(node.type)
    return render(node.content) if render else node.text.strip()


def _list_item(place: int, nodes: Sequence[TreeNode]) -> str:
    lists = []
    ancestor: int | None = place
    while ancestor is not None:
        lists += [nodes[ancestor]] if nodes[ancestor].type == "list" else []
        ancestor = nodes[ancestor].parent
    mark = "- "
    if lists and lists[0].content.get("ordered"):
        mark = f"{lists[0].children.index(place) + 1 if place in lists[0].children else 1}. "
    text = nodes[place].text.strip()
    return f"{'  ' * (len(lists) - 1)}{mark}{text}" if text else ""


def write_heading(text: str, level: int) -> str:
    # A slide's title comes with the marks of its bold type.
    words = " ".join(text.strip().strip("*").split())
    return f"{'#' * min(level, 6)} {words}" if words else ""


def _table(grid: Content) -> str:
    rows = [["" for _ in range(grid["cols"])] for _ in range(grid["rows"])]
    for cell in grid["cells"]:
        if cell["row"] < grid["rows"] and cell["col"] < grid["cols"]:
            rows[cell["row"]][cell["col"]] = " ".join(cell["content"].split())
    filled = [row for row in rows if any(row)]
    columns = [place for place in range(grid["cols"]) if any(row[place] for row in filled)]
    shown = [[row[place] for place in columns] for row in filled]
    return markdown_table(shown[0], shown[1:]) if columns else ""


def _text_of(content: Content) -> str:
    return clean_text(str(content.get("text") or ""))


def clean_text(text: str) -> str:
    """Without control characters, and the empty lines around it."""
    # A vertical tab is a line break inside a paragraph of a slide.
    return _CONTROLS.sub("", text.replace("\x0b", "\n")).strip("\n").rstrip()


# The other types with a text of their own (paragraph, formula, footnote, citation, comment) are that text; groups,
# lists, images and page breaks have none.
_RENDERERS: dict[str, Callable[[Content], str]] = {
    "title": lambda content: write_heading(_text_of(content), 1),
    "heading": lambda content: write_heading(_text_of(content), content["level"]),
    "table": lambda content: _table(content["grid"]),
    "code": lambda content: fence(_text_of(content), content.get("language") or ""),
    "definition_item": lambda content: f"{content['term']}: {content['definition']}".strip(),
}
