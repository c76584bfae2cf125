"""What blocks and chunks promise for any text: exact places, nothing lost, nothing over the model's window."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking.chunks import ChunkSize, chunk_pages, find_blocks, heading_text
from ingest.chunking.sentences import split_sentences
from vectorstore.embeddings import EmbeddingModel
from vectorstore.embeddings.providers.static import count_words
from vectorstore.types import Chunk, Page

WORD_CHARACTER = re.compile(r"\w")
# Any character but halves of surrogate pairs, which no decoded file holds.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MARKS = (
    "# Heading\n§## Second heading ##\n§Setext\n===\n§###### Deep\n§#§\n§\n\n§ §\t§\r§***\n§---\ntitle: x\n---\n§"
    "[a]: b\n§| a | b |\n|---|---|\n| 1 | 2 |\n§```python\nprint('x')\n```\n§```\nnever closed\n§~~~ py§> quoted\n§"
    "- one\n- two\n  - three\n§1. first\n\n   still first\n§    indented\n§<div>\n<b>html</b>\n</div>\n§a  \nb\\\nc\n§"
    "&amp;\0§\u2028§\x0c§\x85§\x1e§\ufeff§One sentence. Another one! A third? e.g. this, Dr. Who.§No.Space.Here.§"
    "नमस्ते। दुनिया।§עברית§العربية"
)
REPEATED = (
    "xxxxxxxx§==§漢字仮名交じり文。句点で終わる。§한국어 문장입니다. §한국어띄어쓰기없음§ไทยไม่มีช่องว่าง§👩‍👩‍👧‍👦🏳️‍🌈§"
    "e\u0301§\u0301§unhappiness§ﷺ§The quick brown fox jumps over the lazy dog. §| cell | value |\n§    line = line\n"
)
FRAGMENTS = st.sampled_from([*MARKS.split("§"), *(letters * 40 for letters in REPEATED.split("§"))])
TEXTS = st.lists(FRAGMENTS | ANY_TEXT, max_size=14).map("".join)
LONG_NAMES = ["T", "한글 제목 " * 40, "漢" * 200, "Title of a document " * 20, "ﷺ" * 90, "👩‍👩‍👧‍👦" * 40]
NAMES = ANY_TEXT | st.sampled_from(LONG_NAMES)
TARGETS = st.sampled_from([1, 20, 200, 254])


def cut(
    pages: list[Page], model: EmbeddingModel, *, markdown: bool, title: str = "Title", target: int = 200
) -> list[Chunk]:
    size = ChunkSize(target, model.max_tokens, model.count_tokens)
    return chunk_pages("/docs/file", title, pages, markdown=markdown, size=size)


def tokens(texts: list[str], model: EmbeddingModel) -> list[int]:
    return model.count_tokens(texts) if texts else []


@settings(max_examples=150)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3), markdown=st.booleans(), target=TARGETS)
def test_every_chunk_is_its_slice_of_one_page_and_no_word_is_lost(
    model: EmbeddingModel, texts: list[str], markdown: bool, target: int
) -> None:
    pages = [Page(number, text) for number, text in enumerate(texts, 1)]
    chunks = cut(pages, model, markdown=markdown, target=target)
    assert [chunk.page for chunk in chunks] == sorted(chunk.page or 0 for chunk in chunks)
    for page in pages:
        own = [chunk for chunk in chunks if chunk.page == page.number]
        assert [page.text[chunk.start : chunk.end] for chunk in own] == [chunk.text for chunk in own]
        assert all(before.end <= after.start for before, after in pairwise(own))
        covered = {place for chunk in own for place in range(chunk.start, chunk.end)}
        assert {match.start() for match in WORD_CHARACTER.finditer(page.text)} <= covered
        assert all(chunk.text.strip() == chunk.text for chunk in own)


@settings(max_examples=150)
@given(text=TEXTS, title=NAMES, heading=NAMES, markdown=st.booleans(), target=TARGETS)
def test_every_chunk_fits_the_window_of_the_model_with_any_title_and_headings(
    model: EmbeddingModel, text: str, title: str, heading: str, markdown: bool, target: int
) -> None:
    page = Page(None, f"# {heading}\n\n## {heading}\n\n{text}")
    chunks = cut([page], model, markdown=markdown, title=title, target=target)
    over = [n for n in tokens([chunk.embedded_text for chunk in chunks], model) if n > model.max_tokens]
    assert over == []


@pytest.mark.parametrize("letters", ["x", "한", "👩", "unhappiness", pytest.param("漢", marks=pytest.mark.slow)])
def test_100_000_characters_without_white_space_are_cut_in_seconds(model: EmbeddingModel, letters: str) -> None:
    text = (letters * 100_000)[:100_000]
    began = time.monotonic()
    chunks = cut([Page(None, text)], model, markdown=letters == "x")
    assert time.monotonic() - began < 20
    assert "".join(chunk.text for chunk in chunks) == (text if WORD_CHARACTER.search(text) else "")
    assert all(n <= model.max_tokens for n in tokens([chunk.embedded_text for chunk in chunks], model))


PARAGRAPH = "The quick brown fox jumps over the lazy dog. " * 3
TABLE = "| name | number |\n|---|---|\n" + "".join(f"| row {row} | {row} |\n" for row in range(90))


def test_paragraphs_under_one_heading_share_a_chunk_and_a_heading_begins_a_new_one(model: EmbeddingModel) -> None:
    text = f"# One\n\n{PARAGRAPH}\n\n{PARAGRAPH}\n\n# Two\n\n{PARAGRAPH}"
    chunks = cut([Page(None, text)], model, markdown=True)
    assert [chunk.text.split("\n")[0] for chunk in chunks] == ["# One", "# Two"]
    assert chunks[0].text.count("fox") == 6


def test_a_chunk_knows_the_headings_it_is_under_from_page_to_page(model: EmbeddingModel) -> None:
    text = "# A\n\na\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd\n\n# E\n\ne"
    chunks = cut([Page(None, text)], model, markdown=True)
    assert [chunk.headings for chunk in chunks] == [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D"), ("E",)]
    pages = [Page(1, "# A\n\n## B\n\nfirst"), Page(2, "second"), Page(3, "## C\n\nthird")]
    chunks = cut(pages, model, markdown=True)
    assert [(chunk.page, chunk.headings) for chunk in chunks] == [(1, ("A", "B")), (2, ("A", "B")), (3, ("A", "C"))]


def test_a_heading_is_never_left_at_the_end_of_a_chunk(model: EmbeddingModel) -> None:
    text = "\n\n".join(f"# Heading {n}\n\n## Under {n}\n\n{PARAGRAPH * (n % 5 + 1)}" for n in range(12))
    chunks = cut([Page(None, text)], model, markdown=True)
    assert [chunk.text for chunk in chunks if chunk.text.split("\n")[-1].startswith("#")] == []


def test_a_table_over_size_is_cut_between_its_rows(model: EmbeddingModel) -> None:
    chunks = cut([Page(None, f"Before.\n\n{TABLE}\nAfter.")], model, markdown=True)
    lines = [line for chunk in chunks for line in chunk.text.split("\n") if line.startswith("|")]
    assert len(chunks) > 2
    assert lines == TABLE.splitlines()


def test_code_that_fits_is_kept_whole_with_its_blank_lines(model: EmbeddingModel) -> None:
    code = "```python\ndef first():\n    return 1\n\n\n# no heading\ndef second():\n    return 2\n```"
    chunks = cut([Page(None, f"{PARAGRAPH}\n\n{code}\n\n{PARAGRAPH}")], model, markdown=True)
    assert sum(code in chunk.text for chunk in chunks) == 1


def test_a_paragraph_over_size_is_cut_between_sentences(model: EmbeddingModel) -> None:
    text = " ".join(f"Sentence number {n} tells of Dr. Smith and of item 3.{n}." for n in range(100))
    chunks = cut([Page(None, text)], model, markdown=False)
    assert len(chunks) > 5
    assert all(re.match(r"Sentence number \d+", chunk.text) and re.search(r"3\.\d+\.$", chunk.text) for chunk in chunks)


def test_prose_fills_its_chunks(model: EmbeddingModel) -> None:
    text = "\n\n".join([PARAGRAPH] * 60)
    counts = tokens([chunk.text for chunk in cut([Page(None, text)], model, markdown=False)], model)
    assert all(150 < n <= 200 for n in counts[:-1])


def test_text_without_words_makes_no_chunk(model: EmbeddingModel) -> None:
    assert cut([Page(1, "--- *** ...\n\n!!!"), Page(2, " \n\t"), Page(3, "")], model, markdown=True) == []


def test_a_long_title_in_letters_of_many_tokens_leaves_room_for_the_text(model: EmbeddingModel) -> None:
    title = "긴 제목이 있는 한국어 문서 " * 10
    chunks = cut([Page(None, f"# {title}\n\n## {title}\n\n{PARAGRAPH * 9}")], model, markdown=True, title=title)
    assert all(chunk.title and title.startswith(chunk.title) for chunk in chunks)
    assert max(tokens([chunk.text for chunk in chunks], model)) > model.max_tokens / 3


DOCUMENT = """---
title: Front matter
---
# Title

First paragraph
on two lines.

## Table

| a | b |
|---|---|
| 1 | 2 |

```python
# not a heading
```

    indented code

- one
  - nested
- two

1. first

> quoted

[label]: https://example.org

Setext
------

Last."""


@settings(max_examples=150)
@given(text=TEXTS, markdown=st.booleans())
def test_blocks_stand_in_order_do_not_overlap_and_cover_all_but_white_space(text: str, markdown: bool) -> None:
    blocks = find_blocks(text, markdown=markdown)
    ends = [0, *(block.end for block in blocks)]
    assert all(0 <= end <= block.start <= block.end for end, block in zip(ends, blocks, strict=False))
    gaps = zip(ends, [*(block.start for block in blocks), len(text)], strict=True)
    assert "".join(text[start:end] for start, end in gaps).strip() == ""


def test_markdown_blocks_have_a_kind_and_headings_a_level() -> None:
    found = [(block.kind, DOCUMENT[block.start : block.end].strip()) for block in find_blocks(DOCUMENT, markdown=True)]
    assert [(kind, text) for kind, text in found if text] == [
        ("paragraph", "---"),
        ("list", "title: Front matter"),
        ("paragraph", "---"),
        ("heading", "# Title"),
        ("paragraph", "First paragraph\non two lines."),
        ("heading", "## Table"),
        ("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("code", "```python\n# not a heading\n```"),
        ("code", "indented code"),
        ("list", "- one\n  - nested\n- two"),
        ("list", "1. first"),
        ("paragraph", "> quoted"),
        ("paragraph", "[label]: https://example.org"),
        ("heading", "Setext\n------"),
        ("paragraph", "Last."),
    ]
    text = "# a\n\n### b\n\nc\n===\n\nd\n---\n\n###### e\n"
    assert [block.level for block in find_blocks(text, markdown=True) if block.kind == "heading"] == [1, 3, 1, 2, 6]


@pytest.mark.shows(
    "markdown", "fields of front matter", "read", "each a line of its own, without the `---` around them"
)
@pytest.mark.shows(
    "markdown", "superscripts, struck out words, formulas, HTML", "read", "as they are written in the file"
)
@pytest.mark.parametrize("front", ["---\n{}---\n", "+++\n{}+++\n", "---\n{}...\n"])
def test_front_matter_is_its_fields(front: str) -> None:
    text = front.format("title: Guide\nowner: Ada\n") + "\n10<sup>6</sup> litres, ~~900~~ H~2~O\n"
    size = ChunkSize(20, 60, count_words)
    chunks = chunk_pages("a.md", "a", [Page(None, text)], markdown=True, size=size)
    assert chunks[0].text.startswith("title: Guide\nowner: Ada")
    units = [chunk.text[start:end] for chunk in chunks for start, end in split_sentences(chunk.text)]
    assert units == ["title: Guide", "owner: Ada", "10<sup>6</sup> litres, ~~900~~ H~2~O"]


def test_plain_text_has_paragraphs_alone_whatever_marks_are_in_it() -> None:
    text = "# no heading\n\n| no | table |\n\n \t\n    not code\n"
    blocks = find_blocks(text, markdown=False)
    assert [(block.kind, text[block.start : block.end].strip()) for block in blocks] == [
        ("paragraph", "# no heading"),
        ("paragraph", "| no | table |"),
        ("paragraph", "not code"),
    ]


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("# Plain", "Plain"),
        ("  ## Closed ##", "Closed"),
        ("### **Bold** and `code`", "Bold and code"),
        ("Setext\n======", "Setext"),
        ("Two\nlines\n---", "Two lines"),
        ("# C# and F#", "C# and F#"),
        ("#", ""),
        ("## The `load_model` function, *2nd*", "The load_model function, 2nd"),
        ("a*b and snake_case", "a*b and snake_case"),
    ],
)
def test_the_words_of_a_heading_have_no_marks(marked: str, words: str) -> None:
    assert heading_text(marked) == words
