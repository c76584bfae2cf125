"""Assesses what was retrieved: how likely each sentence answers, and how likely anything does."""

from dataclasses import replace

import numpy as np
import pytest

from rag_app import Settings, load_retriever
from rag_app.answering.answerability import THRESHOLD, Assessment, assess
from rag_app.answering.citations import Evidence
from rag_app.answering.sentence_ranking import Judge, find_places, judge_sentences, share_of_answer, share_of_terms
from rag_app.answering.units import units
from rag_app.wiring import load_judge, load_reader
from tests.rag_app.passages import make_passage
from vectorstore.search.reader import Reading
from vectorstore.search.retriever import HybridRetriever, Question

QUESTION = Question("Who stayed in lunar orbit?")


@pytest.fixture(scope="module")
def retriever(samples_settings: Settings) -> HybridRetriever:
    return load_retriever(settings=samples_settings)


@pytest.fixture(scope="module")
def judge(retriever: HybridRetriever, samples_settings: Settings) -> Judge:
    return Judge(load_judge(samples_settings), retriever.store.snapshot().lexical, load_reader(samples_settings))


def test_rare_words_count_more_than_common_ones() -> None:
    weights = {"orbit": 3.0, "moon": 1.0}
    assert [share_of_terms(weights, {word}) for word in ("orbit", "cheese")] == [0.75, 0]
    assert share_of_terms({}, {"orbit"}) == 0


def test_places_and_neighbours_are_those_of_a_page_in_whatever_order_its_passages_were_found() -> None:
    passages = [make_passage("Two.", start=5), make_passage("One.", start=0), make_passage("Else.", page=2)]
    spans = [Evidence(one, one.chunk.start, one.chunk.end) for one in passages]
    assert find_places(spans) == {0: (1, 1, None), 1: (0, None, 0), 2: (0, None, None)}


def test_the_share_of_a_sentence_is_what_the_reader_finds_of_the_answer_in_its_place_below_the_title() -> None:
    passage = make_passage("It flew. It landed.", start=40)
    shown, nothing = passage.chunk.embedded_text, np.zeros(3, np.float32)
    places = [(shown.index(word), shown.index(word) + len(word)) for word in ("crew", "flew", "landed")]
    ends = np.array([0, 0.25, 0.75], np.float32)
    reading = Reading(0.0, 0.0, 0.0, 1.0, np.array(places, np.int32), nothing, ends)
    flew, landed = (Evidence(passage, 40 + start, 40 + end) for start, end in ((0, 8), (9, 19)))
    assert [share_of_answer(span, reading) for span in (flew, landed)] == [0.125, 0.375]


def test_every_sentence_is_judged_in_the_order_given(retriever: HybridRetriever, judge: Judge) -> None:
    spans = [unit for passage in retriever.search(QUESTION) for unit in units(passage)]
    candidates = judge_sentences(QUESTION, spans, judge)
    assert [candidate.evidence for candidate in candidates] == spans
    assert all(0 <= candidate.probability <= 1 for candidate in candidates)


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [
        ("Who stayed in lunar orbit?", True),
        ("How much did the guidance computer weigh?", True),
        ("What is cosine similarity?", True),
        ("How do I bake bread?", False),
        ("What is the capital of France?", False),
        ("من بقي في المدار؟", False),
    ],
)
def test_what_the_documents_say_is_answered_and_the_rest_refused(
    question: str, is_answered: bool, retriever: HybridRetriever, judge: Judge
) -> None:
    asked = Question(question)
    found = assess(asked, retriever.search(asked), judge, found_by=retriever.model)
    assert (found.answerability >= THRESHOLD) == is_answered
    scores = [candidate.probability for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True) != []


def test_the_best_sentence_is_the_one_that_answers_whichever_model_found_the_passages(
    retriever: HybridRetriever, judge: Judge
) -> None:
    passages = retriever.search(QUESTION)
    own = assess(QUESTION, passages, judge, found_by=judge.model)
    assert own.candidates[0].evidence.quote.startswith("Michael Collins stayed in lunar orbit")
    foreign = [replace(passage, cosine=passage.cosine / 2) for passage in passages]
    other = assess(QUESTION, foreign, judge, found_by=replace(judge.model, name="another"))
    assert other.answerability == pytest.approx(own.answerability, abs=0.02)
    assert assess(QUESTION, [], judge, found_by=judge.model) == Assessment((), 0.0)
