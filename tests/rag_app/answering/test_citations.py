"""From claims to an answer's text, sentences and citations."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag_app.answering.citations import Claim, Evidence, compose
from rag_app.answering.generation.markers import WORD_JOINER, read_markers
from tests.rag_app.passages import PAGE, make_passage
from vectorstore.types import Passage

PASSAGE = make_passage(PAGE[12:], start=12)


def evidence(quote: str, passage: Passage = PASSAGE) -> Evidence:
    start = passage.chunk.start + passage.chunk.text.index(quote)
    return Evidence(passage, start, start + len(quote))


LANDED = evidence("Neil Armstrong and Buzz Aldrin landed in Eagle.")
STAYED = evidence("Michael Collins stayed in lunar orbit aboard Columbia.")


class TestCompose:
    def test_a_claim_is_followed_by_the_number_of_each_span_that_proves_it(self) -> None:
        text, sentences, _ = compose([Claim("All of them flew.", (LANDED, STAYED))])
        assert text == "All of them flew. [1][2]"
        assert sentences[0].markers == (1, 2)

    def test_a_citation_quotes_its_page_exactly(self) -> None:
        _, _, (citation,) = compose([Claim("Collins stayed.", (STAYED,))])
        assert PAGE[citation.start : citation.end] == citation.quote == STAYED.quote
        assert (citation.marker, citation.source) == (1, "/docs/crew.md")
        assert (citation.title, citation.page) == ("The crew", None)

    def test_the_same_span_keeps_its_number(self) -> None:
        text, _, citations = compose([Claim("A.", (STAYED,)), Claim("B.", (LANDED,)), Claim("C.", (STAYED, STAYED))])
        assert text == "A. [1]\n\nB. [2]\n\nC. [1]"
        assert [citation.marker for citation in citations] == [1, 2]

    def test_the_same_words_in_two_documents_are_two_citations(self) -> None:
        copy = make_passage(PASSAGE.chunk.text, start=12, source="/docs/copy.md")
        _, _, citations = compose([Claim("A.", (STAYED, evidence(STAYED.quote, copy)))])
        assert [citation.source for citation in citations] == ["/docs/crew.md", "/docs/copy.md"]

    def test_a_claim_without_evidence_is_a_sentence_without_support(self) -> None:
        text, sentences, citations = compose([Claim("Cheese.", ()), Claim("Collins stayed.", (STAYED,))])
        assert text == "Cheese.\n\nCollins stayed. [1]"
        assert [(sentence.supported, sentence.markers) for sentence in sentences] == [(False, ()), (True, (1,))]
        assert len(citations) == 1

    def test_a_sentence_has_the_state_of_its_claim_and_the_markers_of_what_it_rests_on(self) -> None:
        claims = [
            Claim("Collins flew.", (STAYED,), state="similar"),
            Claim("Nobody landed.", (LANDED,), state="contradicted"),
            Claim("Cheese.", ()),
            Claim("Here it is.", (), state="not a claim"),
        ]
        _, sentences, citations = compose(claims)
        assert [(sentence.state, sentence.markers) for sentence in sentences] == (
            [("similar", (1,)), ("contradicted", (2,)), ("not proved", ()), ("not a claim", ())]
        )
        assert not any(sentence.supported for sentence in sentences)
        assert [citation.quote for citation in citations] == [STAYED.quote, LANDED.quote]

    def test_what_loses_its_evidence_is_not_proved(self) -> None:
        claims = [Claim("Collins stayed.", (STAYED,)), Claim("Nobody landed.", (LANDED,), state="contradicted")]
        assert [replace(claim, evidence=()).state for claim in claims] == ["not proved", "not proved"]

    def test_nothing_follows_the_last_claim(self) -> None:
        assert compose([Claim("A.", (), after="\n\n"), Claim("B.", (), after="\n")])[0] == "A.\n\nB."

    def test_the_marker_of_a_block_of_code_stands_below_it(self) -> None:
        assert compose([Claim("```\nrows[1]\n```", (STAYED,))])[0] == "```\nrows[1]\n```\n[1]"

    def test_what_a_claim_holds_is_no_marker_once_it_stands_by_itself(self) -> None:
        text, _, _ = compose([Claim("So says the link [7]", (STAYED,))])
        assert text == f"So says the link [{WORD_JOINER}7] [1]"
        assert read_markers(text, passages=9)[1] == [(len(text) - 4, 1)]

    @given(st.lists(st.tuples(st.text(max_size=20), st.lists(st.sampled_from([LANDED, STAYED]), max_size=3))))
    def test_the_sentences_cover_the_text(self, parts: list[tuple[str, list[Evidence]]]) -> None:
        text, sentences, citations = compose([Claim(said, tuple(proof)) for said, proof in parts])
        assert "".join(sentence.text for sentence in sentences) == text
        assert all(text[sentence.start : sentence.end] == sentence.text for sentence in sentences)
        assert {n for sentence in sentences for n in sentence.markers} == {citation.marker for citation in citations}
