"""From claims to an answer's text, sentences and citations, and a model's own markers taken out of its text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.citations import WORD_JOINER, Claim, Evidence, compose, defuse, expand_numbers, take_markers
from tests.rag_app.passages import PAGE, make_passage, model_texts
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

    def test_nothing_follows_the_last_claim(self) -> None:
        assert compose([Claim("A.", (), after="\n\n"), Claim("B.", (), after="\n")])[0] == "A.\n\nB."

    @given(st.lists(st.tuples(st.text(max_size=20), st.lists(st.sampled_from([LANDED, STAYED]), max_size=3))))
    def test_the_sentences_cover_the_text(self, parts: list[tuple[str, list[Evidence]]]) -> None:
        text, sentences, citations = compose([Claim(said, tuple(proof)) for said, proof in parts])
        assert "".join(sentence.text for sentence in sentences) == text
        assert all(text[sentence.start : sentence.end] == sentence.text for sentence in sentences)
        assert {n for sentence in sentences for n in sentence.markers} == {citation.marker for citation in citations}


class TestTakeMarkers:
    @pytest.mark.parametrize(
        ("written", "bare", "markers"),
        [
            ("One flew [1]. Two landed.[2][3]", "One flew. Two landed.", [(8, 1), (21, 2), (21, 3)]),
            ("One flew [1] and came back.", "One flew and came back.", [(8, 1)]),
            ("Both [1, 3] and all [2-4; 7].", "Both and all.", [(4, 1), (4, 3), (12, 2), (12, 3), (12, 4), (12, 7)]),
            ("In [1969] it flew.", "In [1969] it flew.", []),
            ("`rows[1]` and rows [1]", "`rows[1]` and rows", [(18, 1)]),
            ("```\nrows[1]\n```\nDone [2].", "```\nrows[1]\n```\nDone.", [(20, 2)]),
            ("```\nrows[1]", "```\nrows[1]", []),
            ("[1]", "", [(0, 1)]),
        ],
    )
    def test_markers_are_taken_out_and_those_in_code_stay(
        self, written: str, bare: str, markers: list[tuple[int, int]]
    ) -> None:
        assert take_markers(written) == (bare, markers)

    def test_what_stood_around_a_marker_does_not_close_up_to_another(self) -> None:
        bare, _ = take_markers("[[1]2] and [1[2], 3]")
        assert take_markers(bare) == (bare, [])

    @given(model_texts())
    def test_of_any_text_no_marker_is_left_and_every_offset_is_inside(self, written: str) -> None:
        bare, markers = take_markers(written)
        assert take_markers(bare) == (bare, [])
        positions = [position for position, _ in markers]
        assert positions == sorted(positions)
        assert all(0 <= position <= len(bare) for position in positions)

    def test_a_range_without_end_is_cut_short(self) -> None:
        assert expand_numbers("1-999") == list(range(1, 22))
        assert expand_numbers("5-3") == []


class TestDefuse:
    def test_a_marker_of_a_document_becomes_none_and_looks_the_same(self) -> None:
        assert take_markers(defuse("As shown in [1, 2].")) == (f"As shown in [{WORD_JOINER}1, 2].", [])

    @given(model_texts())
    def test_any_text_loses_all_its_markers_and_nothing_else(self, text: str) -> None:
        defused = defuse(text)
        assert not re.search(r"\[\d{1,3}\]", defused)
        assert defused.replace(WORD_JOINER, "") == text.replace(WORD_JOINER, "")
