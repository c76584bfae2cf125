"""Assesses what was retrieved: what a question asks for, whether sentences have it, and how likely they answer."""

from dataclasses import replace

import pytest

from rag_app import Settings, load_retriever
from rag_app.answering.answerability import THRESHOLD, WORTH_ASKING, assess
from rag_app.answering.quotes import units
from rag_app.answering.sentence_ranking import POINTS_BACK, UNKNOWN, Judge, Kind, has_kind, judge_sentences, kind_of
from rag_app.wiring import load_judge
from vectorstore.search.question import Question
from vectorstore.search.retriever import HybridRetriever

QUESTION = Question("Who stayed in lunar orbit?")


@pytest.fixture(scope="module")
def retriever(samples_settings: Settings) -> HybridRetriever:
    return load_retriever(settings=samples_settings)


@pytest.fixture(scope="module")
def judge(retriever: HybridRetriever, samples_settings: Settings) -> Judge:
    return Judge(load_judge(samples_settings), retriever.store.snapshot().lexical)


class TestKinds:
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
    def test_a_question_asks_for_a_kind(self, question: str, kind: Kind) -> None:
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
    def test_a_sentence_has_what_is_asked_for_or_not(self, sentence: str, kind: Kind) -> None:
        assert has_kind(sentence, kind, question="?") == 1
        assert has_kind("it was so.", kind, question="?") == 0

    def test_a_name_of_the_question_does_not_answer_who(self) -> None:
        assert has_kind("It was Collins.", "person", question="Who was Collins?") == 0

    def test_of_other_questions_nobody_can_say(self) -> None:
        assert has_kind("It was so.", "other", question="?") == UNKNOWN


class TestJudging:
    def test_every_sentence_is_judged_in_the_order_given(self, retriever: HybridRetriever, judge: Judge) -> None:
        spans = [unit for passage in retriever.search(QUESTION) for unit in units(passage)]
        candidates = judge_sentences(QUESTION, spans, judge)
        assert [candidate.evidence for candidate in candidates] == spans
        assert all(0 <= candidate.probability <= 1 for candidate in candidates)

    @pytest.mark.parametrize("sentence", ["He stayed.", "This was so.", "However, it flew."])
    def test_some_sentences_point_back(self, sentence: str) -> None:
        assert POINTS_BACK.match(sentence)
        assert not POINTS_BACK.match("Items that stay. " + sentence)


class TestAssessing:
    def test_passages_that_another_model_found_are_judged_by_the_judge_s_cosines(
        self, retriever: HybridRetriever, judge: Judge
    ) -> None:
        passages = retriever.search(QUESTION)
        own = assess(QUESTION, passages, judge, found_by=judge.model)
        foreign = [replace(passage, cosine=passage.cosine / 2) for passage in passages]
        other = assess(QUESTION, foreign, judge, found_by=replace(judge.model, name="another"))
        assert other.answerability == pytest.approx(own.answerability, abs=0.02)
        assert own.answerability >= THRESHOLD

    def test_nothing_found_answers_nothing(self, judge: Judge) -> None:
        assert assess(QUESTION, [], judge, found_by=judge.model).answerability == 0 < WORTH_ASKING
