"""Assesses what was retrieved: what a question asks for, whether sentences have it, and how likely they answer."""

from dataclasses import replace

import pytest

from rag_app import Settings, load_retriever
from rag_app.answering.answerability import THRESHOLD, Assessment, assess
from rag_app.answering.quotes import units
from rag_app.answering.sentence_ranking import (
    POINTS_BACK,
    UNKNOWN,
    Judge,
    Kind,
    has_kind,
    judge_sentences,
    kind_of,
    share_of_terms,
)
from rag_app.wiring import load_judge
from vectorstore.search.retriever import HybridRetriever, Question

QUESTION = Question("Who stayed in lunar orbit?")


@pytest.fixture(scope="module")
def retriever(samples_settings: Settings) -> HybridRetriever:
    return load_retriever(settings=samples_settings)


@pytest.fixture(scope="module")
def judge(retriever: HybridRetriever, samples_settings: Settings) -> Judge:
    return Judge(load_judge(samples_settings), retriever.store.snapshot().lexical)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many samples were brought back?", "number"),
        ("When did Eagle land?", "time"),
        ("In what year was it built?", "time"),
        ("Who stayed in orbit?", "person"),
        ("Where did it come down?", "place"),
        ("Why did the alarm sound?", "reason"),
        ("What is a fuel cell?", "definition"),
        ("Name the stages.", "other"),
        ("Wer blieb im Orbit?", "other"),
    ],
)
def test_a_question_asks_for_a_kind(question: str, kind: Kind) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("It weighed 32 kg.", "number"),
        ("It weighed twelve pounds.", "number"),
        ("They left in July.", "time"),
        ("In orbit stayed Collins.", "person"),
        ("It came down near Hawaii.", "place"),
        ("It failed because a pump stood still.", "reason"),
        ("A fuel cell is a source of current.", "definition"),
    ],
)
def test_a_sentence_has_what_is_asked_for_or_not(sentence: str, kind: Kind) -> None:
    assert has_kind(sentence, kind, question="?") == 1
    assert has_kind("it was so.", kind, question="?") == 0
    assert has_kind("It was Collins.", "person", question="Who was Collins?") == 0, "the question has that name already"
    assert has_kind("It was so.", "other", question="?") == UNKNOWN


@pytest.mark.parametrize("sentence", ["He stayed.", "This was so.", "However, it flew."])
def test_some_sentences_point_back(sentence: str) -> None:
    assert POINTS_BACK.match(sentence)
    assert not POINTS_BACK.match("Items that stay. " + sentence)


def test_rare_words_count_more_than_common_ones() -> None:
    weights = {"orbit": 3.0, "moon": 1.0}
    assert [share_of_terms(weights, {word}) for word in ("orbit", "cheese")] == [0.75, 0]
    assert share_of_terms({}, {"orbit"}) == 0


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
