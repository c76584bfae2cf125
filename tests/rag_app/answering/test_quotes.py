"""From passages to the sentences of theirs that answer, or to none."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given

from ingest.chunking.sentences import split_sentences
from rag_app import Settings, load_retriever
from rag_app.answering.answerability import THRESHOLD, Assessment, assess
from rag_app.answering.citations import Evidence, compose
from rag_app.answering.quotes import NEARLY, as_claims, choose, is_heading, rank_sentences, units
from rag_app.answering.sentence_ranking import INTERCEPT, WEIGHTS, Candidate, Judge, share_of_terms
from tests.rag_app.passages import PAGE, cut, make_passage, model_texts
from vectorstore.search.question import Question
from vectorstore.search.retriever import HybridRetriever


@pytest.fixture(scope="module")
def retriever(samples_settings: Settings) -> HybridRetriever:
    return load_retriever(settings=samples_settings)


def assessed(question: str, retriever: HybridRetriever) -> Assessment:
    judge = Judge(retriever.model, retriever.store.snapshot().lexical)
    return assess(Question(question), retriever.search(question), judge, found_by=retriever.model)


def candidates_for(question: str, retriever: HybridRetriever) -> Sequence[Candidate]:
    return assessed(question, retriever).candidates


def certainty(question: str, retriever: HybridRetriever) -> float:
    return assessed(question, retriever).answerability


def candidate(quote: str, *, probability: float, page: str = PAGE) -> Candidate:
    """A sentence of a page, or of one of its own, that answers so likely."""
    start = max(page.find(quote), 0)
    features = dict.fromkeys(WEIGHTS, 0.0)
    wanted = math.log(probability / (1 - probability)) - INTERCEPT
    features["titled_cosine"] = wanted / WEIGHTS["titled_cosine"]
    return Candidate(Evidence(make_passage(quote, start=start), start, start + len(quote)), 0.5, features)


class TestSentences:
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
            ("*** --- ...", []),
            ("", []),
        ],
    )
    def test_a_text_is_cut_into_its_sentences(self, text: str, sentences: list[str]) -> None:
        assert [text[start:end] for start, end in split_sentences(text)] == sentences

    @given(model_texts())
    def test_of_any_text_the_sentences_stand_in_order_and_apart(self, text: str) -> None:
        spans = split_sentences(text)
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        assert all(text[start:end] == text[start:end].strip() for start, end in spans)


class TestUnits:
    def test_units_are_slices_of_the_page_without_headings(self) -> None:
        quotes = []
        for passage in cut(PAGE, [60, 200], source="/docs/crew.md"):
            for unit in units(passage):
                assert PAGE[unit.start : unit.end] == unit.quote
                quotes.append(unit.quote)
        assert "Neil Armstrong and Buzz Aldrin landed in Eagle." in quotes
        assert not [quote for quote in quotes if quote.startswith("#")]

    @pytest.mark.parametrize("unit", ["## Weights", "Stages of the Saturn V", "The alarms of Apollo 11", "```python"])
    def test_a_few_words_without_an_end_are_a_heading(self, unit: str) -> None:
        assert is_heading(unit)

    @pytest.mark.parametrize(
        "unit",
        ["He stayed in orbit.", "| Collins | Columbia |", "Launch: 16 July", "Crew: 3", "Total 1200", "Who landed?"],
    )
    def test_sentences_rows_and_numbers_are_no_headings(self, unit: str) -> None:
        assert not is_heading(unit)


class TestChoice:
    def test_only_sentences_nearly_as_likely_as_the_best_are_shown(self) -> None:
        best, near = candidate("Best.", probability=0.9), candidate("Near.", probability=0.9 * NEARLY + 0.01)
        far = candidate("Far.", probability=0.9 * NEARLY - 0.01)
        assert choose([best, near, far]) == [best, near]

    def test_the_same_words_are_shown_once(self) -> None:
        twice = [candidate("The same  words.", probability=0.9), candidate("the same words.", probability=0.9)]
        assert choose(twice) == twice[:1]

    def test_three_sentences_are_enough(self) -> None:
        assert len(choose([candidate(f"Number {n}.", probability=0.9) for n in range(9)])) == 3

    def test_sentences_of_a_page_are_read_in_its_order(self) -> None:
        later = candidate("Neil Armstrong and Buzz Aldrin landed in Eagle.", probability=0.9)
        earlier = candidate("Three astronauts flew on Apollo 11 in July 1969.", probability=0.6)
        assert choose([later, earlier]) == [earlier, later]

    def test_nothing_is_chosen_from_nothing(self) -> None:
        assert choose([]) == []

    def test_a_quote_is_shown_on_one_line_with_its_markers_made_harmless(self) -> None:
        claims = as_claims([candidate("As in\n  [1] it flew.", probability=0.9)])
        text, _, (citation,) = compose(claims)
        assert text == "As in [\u20601] it flew. [1]"
        assert citation.quote == "As in\n  [1] it flew."

    def test_rare_words_count_more_than_common_ones(self) -> None:
        weights = {"orbit": 3.0, "moon": 1.0}
        assert share_of_terms(weights, {"orbit"}) == 0.75
        assert share_of_terms(weights, {"cheese"}) == 0
        assert share_of_terms({}, {"orbit"}) == 0


class TestCandidates:
    def test_the_best_sentence_is_the_one_that_answers(self, retriever: HybridRetriever) -> None:
        best = candidates_for("Who stayed in lunar orbit?", retriever)[0]
        assert best.evidence.quote.startswith("Michael Collins stayed in lunar orbit")

    def test_candidates_come_best_first(self, retriever: HybridRetriever) -> None:
        scores = [found.probability for found in candidates_for("How heavy was the guidance computer?", retriever)]
        assert len(scores) > 10
        assert scores == sorted(scores, reverse=True)

    def test_without_passages_there_are_none(self, retriever: HybridRetriever) -> None:
        assert rank_sentences(Question("Who?"), [], Judge(retriever.model, retriever.store.snapshot().lexical)) == []


class TestRefusal:
    @pytest.mark.parametrize(
        "question",
        ["Who stayed in lunar orbit?", "How much did the guidance computer weigh?", "What is cosine similarity?"],
    )
    def test_what_the_documents_tell_is_answered(self, question: str, retriever: HybridRetriever) -> None:
        assert certainty(question, retriever) >= THRESHOLD

    @pytest.mark.parametrize(
        "question", ["How do I bake bread?", "What is the capital of France?", "من بقي في المدار؟"]
    )
    def test_what_they_do_not_tell_is_refused(self, question: str, retriever: HybridRetriever) -> None:
        assert certainty(question, retriever) < THRESHOLD
