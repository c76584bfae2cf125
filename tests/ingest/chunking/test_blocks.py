"""What the blocks of a page are: kinds and levels for Markdown, paragraphs for plain text, together the whole text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking.chunks import find_blocks, heading_text

MARKS = (
    "§ §# One§## Two§Under§===§---§| a | b |§|---|---|§```§~~~ py§    code§- item§1. first§  more§> quote§<div>§[a]: b"
    "§text & more§\t§***§\0§a\rb§\u2028"
)
LINES = st.sampled_from(MARKS.split("§"))
TEXTS = st.lists(LINES | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=25).map("\n".join)

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


@settings(max_examples=200)
@given(text=TEXTS, markdown=st.booleans())
def test_blocks_stand_in_order_do_not_overlap_and_cover_all_but_white_space(text: str, markdown: bool) -> None:
    blocks = find_blocks(text, markdown=markdown)
    ends = [0, *(block.end for block in blocks)]
    assert all(0 <= end <= block.start <= block.end for end, block in zip(ends, blocks, strict=False))
    gaps = zip(ends, [*(block.start for block in blocks), len(text)], strict=True)
    assert "".join(text[start:end] for start, end in gaps).strip() == ""


def test_markdown_blocks_are_told_by_kind() -> None:
    found = [(block.kind, DOCUMENT[block.start : block.end].strip()) for block in find_blocks(DOCUMENT, markdown=True)]
    assert [(kind, text) for kind, text in found if text] == [
        ("paragraph", "---\ntitle: Front matter\n---"),
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


def test_headings_have_their_level() -> None:
    text = "# a\n\n### b\n\nc\n===\n\nd\n---\n\n###### e\n"
    assert [block.level for block in find_blocks(text, markdown=True) if block.kind == "heading"] == [1, 3, 1, 2, 6]


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
