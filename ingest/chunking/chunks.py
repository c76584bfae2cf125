"""Splits pages into blocks, and these into chunks at headings and paragraphs, within the model's window.

Blocks under one heading are joined until a chunk is full; a block is split only if it is over size.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from markdown_it import MarkdownIt

from ingest.chunking.sentences import FindSentences, find_sentences, strip_span
from vectorstore.types import Chunk, Page, embedded_context

CountTokens = Callable[[Sequence[str]], list[int]]
# A word of any length can be one token to a tokenizer ([UNK]); this bounds a chunk's characters too. English has
# 4 to 5 characters a token.
CHARACTERS_PER_TOKEN = 10
# The line break between context and text, and a token that may appear where the two are joined.
JOINT_TOKENS = 2
# The shares of the window that a title and each of its headings may take; in English they never need as much.
TITLE_SHARE, HEADING_SHARE = 4, 6
LINES = re.compile(r"[^\n]*\n|[^\n]+")
HAS_WORD = re.compile(r"\w")
# Without inline parsing, which blocks do not need and which takes two thirds of the time.
MARKDOWN = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
FRONT_MATTER = re.compile(
    r"\A(?P<rule>---|\+\+\+)[ \t]*\n(?P<fields>.*?\n)(?:(?P=rule)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
PARAGRAPH_GAP = re.compile(r"\n[ \t]*\n\s*")
# Marks of emphasis are at the edge of a word; an underscore within one is part of a name.
HEADING_MARKS = re.compile(r"^\s{0,3}#{1,6}(?:\s+|$)|\s+#+\s*$|\n[=-]+\s*$|(?<!\w)[*_`]{1,3}|[*_`]{1,3}(?!\w)")
KINDS = {
    "heading_open": "heading",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
}


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]` of a page; `kind` is heading, paragraph, table, code or list; `level` of a heading from 1."""

    start: int
    end: int
    kind: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """`target` is how full a chunk is made; `window` is the longest text the model embeds whole; both in its tokens.

    `find_sentences` finds the places where a text over size may be split.
    """

    target: int
    window: int
    count_tokens: CountTokens
    find_sentences: FindSentences = find_sentences

    def measure(self, texts: Sequence[str]) -> list[int]:
        counts = self.count_tokens(texts) if texts else []
        return [max(n, len(text) // CHARACTERS_PER_TOKEN, 1) for n, text in zip(counts, texts, strict=True)]


@dataclass(frozen=True, slots=True)
class Piece:
    """A block, or a part of one over size; `room` is how many tokens fit the window next to its context."""

    start: int
    end: int
    tokens: int
    room: int
    headings: tuple[str, ...]
    is_heading: bool


def chunk_pages(
    source: str, title: str, pages: Iterable[Page], *, markdown: bool, size: ChunkSize, is_titled: bool = True
) -> list[Chunk]:
    """All chunks of a document. No chunk crosses a page, and each fits the window together with its context."""
    chunks: list[Chunk] = []
    headings: list[tuple[int, str]] = []
    title = fit_name(title, share=TITLE_SHARE, size=size)
    for page in pages:
        # `headings` carries the open ones from page to page.
        pieces = find_pieces(page.text, title if is_titled else "", headings, markdown=markdown, size=size)
        for group in pack(pieces, size.target):
            start, end = strip_span(page.text, group[0].start, group[-1].end)
            if HAS_WORD.search(page.text, start, end):
                path = group[-1].headings
                chunks.append(Chunk(source, title, page.number, start, end, page.text[start:end], path, is_titled))
    return chunks


def find_pieces(
    text: str, title: str, headings: list[tuple[int, str]], *, markdown: bool, size: ChunkSize
) -> Iterator[Piece]:
    blocks = [b for b in find_blocks(text, markdown=markdown) if HAS_WORD.search(text, b.start, b.end)]
    counts = size.measure([text[block.start : block.end] for block in blocks])
    for block, tokens in zip(blocks, counts, strict=True):
        if block.kind == "heading":
            headings[:] = [(level, name) for level, name in headings if level < block.level]
            name = heading_text(text[block.start : block.end])
            headings.append((block.level, fit_name(name, share=HEADING_SHARE, size=size)))
        path = tuple(name for _, name in headings if name)
        room = size.window - size.measure([embedded_context(title, path)])[0] - JOINT_TOKENS
        parts = [(block.start, block.end, tokens)]
        if tokens > room:
            parts = list(cut_block(text, block, limit=min(room, size.target), size=size))
        for start, end, part_tokens in parts:
            yield Piece(start, end, part_tokens, room, path, block.kind == "heading")


def fit_name(name: str, *, share: int, size: ChunkSize) -> str:
    """A title or heading, shortened where it would leave the text too little room: eighty Korean letters can."""
    shown = embedded_context(name, ())
    while size.measure([shown])[0] > max(size.window // share, 1):
        name = shown = shown[: len(shown) * 3 // 4]
    return name


def pack(pieces: Iterable[Piece], target: int) -> Iterator[list[Piece]]:
    """Groups of neighbours of at most `target` tokens under one heading.

    Headings stay with what follows them, which may then fill the whole window.
    """
    group: list[Piece] = []
    tokens = 0
    for piece in pieces:
        only_headings = all(member.is_heading for member in group)
        most = piece.room if only_headings else min(target, piece.room)
        if group and (tokens + piece.tokens > most or (piece.is_heading and not only_headings)):
            yield group
            group, tokens = [], 0
        group.append(piece)
        tokens += piece.tokens
    if group:
        yield group


def cut_block(text: str, block: Block, *, limit: int, size: ChunkSize) -> Iterator[tuple[int, int, int]]:
    """Start, end and tokens of the parts of a block over size: whole lines or sentences as far as they go."""
    if block.kind in ("table", "code", "list"):
        units = [match.span() for match in LINES.finditer(text, block.start, block.end)]
    else:
        found = size.find_sentences(text[block.start : block.end])
        units = [(block.start + start, block.start + end) for start, end in found]
    counts = size.measure([text[start:end] for start, end in units])
    first, total, last = block.start, 0, block.start
    for (start, end), tokens in zip(units, counts, strict=True):
        if total and total + tokens > limit:
            yield first, last, total
            first, total = start, 0
        if tokens > limit:
            yield from cut_unit(text, start, end, limit=limit, size=size)
            first, total = end, 0
        else:
            total += tokens
        last = end
    if total:
        yield first, last, total


def cut_unit(text: str, start: int, end: int, *, limit: int, size: ChunkSize) -> Iterator[tuple[int, int, int]]:
    """A single line or sentence over size, cut at white space where there is some."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # slow to import, and seldom needed

    splitter = RecursiveCharacterTextSplitter(
        separators=["\n", " ", ""],
        keep_separator="end",
        strip_whitespace=False,  # so that the parts joined are the text, and offsets are sums, never searches
        chunk_size=limit,
        chunk_overlap=0,
        length_function=lambda part: size.measure([part])[0],
    )
    position = start
    for stretch_end in stretches(text, start, end, length=limit * CHARACTERS_PER_TOKEN):
        whole = text[position:stretch_end]
        for part in [whole] if size.measure([whole])[0] <= limit else splitter.split_text(whole):
            yield position, position + len(part), size.measure([part])[0]
            position += len(part)


def stretches(text: str, start: int, end: int, *, length: int) -> Iterator[int]:
    """Ends of stretches of at most `length`: the splitter measures every letter of a text without white space."""
    while start < end:
        stop = min(start + length, end)
        gap = max(text.rfind(" ", start, stop), text.rfind("\n", start, stop))
        start = stop if stop == end or gap <= start else gap + 1
        yield start


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
    if front:  # its fields are lines that say something; the marks around them are not
        yield Block(0, front.start("fields"), "paragraph")
        yield Block(*front.span("fields"), "list")
        yield Block(front.end("fields"), begin, "paragraph")
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
        kind = KINDS.get(token.type, "paragraph")
        level = int(token.tag[1]) if kind == "heading" else 0
        yield Block(offsets[first], min(offsets[last], len(text)), kind, level)
        covered = max(covered, last)
    if covered < len(lines):
        yield Block(offsets[covered], len(text), "paragraph")


def heading_text(block_text: str) -> str:
    """The words of a heading, on one line, without its marks."""
    return " ".join(HEADING_MARKS.sub("", block_text.strip()).split())
