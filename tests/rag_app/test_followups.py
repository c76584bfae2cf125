"""From a question in a conversation to the one that is searched: the rule that works without a model, and its guard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from rag_app.followups import MAX_REWRITE_CHARACTERS, is_usable, standalone_question

HISTORY: list[BaseMessage] = [
    HumanMessage("What is a saros?"),
    AIMessage("A cycle of eclipses."),
    HumanMessage("Who stayed in orbit?"),
    AIMessage("Michael Collins stayed in orbit. [1]"),
]


def searched(question: str, history: list[BaseMessage] = HISTORY) -> str:
    return standalone_question(question, history, chat_model=None, config={})


@pytest.mark.parametrize(
    "question",
    [
        "When was he born?",
        "Why?",
        "And who landed?",
        "What about Columbia?",
        "How heavy was it?",
        "who else?",
        "Which ones?",
    ],
)
def test_a_question_that_refers_back_is_searched_with_the_one_before_it(question: str) -> None:
    assert searched(question) == f"Who stayed in orbit? {question}"


@pytest.mark.parametrize(
    "question",
    [
        "Who designed the guidance computer?",
        "Who stayed in orbit?",
        "How tall was the Saturn V?",
        "When did Apollo 11 land?",
        "What is cosine similarity?",
        "من بقي في المدار؟",
    ],
)
def test_a_question_that_stands_by_itself_is_searched_as_it_is(question: str) -> None:
    assert searched(question, [HumanMessage("What is a saros?"), AIMessage("A cycle.")]) == question


@given(st.text(min_size=1))
def test_without_a_conversation_any_question_is_searched_as_it_is(question: str) -> None:
    assert searched(question, []) == question


@given(st.text(min_size=1))
def test_the_words_of_the_question_are_always_searched(question: str) -> None:
    assert searched(question).endswith(question)


def test_what_was_answered_alone_is_nothing_to_go_back_to() -> None:
    assert searched("And he?", [AIMessage("Welcome.")]) == "And he?"


@pytest.mark.parametrize(
    ("written", "usable"),
    [
        ("When was Michael Collins born?", True),
        ("", False),
        ("When was he born?\nMichael Collins was born in 1930.", False),
        ("Banana bread requires flour.", False),
        ("Michael " * 100, False),
    ],
)
def test_a_rewrite_is_used_if_it_is_one_short_line_about_the_same(written: str, usable: bool) -> None:
    talk = "human: Who stayed in orbit?\nai: Michael Collins stayed in orbit."
    assert is_usable(written, "When was he born?", talk) is usable
    assert len("Michael " * 100) > MAX_REWRITE_CHARACTERS
