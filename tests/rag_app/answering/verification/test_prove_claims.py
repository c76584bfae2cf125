"""Claims of a model's text: what claims something, its state, and the exact words that it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import split_sentences
from rag_app import Settings
from rag_app.answering.citations import Evidence, compose
from rag_app.answering.generation.generate import build_context
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.verification.chat_judge import Says, Verdict
from rag_app.answering.verification.prove_claims import (
    PROVED,
    SIMILAR,
    Embed,
    cite_found,
    cover,
    find_claims,
    prove,
)
from rag_app.types import State
from rag_app.wiring import load_reader
from tests.rag_app.passages import PAGE, cut, evidence, make_passage, model_texts, passage_lists
from vectorstore import Reading
from vectorstore.search.reader import NoReader
from vectorstore.types import Passage

PASSAGES = cut(PAGE, [PAGE.index("Michael"), PAGE.index("##")], source="/docs/crew.md")
FLEW = "Three astronauts flew on Apollo 11 in July 1969."
STAYED = "Michael Collins stayed in lunar orbit aboard Columbia."
REMAINED = "Collins remained in orbit around the Moon."
TALL = "The Eiffel Tower is 330 metres tall."
(UNSAID,) = NoReader().read("", [""])
# Far from every threshold, or in the middle between two, of which a score of 0.5 is nothing said.
HIGH, MIDDLE, LOW = 0.98, PROVED + SIMILAR - 1, 0.01


@dataclass(frozen=True)
class Believes:
    """A reader that says the same of every claim: so likely is it supported and contradicted by texts that have these
    words, and others say nothing of it."""

    supported: float
    contradicted: float = 0.0
    words: tuple[str, ...] = ()

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        unsaid = max(0.0, 1 - self.supported - self.contradicted)
        said = replace(UNSAID, supported=self.supported, contradicted=self.contradicted, unsaid=unsaid)
        return [said if all(word in text for word in self.words) else UNSAID for text in texts]


class Guesses:
    """A reader that says anything, and the same of the same pair."""

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        shares = [(HIGH, LOW), (MIDDLE, LOW), (LOW, HIGH), (LOW, LOW)]
        chosen = [Random(f"{asked}\n{text}").choice(shares) for text in texts]
        return [replace(UNSAID, supported=yes, contradicted=no) for yes, no in chosen]


class TestClaims:
    @pytest.mark.parametrize(
        ("pieces", "claims"),
        [
            (["# Weights", "#no heading", "### a ## b"], [False, True, False]),
            (["They took:", "- a pen", "1. ink", "**Crew:**", "It was so: heavy."], [False, True, True, False, True]),
            (["| a | b |", "|---|:-:|", "| c | d |"], [False, False, True]),
            (["| a | b |\n|---|---|", "| c | d |"], [False, True]),
            (["It runs.", "```python", "x = 1.", "y = 2.\n```", "It stops."], [True, False, False, False, True]),
            (["~~~\nx = 1\n~~~", "It stops."], [False, True]),
            (["* * *", "—", "", "车站在左边。", "42"], [False, False, False, True, True]),
        ],
    )  # fmt: skip
    def test_headings_lead_ins_heads_of_tables_code_and_lines_of_signs_claim_nothing(
        self, pieces: list[str], claims: list[bool]
    ) -> None:
        assert find_claims(pieces) == claims

    def test_a_text_is_cut_into_pieces_of_which_each_claims_something_or_not(self) -> None:
        text = (
            "# Weights\n\nThe stages weigh:\n\n| stage | tonnes |\n|---|---:|\n| first | 2,300 |\n\n- It flew.\n\n* * *"
            "\n\nIt runs.\n\n```\nx = 1.\nprint(x)\n```\n\nIt stops. It is [off](a.md).\n"
        )
        pieces = [text[start:end].strip() for start, end in cover(text)]
        claims = [piece for piece, is_claim in zip(pieces, find_claims(pieces), strict=True) if is_claim]
        assert claims == (
            ["| first | 2,300 |", "- It flew.\n\n* * *", "It runs.", "It stops.", "It is [off](a.md)."]
        )  # fmt: skip

    def test_a_chat_model_is_asked_once_about_what_claims_something_and_only_where_there_are_passages(
        self, embed: Embed
    ) -> None:
        asked: list[Sequence[str]] = []

        def ask_model(sentences: Sequence[str]) -> list[Verdict]:
            asked.append(sentences)
            return [Verdict("unsaid", None)] * len(sentences)

        carried = "Apollo 11 carried three men."
        text = f"# Crew\n\nThey were these:\n\n- {REMAINED}\n\n{carried} [1]\n"
        claims = prove(text, PASSAGES, embed=embed, reader=Believes(LOW), ask_model=ask_model)
        assert asked == [[f"- {REMAINED}", carried]]
        assert [claim.state for claim in claims] == ["not a claim"] * 2 + ["not proved"] * 2
        prove("# Crew\n", PASSAGES, embed=embed, reader=Believes(LOW), ask_model=ask_model)
        prove(text, [], embed=embed, reader=Believes(LOW), ask_model=ask_model)
        assert len(asked) == 1


class TestStates:
    @pytest.mark.parametrize(
        ("supported", "contradicted", "verdict", "quote", "expected"),
        [
            (HIGH, LOW, None, None, ("proved", STAYED)),
            (MIDDLE, LOW, None, None, ("similar", STAYED)),
            (LOW, HIGH, None, None, ("contradicted", STAYED)),
            (LOW, LOW, None, None, ("not proved", None)),
            (LOW, LOW, "supported", FLEW, ("proved", FLEW)),
            (2 * LOW, 0.0, "supported", None, ("similar", STAYED)),
            (HIGH, LOW, "supported", None, ("proved", STAYED)),
            (LOW, HIGH, "supported", FLEW, ("not proved", None)),
            (LOW, LOW, "contradicted", FLEW, ("contradicted", FLEW)),
            (HIGH, LOW, "contradicted", FLEW, ("contradicted", FLEW)),
            (LOW, MIDDLE, "contradicted", None, ("contradicted", STAYED)),
            (HIGH, LOW, "unsaid", FLEW, ("similar", STAYED)),
            (LOW, HIGH, "unsaid", FLEW, ("not proved", None)),
        ],
    )
    def test_a_state_and_its_words_are_the_readers_and_with_a_verdict_the_chat_models(
        self,
        supported: float,
        contradicted: float,
        verdict: Says | None,
        quote: str | None,
        expected: tuple[State, str | None],
        embed: Embed,
    ) -> None:
        reader = Believes(supported, contradicted, words=("Collins",))
        said = Verdict(verdict, evidence(quote) if quote else None) if verdict else None
        (claim,) = prove(
            REMAINED, PASSAGES, embed=embed, reader=reader, ask_model=(lambda sentences: [said]) if said else None
        )
        assert (claim.state, claim.evidence[0].quote if claim.evidence else None) == expected

    @pytest.mark.parametrize(
        ("sentence", "state"),
        [
            ("The second stage weighed 496.2 tonnes.", "proved"),
            ("Both stages together weighed 2,796.2 tonnes.", "proved"),
            ("The second stage weighed 497 tonnes.", "not proved"),
            ("Four astronauts flew on Apollo 12.", "not proved"),
        ],
    )
    def test_what_has_a_number_that_nothing_near_it_explains_is_not_proved_whoever_says_so(
        self, sentence: str, state: State, embed: Embed
    ) -> None:
        (claim,) = prove(sentence, PASSAGES, embed=embed, reader=Believes(HIGH))
        (judged,) = prove(
            sentence, PASSAGES, embed=embed, reader=Believes(HIGH), ask_model=lambda _: [Verdict("supported", None)]
        )
        assert claim.state == judged.state == state

    def test_the_passage_that_a_marker_names_is_believed_if_it_says_so(self, embed: Embed) -> None:
        twice = [make_passage(STAYED, source=f"/docs/{name}.md") for name in ("a", "b")]
        for marker, named in (("[2]", 1), ("[1]", 0), ("[9]", 0), ("", 0)):
            (claim,) = prove(f"{STAYED} {marker}", twice, embed=embed, reader=Believes(HIGH))
            assert claim.evidence[0].passage is twice[named]
        assert prove("[1] [2]\n", PASSAGES, embed=embed, reader=Believes(HIGH)) == [], "markers alone claim nothing"

    def test_two_sentences_are_quoted_where_neither_says_so_by_itself(self, embed: Embed) -> None:
        landed = "Neil Armstrong and Buzz Aldrin landed in Eagle."
        both = Believes(HIGH, words=("Collins", "Aldrin"))
        (claim,) = prove("While Collins stayed, Aldrin landed.", PASSAGES, embed=embed, reader=both)
        assert [one.quote for one in claim.evidence] == [f"{STAYED} {landed}"]

    @pytest.mark.parametrize(
        ("sentence", "expected"),
        [
            (TALL, {"proved"}),
            (TALL.replace("is", "is not"), {"contradicted", "not proved"}),
            (TALL.replace("330", "250"), {"contradicted", "not proved"}),
            ("Tomatoes need sun and water.", {"not proved"}),
        ],
    )
    def test_the_reader_of_our_own_tells_a_copy_from_a_denial_and_from_something_else(
        self, sentence: str, expected: set[State], embed: Embed
    ) -> None:
        (claim,) = prove(sentence, [make_passage(TALL)], embed=embed, reader=load_reader(Settings()))
        assert claim.state in expected
        assert [one.quote for one in claim.evidence] == ([] if claim.state == "not proved" else [TALL])


def guess(sentences: Sequence[str], passages: Sequence[Passage]) -> list[Verdict]:
    """Verdicts that say anything and point at any sentence of the passages, or at none."""
    spans = [
        Evidence(one, one.chunk.start + start, one.chunk.start + end)
        for one in passages
        for start, end in split_sentences(one.chunk.text)
    ]
    chances = [Random(f"verdict on {sentence}") for sentence in sentences]
    says: tuple[Says, ...] = ("supported", "contradicted", "unsaid")
    return [Verdict(chance.choice(says), chance.choice([None, *spans])) for chance in chances]


class TestLaw:
    """A citation points only at a passage that was found for this very question, by its exact words."""

    @settings(max_examples=150)
    @given(model_texts(), passage_lists(), st.sampled_from([30, 100, 300, 100_000]), st.booleans())
    def test_whatever_a_model_writes_is_cited_from_the_passages_found_or_not_at_all(
        self,
        embed: Embed,
        written: str,
        given_passages: tuple[dict[str, str], list[Passage]],
        budget_tokens: int,
        is_judged: bool,
    ) -> None:
        pages, found = given_passages
        context = build_context(found, load_page=lambda source, _page: pages[source], budget_tokens=budget_tokens)
        ask_model = partial(guess, passages=context.passages) if is_judged else None
        proved = prove(written, context.passages, embed=embed, reader=Guesses(), ask_model=ask_model)
        claims = cite_found(proved, found)
        assert [claim.state for claim in claims] == [claim.state for claim in proved]
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
            assert sentence.supported == (sentence.state == "proved")
            assert bool(sentence.markers) == (sentence.state not in ("not proved", "not a claim"))
            assert set(sentence.markers) <= numbers

    def test_a_span_over_two_passages_that_were_merged_is_cited_in_each(self, embed: Embed) -> None:
        found = cut(PAGE, [PAGE.index("Michael")], source="/docs/crew.md")
        context = build_context(found, load_page=lambda _source, _page: PAGE, budget_tokens=100_000)
        said, both = f"{FLEW.rstrip('.')} and {STAYED}", Believes(HIGH, words=(FLEW, STAYED))
        (claim,) = cite_found(prove(said, context.passages, embed=embed, reader=both), found)
        assert [(evidence.passage, evidence.quote) for evidence in claim.evidence] == list(
            zip(found, (FLEW, STAYED), strict=True)
        )

    @given(model_texts())
    def test_without_passages_nothing_is_cited_and_the_sentences_together_are_the_text(
        self, embed: Embed, written: str
    ) -> None:
        text, sentences, citations = compose(prove(written, [], embed=embed, reader=Believes(HIGH)))
        assert (citations, read_markers(text, passages=999)[1]) == ((), [])
        assert {sentence.state for sentence in sentences} <= {"not proved", "not a claim"}
        assert "".join(written[start:end] for start, end in cover(written)) == written
