"""Conversations that are kept: found again as they were, renamed, deleted, by many at once."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.runnables import Runnable

from rag_app import Answer
from rag_app.answering.chain import Request
from rag_app.library.conversations import ConversationStore, Feedback

ORBIT, TALL, BREAD = "Who stayed in lunar orbit?", "How tall was the Saturn V?", "How do I bake bread?"


@pytest.fixture(scope="module")
def answers(samples_chain: "Runnable[Request, Answer]") -> dict[str, Answer]:
    return {question: samples_chain.invoke(question) for question in (ORBIT, TALL, BREAD)}


@pytest.fixture
def store(tmp_path: Path) -> ConversationStore:
    return ConversationStore(tmp_path / "data")


def test_a_conversation_is_found_again_answer_by_answer_citations_and_passages_included(
    store: ConversationStore, tmp_path: Path, answers: dict[str, Answer]
) -> None:
    for answer in answers.values():
        store.add("one", answer, collection="samples")
    again = ConversationStore(tmp_path / "data")
    assert again.load("one") == list(answers.values())
    (saved,) = again.found()
    assert (saved.id, saved.name, saved.collection) == ("one", ORBIT, "samples")


def test_the_newest_comes_first_and_all_words_must_stand_in_it(
    store: ConversationStore, answers: dict[str, Answer]
) -> None:
    store.add("one", answers[ORBIT], collection="samples")
    store.add("two", answers[TALL], collection="samples")
    assert [saved.id for saved in store.found()] == ["two", "one"]
    store.add("one", answers[BREAD], collection="samples")
    assert [saved.id for saved in store.found()] == ["one", "two"]
    assert [saved.id for saved in store.found("COLLINS orbit")] == ["one"]
    assert [saved.id for saved in store.found("110.6")] == ["two"]
    assert store.found("collins 110.6") == []
    assert store.found("100%_") == []


def test_words_of_any_script_are_found_whatever_their_case(
    store: ConversationStore, answers: dict[str, Answer]
) -> None:
    store.add("one", replace(answers[ORBIT], question="Wer blieb im Orbit über dem Mond, Ägidius?"), collection="c")
    assert store.found("ÄGIDIUS ÜBER")


def test_a_name_can_be_changed_and_found(store: ConversationStore, answers: dict[str, Answer]) -> None:
    store.add("one", answers[ORBIT], collection="samples")
    store.rename("one", "The third man")
    store.add("one", answers[TALL], collection="samples")
    assert [saved.name for saved in store.found("third")] == ["The third man"]


def test_what_is_deleted_is_gone_and_the_others_stay(store: ConversationStore, answers: dict[str, Answer]) -> None:
    store.add("one", answers[ORBIT], collection="samples")
    store.add("two", answers[TALL], collection="samples")
    store.delete("one")
    assert [saved.id for saved in store.found()] == ["two"]
    assert store.load("one") == []
    assert store.load("two") == [answers[TALL]]


def test_what_was_thought_of_an_answer_is_kept_with_it_until_it_is_taken_back(
    store: ConversationStore, tmp_path: Path, answers: dict[str, Answer]
) -> None:
    first, second = (store.add("one", answers[question], collection="samples") for question in (ORBIT, TALL))
    store.rate("one", second, Feedback(is_good=False, note="in „feet“, please"))
    again = ConversationStore(tmp_path / "data")
    assert [saved.feedback for saved in again.load_saved("one")] == [None, Feedback(False, "in „feet“, please")]
    assert again.load("one") == [answers[ORBIT], answers[TALL]]
    store.rate("one", first, Feedback(is_good=True))
    store.rate("one", second, None)
    assert [saved.feedback for saved in again.load_saved("one")] == [Feedback(True), None]


def test_an_answer_given_anew_takes_the_place_of_the_one_before(
    store: ConversationStore, answers: dict[str, Answer]
) -> None:
    store.add("two", answers[BREAD], collection="samples")
    store.add("one", answers[ORBIT], collection="samples")
    before = store.add("one", answers[TALL], collection="samples")
    anew = replace(answers[TALL], answered_by="somebody else")
    store.add("one", anew, collection="samples", instead_of=before)
    assert store.load("one") == [answers[ORBIT], anew]
    assert store.load("two") == [answers[BREAD]]


def test_nothing_is_found_and_no_file_made_where_nothing_was_kept(store: ConversationStore, tmp_path: Path) -> None:
    assert (store.found(), store.load("one")) == ([], [])
    assert not (tmp_path / "data").exists()


def test_many_threads_keep_answers_at_once_and_none_is_lost(tmp_path: Path, answers: dict[str, Answer]) -> None:
    def work(name: str) -> None:
        store = ConversationStore(tmp_path)
        for _ in range(5):
            store.add(name, answers[ORBIT], collection="samples")

    threads = [threading.Thread(target=work, args=(f"c{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = ConversationStore(tmp_path)
    assert [len(store.load(saved.id)) for saved in store.found()] == [5] * 6
