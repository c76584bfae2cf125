"""From a model's sentence to the exact words that prove it, or to none."""

import pytest

from rag_app.answering.verification.prove_claims import Embed, prove
from tests.rag_app.passages import PAGE, cut, make_passage

PASSAGES = cut(PAGE, [PAGE.index("Michael"), PAGE.index("##")], source="/docs/crew.md")


def quote_for(sentence: str, embed: Embed) -> str | None:
    (claim,) = prove(sentence, PASSAGES, embed=embed)
    return claim.evidence[0].quote if claim.evidence else None


def test_the_passage_that_a_marker_names_is_believed_if_it_says_so(embed: Embed) -> None:
    twice = [make_passage("Collins stayed in orbit.", source=f"/docs/{name}.md") for name in ("a", "b")]
    (claim,) = prove("Collins stayed in orbit [2].", twice, embed=embed)
    assert claim.evidence[0].passage is twice[1]


@pytest.mark.parametrize("marker", ["", " [1]", " [3]", " [9]"])
def test_a_right_sentence_gets_the_right_quote_whatever_its_marker(marker: str, embed: Embed) -> None:
    right = "Three astronauts flew on Apollo 11 in July 1969."
    assert quote_for(f"Three astronauts flew on Apollo 11{marker}.", embed) == right


@pytest.mark.parametrize(
    "sentence",
    [
        "Three astronauts flew on Apollo 12 in July 1969 [1].",
        "Three astronauts flew on Apollo 11 in July 1970 [1].",
        "Four astronauts flew on Apollo 11 in July 1969 [1].",
        "Three astronauts flew on Gemini 11 in July 1969 [1].",
        "Cheese is made of milk [1].",
    ],
)
def test_what_the_passages_do_not_say_is_not_supported(sentence: str, embed: Embed) -> None:
    assert quote_for(sentence, embed) is None


def test_what_two_neighbouring_sentences_say_is_proved_by_both(embed: Embed) -> None:
    said = "Michael Collins stayed in orbit aboard Columbia while Neil Armstrong and Buzz Aldrin landed in Eagle."
    quote = "Michael Collins stayed in lunar orbit aboard Columbia. Neil Armstrong and Buzz Aldrin landed in Eagle."
    assert quote_for(said, embed) == quote


def test_a_stronger_judge_decides_among_spans_that_have_the_numbers_and_names(embed: Embed) -> None:
    asked: list[str] = []

    def never(claim: str, spans: list[str]) -> list[float]:
        asked.extend(spans)
        return [0.0] * len(spans)

    said = "Three astronauts flew on Apollo 11."
    (claim,) = prove(said, PASSAGES, embed=embed, verify=never)  # type: ignore[arg-type]
    assert claim.evidence == ()
    assert asked
    assert all("11" in span for span in asked)


def test_a_text_of_markers_alone_claims_nothing(embed: Embed) -> None:
    assert prove("[1] [2]\n", PASSAGES, embed=embed) == []
