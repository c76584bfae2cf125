"""Claims of a model's text: the exact words that prove each, or none; how likely a span supports a claim."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_app.answering.citations import compose
from rag_app.answering.generation.generate import build_context
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.verification.facts import read_facts
from rag_app.answering.verification.prove_claims import ENOUGH, Embed, Surroundings, cite_found, cover, prove, support
from tests.rag_app.passages import PAGE, cut, make_passage, model_texts, passage_lists
from vectorstore.types import Passage

PASSAGES = cut(PAGE, [PAGE.index("Michael"), PAGE.index("##")], source="/docs/crew.md")
FLEW = "Three astronauts flew on Apollo 11 in July 1969."
STAYED = "Michael Collins stayed in lunar orbit aboard Columbia."
SPAN = "Michael Collins stayed in lunar orbit aboard Columbia for 21 hours."
NOWHERE = Surroundings(read_facts(""), read_facts(""))


def quote_for(sentence: str, embed: Embed) -> str | None:
    (claim,) = prove(sentence, PASSAGES, embed=embed)
    return claim.evidence[0].quote if claim.evidence else None


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        *((f"Three astronauts flew on Apollo 11{marker}.", FLEW) for marker in ("", " [1]", " [3]", " [9]")),
        (
            "Michael Collins stayed in orbit aboard Columbia while Neil Armstrong and Buzz Aldrin landed in Eagle.",
            f"{STAYED} Neil Armstrong and Buzz Aldrin landed in Eagle.",
        ),
        ("Three astronauts flew on Apollo 12 in July 1969 [1].", None),
        ("Three astronauts flew on Apollo 11 in July 1970 [1].", None),
        ("Four astronauts flew on Apollo 11 in July 1969 [1].", None),
        ("Three astronauts flew on Gemini 11 in July 1969 [1].", None),
        ("Cheese is made of milk [1].", None),
    ],
)
def test_a_sentence_gets_the_quote_that_proves_it_whatever_its_marker_or_none(
    sentence: str, quote: str | None, embed: Embed
) -> None:
    assert quote_for(sentence, embed) == quote


def test_the_passage_that_a_marker_names_is_believed_if_it_says_so(embed: Embed) -> None:
    twice = [make_passage("Collins stayed in orbit.", source=f"/docs/{name}.md") for name in ("a", "b")]
    (claim,) = prove("Collins stayed in orbit [2].", twice, embed=embed)
    assert claim.evidence[0].passage is twice[1]
    assert prove("[1] [2]\n", PASSAGES, embed=embed) == [], "markers alone claim nothing"


def test_a_stronger_judge_decides_among_spans_that_have_the_numbers_and_names(embed: Embed) -> None:
    asked: list[str] = []

    def never(claim: str, spans: list[str]) -> list[float]:
        asked.extend(spans)
        return [0.0] * len(spans)

    (claim,) = prove("Three astronauts flew on Apollo 11.", PASSAGES, embed=embed, verify=never)  # type: ignore[arg-type]
    assert claim.evidence == ()
    assert asked
    assert all("11" in span for span in asked)


def supported(claim: str, span: str = SPAN, *, context: str = "") -> bool:
    around = Surroundings(read_facts(context), read_facts(f"{context}\n{span}"))
    return support(read_facts(claim), read_facts(span), around, 0.8) >= ENOUGH


@pytest.mark.parametrize(
    ("claim", "is_supported"),
    [
        (SPAN, True),
        ("Collins stayed in orbit aboard Columbia.", True),
        ("Michael Collins stayed in orbit for twenty-one hours.", True),
        (SPAN.replace("21", "22"), False),
        (SPAN.replace("hours", "days"), False),
        (SPAN.replace("Columbia", "Eagle"), False),
        ("Cheese is made of milk.", False),
        ("", False),
    ],
)
def test_a_span_supports_what_it_says_and_no_other_number_unit_name_or_subject(claim: str, is_supported: bool) -> None:
    assert supported(claim) == is_supported


def test_a_name_may_be_in_the_title_over_the_span_and_a_denial_makes_support_less_likely() -> None:
    assert not supported("Then Collins stayed in lunar orbit.", "He stayed in lunar orbit.")
    assert supported("Then Collins stayed in lunar orbit.", "He stayed in lunar orbit.", context="Michael Collins")
    said, denied = (read_facts(f"Collins stayed in orbit{end}") for end in (".", " never."))
    assert support(denied, read_facts(SPAN), NOWHERE, 0.8) < support(said, read_facts(SPAN), NOWHERE, 0.8)


@given(st.text(max_size=60), st.text(max_size=60), st.floats(-1, 1))
def test_support_of_anything_is_a_probability(claim: str, span: str, cosine: float) -> None:
    assert 0 <= support(read_facts(claim), read_facts(span), NOWHERE, cosine) <= 1


class TestLaw:
    """A citation points only at a passage that was found for this very question, by its exact words."""

    @settings(max_examples=150)
    @given(model_texts(), passage_lists(), st.sampled_from([30, 100, 300, 100_000]))
    def test_whatever_a_model_writes_is_cited_from_the_passages_found_or_not_at_all(
        self, embed: Embed, written: str, given_passages: tuple[dict[str, str], list[Passage]], budget_tokens: int
    ) -> None:
        pages, found = given_passages
        context = build_context(found, load_page=lambda source, _page: pages[source], budget_tokens=budget_tokens)
        proved = prove(written, context.passages, embed=embed)
        claims = cite_found(proved, found)
        assert [bool(claim.evidence) for claim in claims] == [bool(claim.evidence) for claim in proved]
        text, sentences, citations = compose(claims)
        for citation in citations:
            assert pages[citation.source][citation.start : citation.end] == citation.quote != ""
            assert citation.quote.strip() == citation.quote
            chunks = [passage.chunk for passage in found if passage.chunk.source == citation.source]
            assert any(chunk.start <= citation.start < citation.end <= chunk.end for chunk in chunks)
            assert f"[{citation.marker}]" in text
        numbers = {citation.marker for citation in citations}
        assert numbers == set(range(1, len(citations) + 1))
        assert {number for _, number in read_markers(text, passages=999)[1]} <= numbers, "a marker points at nothing"
        assert "".join(sentence.text for sentence in sentences) == text
        for sentence in sentences:
            assert text[sentence.start : sentence.end] == sentence.text
            assert sentence.supported == bool(sentence.markers)
            assert set(sentence.markers) <= numbers

    def test_a_span_over_two_passages_that_were_merged_is_cited_in_each(self, embed: Embed) -> None:
        found = cut(PAGE, [PAGE.index("Michael")], source="/docs/crew.md")
        context = build_context(found, load_page=lambda _source, _page: PAGE, budget_tokens=100_000)
        said = f"{FLEW.rstrip('.')} and {STAYED}"
        (claim,) = cite_found(prove(said, context.passages, embed=embed), found)
        assert [(evidence.passage, evidence.quote) for evidence in claim.evidence] == list(
            zip(found, (FLEW, STAYED), strict=True)
        )

    @given(model_texts())
    def test_without_passages_nothing_is_cited_and_the_sentences_together_are_the_text(
        self, embed: Embed, written: str
    ) -> None:
        text, sentences, citations = compose(prove(written, [], embed=embed))
        assert (citations, read_markers(text, passages=999)[1]) == ((), [])
        assert not any(sentence.supported for sentence in sentences)
        assert "".join(written[start:end] for start, end in cover(written)) == written
