"""Splits the text of a page into blocks: headings, paragraphs, tables, code and lists, each a slice of the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from markdown_it import MarkdownIt

# Without inline parsing, which blocks do not need and which takes two thirds of the time.
MARKDOWN = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
FRONT_MATTER = re.compile(r"\A---\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
PARAGRAPH_GAP = re.compile(r"\n[ \t]*\n\s*")
# Marks of emphasis are at the edge of a word; an underscore within one is part of a name.
HEADING_MARKS = re.compile(r"^\s{0,3}#{1,6}(?:\s+|$)|\s+#+\s*$|\n[=-]+\s*$|(?<!\w)[*_`]{1,3}|[*_`]{1,3}(?!\w)")
# These are cut between lines when they are over size; anything else between sentences.
LINE_KINDS = {"table_open": "table", "fence": "code", "code_block": "code"}
LIST_KINDS = {"bullet_list_open": "list", "ordered_list_open": "list"}


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]` of a page; `kind` is heading, paragraph, table, code or list; `level` of a heading from 1."""

    start: int
    end: int
    kind: str
    level: int = 0


def find_blocks(text: str, *, markdown: bool) -> list[Block]:
    """All blocks of a page in order; together they cover everything but white space."""
    return list(markdown_blocks(text) if markdown else paragraph_blocks(text))


def paragraph_blocks(text: str) -> Iterator[Block]:
    start = 0
    for gap in PARAGRAPH_GAP.finditer(text):
        yield Block(start, gap.start(), "paragraph")
        start = gap.end()
    yield Block(start, len(text), "paragraph")


def markdown_blocks(text: str) -> Iterator[Block]:
    front = FRONT_MATTER.match(text)
    begin = front.end() if front else 0
    if front:
        yield Block(0, begin, "paragraph")
    lines = text[begin:].split("\n")
    offsets = [begin, *(begin + n for n in accumulate(len(line) + 1 for line in lines))]
    covered = 0  # link definitions and the like give no token: what lies between tokens is a paragraph
    # To the parser a carriage return begins a line; here it is white space, and places must be counted alike.
    for token in MARKDOWN.parse(text[begin:].replace("\r", " ")):
        if token.level or not token.map or token.nesting < 0:
            continue
        first, last = token.map
        if covered < first:
            yield Block(offsets[covered], offsets[first], "paragraph")
        kind = {**LINE_KINDS, **LIST_KINDS, "heading_open": "heading"}.get(token.type, "paragraph")
        level = int(token.tag[1]) if kind == "heading" else 0
        yield Block(offsets[first], min(offsets[last], len(text)), kind, level)
        covered = max(covered, last)
    if covered < len(lines):
        yield Block(offsets[covered], len(text), "paragraph")


def heading_text(block_text: str) -> str:
    """The words of a heading, on one line, without its marks."""
    return " ".join(HEADING_MARKS.sub("", block_text.strip()).split())
