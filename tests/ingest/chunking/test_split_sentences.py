"""Text is split into sentences, list items and table rows."""

from itertools import pairwise

import pytest
from hypothesis import given

from ingest.chunking.sentences import split_sentences
from tests.rag_app.passages import model_texts


@pytest.mark.shows("text", "titles, fields and directives of reStructuredText", "read", "each a line of its own")
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One flew. Two landed!", ["One flew.", "Two landed!"]),
        ("At 3.5 km Dr. Smith waved.", ["At 3.5 km Dr. Smith waved."]),
        ("# The crew\nOne flew.", ["# The crew", "One flew."]),
        ("- One flew\n- Two landed", ["One flew", "Two landed"]),
        ("1. One flew\n2. Two landed", ["One flew", "Two landed"]),
        ("| a. b | c |\n|---|---|\n| d | e |", ["| a. b | c |", "| d | e |"]),
        ("First line\ngoes on.\n\nNext paragraph", ["First line\ngoes on.", "Next paragraph"]),
        ("他们降落了。他留下了。", ["他们降落了。", "他留下了。"]),
        (f"{'x' * 400} One flew. Two {'AB/+' * 99} landed.", ["x" * 400, "One flew.", "Two", "AB/+" * 99, "landed."]),
        (f"Жили {'ж' * 300}. Они жили.", ["Жили", "ж" * 300 + ".", "Они жили."]),
        (f"{'他们降落了，' * 80}他留下了。他走。", ["他们降落了，" * 80 + "他留下了。", "他走。"]),
        ("As found.[12] Next it was.¹² Last.", ["As found.[12]", "Next it was.¹²", "Last."]),
        ("Kept.[^1] Or “no.”[4] She left v2.3.1, No. 5.", ["Kept.[^1]", "Or “no.”[4]", "She left v2.3.1, No. 5."]),
        ("It rose.[1][2]\nIt is 10^6, ~~900~~ 450 m².", ["It rose.[1][2]", "It is 10^6, ~~900~~ 450 m²."]),
        ("title: Guide\ntags: [a, b]\n---\n# One", ["title: Guide", "tags: [a, b]", "# One"]),
        (
            ":Author: Ada Falk\n:Version: 2.1\n\n.. note::\n   Dry.",
            [":Author: Ada Falk", ":Version: 2.1", ".. note::\n   Dry."],
        ),
        ("Guide\n=====\nIt is long\nand dry.\nParts\n^^^^^\nOne.", ["Guide", "It is long\nand dry.", "Parts", "One."]),
        ("He said this\nof it: so\nand on.", ["He said this\nof it: so\nand on."]),
        ("*** --- ...", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_its_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@given(model_texts())
def test_of_any_text_the_sentences_are_in_order_and_apart(text: str) -> None:
    spans = split_sentences(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
