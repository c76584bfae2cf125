"""Conversations: kept and found again as they were, renamed, rated, deleted, by many at once, and exported."""

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_community.chat_message_histories import SQLChatMessageHistory
from markdown_it import MarkdownIt

from rag_app.library.conversations import (
    ConversationStore,
    SavedAnswer,
    escape,
    to_json,
    to_markdown,
    to_text,
)
from rag_app.types import REFUSAL, Sentence
from tests.rag_app.passages import JUDGED, QUOTE, make_answer, make_judged, make_refusal

ORBIT = make_answer(question="Who stayed in lunar orbit?")
TONNES = make_answer("| second | 496.2 |", question="How heavy was the second stage?")
BREAD = make_refusal("How do I bake bread?")
GOOD, BAD = {"good": True, "note": ""}, {"good": False, "note": "in „feet“, please"}
HOSTILE = '<script>alert(1)</script> ![a](b.png) [c](javascript:d) `e` **f** [1] \\ {g} "h"'


@pytest.fixture
def store(tmp_path: Path) -> ConversationStore:
    return ConversationStore(tmp_path / "data")


def found(store: ConversationStore, words: str = "") -> list[str]:
    return [saved.id for saved in store.found(words)]


def test_a_conversation_is_found_again_answer_by_answer(store: ConversationStore, tmp_path: Path) -> None:
    assert (store.found(), store.load("one")) == ([], [])
    assert not (tmp_path / "data").exists(), "nothing is written where nothing is kept"
    answers = [ORBIT, TONNES, BREAD]
    for answer in answers:
        store.add("one", answer, collection="samples")
    again = ConversationStore(tmp_path / "data")
    assert again.load("one") == answers
    (saved,) = again.found()
    assert (saved.id, saved.name, saved.collection) == ("one", ORBIT.question, "samples")


def test_the_state_of_each_sentence_is_kept_as_json_has_it(store: ConversationStore, tmp_path: Path) -> None:
    judged = make_judged()
    store.add("one", judged, collection="samples")
    assert store.load("one") == [judged]
    with sqlite3.connect(tmp_path / "data" / "conversations.sqlite3") as connection:
        *_, (row,) = connection.execute("SELECT message FROM message_store ORDER BY id")
    assert json.loads(row)["data"]["additional_kwargs"]["answer"]["sentences"] == judged.to_json()["sentences"]


def test_langchain_reads_the_conversations_too(store: ConversationStore, tmp_path: Path) -> None:
    store.add("one", ORBIT, collection="samples")
    history = SQLChatMessageHistory("one", connection=f"sqlite:///{tmp_path}/data/conversations.sqlite3")
    assert [(one.type, one.text) for one in history.messages] == [("human", ORBIT.question), ("ai", ORBIT.text)]
    history.add_user_message("Who else?")
    assert store.load("one") == [ORBIT]


def test_the_newest_comes_first_and_all_words_must_be_in_it(store: ConversationStore) -> None:
    store.add("one", ORBIT, collection="samples")
    store.add("two", TONNES, collection="samples")
    assert found(store) == ["two", "one"]
    store.add("one", BREAD, collection="samples")
    assert found(store) == ["one", "two"]
    assert [found(store, words) for words in ("COLLINS orbit", "496.2", "collins 496.2", "100%_")] == (
        [["one"], ["two"], [], []]
    )
    store.add("three", replace(ORBIT, question="Wer blieb im Orbit über dem Mond, Ägidius?"), collection="c")
    assert found(store, "ÄGIDIUS ÜBER") == ["three"]


def test_a_conversation_is_renamed_and_deleted(store: ConversationStore) -> None:
    store.add("one", ORBIT, collection="samples")
    store.add("two", TONNES, collection="samples")
    store.rename("one", "The third man")
    store.add("one", TONNES, collection="samples")
    assert [saved.name for saved in store.found("third")] == ["The third man"]
    store.delete("one")
    assert found(store) == ["two"]
    assert (store.load("one"), store.load("two")) == ([], [TONNES])


def test_feedback_is_kept_with_its_answer_until_it_is_removed(store: ConversationStore, tmp_path: Path) -> None:
    first, second = (store.add("one", answer, collection="samples") for answer in (ORBIT, TONNES))
    store.rate("one", second, BAD)
    again = ConversationStore(tmp_path / "data")
    assert [saved.feedback for saved in again.load_saved("one")] == [None, BAD]
    assert again.load("one") == [ORBIT, TONNES]
    store.rate("one", first, GOOD)
    store.rate("one", second, None)
    assert [saved.feedback for saved in again.load_saved("one")] == [GOOD, None]


def test_a_second_answer_replaces_the_first(store: ConversationStore) -> None:
    store.add("two", BREAD, collection="samples")
    store.add("one", ORBIT, collection="samples")
    before = store.add("one", TONNES, collection="samples")
    second = replace(TONNES, answered_by="somebody else")
    store.add("one", second, collection="samples", instead_of=before)
    assert (store.load("one"), store.load("two")) == ([ORBIT, second], [BREAD])


def test_many_threads_keep_answers_at_once_and_none_is_lost(tmp_path: Path) -> None:
    def work(name: str) -> None:
        store = ConversationStore(tmp_path)
        for _ in range(5):
            store.add(name, ORBIT, collection="samples")

    threads = [threading.Thread(target=work, args=(f"c{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = ConversationStore(tmp_path)
    assert [len(store.load(name)) for name in found(store)] == [5] * 6


def test_markdown_has_the_questions_and_a_footnote_for_each_citation() -> None:
    written = to_markdown("The crew", [ORBIT, TONNES, BREAD])
    assert written.startswith(f"# The crew\n\n## {ORBIT.question}\n\n{QUOTE}[^1]\n\n*Answered by quotes*\n\n[^1]: ")
    assert [written.count(f"[^{number}]") for number in range(4)] == [0, 2, 2, 0]
    assert f"“{escape('| second | 496.2 |')}”" in written
    assert f"\n\n{REFUSAL}\n\n" in written


def test_markdown_and_copied_text_tell_what_is_not_proved() -> None:
    assert (
        "\n\nCollins stayed.[^1] Collins flew Columbia.[^1] (similar words only) Nobody landed in Eagle.[^2] "
        "(the documents say otherwise) It was raining. (not proved) Here is more.\n\n\\* \\* \\*\n\n"
    ) in to_markdown("The crew", [make_judged()])
    assert to_text(make_judged()).startswith(f"{JUDGED}\n\n[1] The crew: ")


def test_what_documents_and_models_say_is_text_in_markdown() -> None:
    hostile = replace(
        ORBIT,
        question=HOSTILE,
        sentences=(Sentence(HOSTILE, 0, len(HOSTILE), "proved", ()),),
        citations=(replace(ORBIT.citations[0], quote=HOSTILE, title=HOSTILE),),
    )
    drawn = MarkdownIt().render(to_markdown(HOSTILE, [hostile]))
    assert not [tag for tag in ("<script", "<img", "<a ", "<code", "<strong") if tag in drawn]
    assert drawn.count("![a](b.png)") >= 4


def test_json_holds_the_answers_and_the_feedback_on_them() -> None:
    read = json.loads(to_json("The crew", [SavedAnswer("1", ORBIT, BAD), SavedAnswer("2", BREAD)]))
    first, second = json.loads(json.dumps([answer.to_json() for answer in (ORBIT, BREAD)]))
    assert read == {"name": "The crew", "answers": [{**first, "feedback": BAD}, second]}


def test_a_copied_answer_has_its_markers_and_a_line_for_each() -> None:
    assert to_text(ORBIT) == f"{QUOTE} [1]\n\n[1] The crew: “{QUOTE}”"
    assert to_text(BREAD) == BREAD.text
