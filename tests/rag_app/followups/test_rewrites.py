"""What of a model's rewriting is used: one question about the same, and neither an answer nor the prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import load_prompt
from rag_app.answering.generation.markers import without_markers
from rag_app.followups.rewrites import MOST_CHARACTERS, is_usable, tidy

QUESTION = "When was he born?"
TALK = "human: Who stayed in orbit?\nai: Michael Collins stayed in lunar orbit while Neil Armstrong landed."


@pytest.mark.parametrize(
    "written",
    [
        "When was Michael Collins born?",
        '"When was Michael Collins born?"',
        "Rewritten question: When was Michael Collins born?",
        "Here is the rewritten question:\n\n**When was Michael Collins born?**\n",
        "The last question is: When was Michael Collins born?",
        "Sure! The standalone question: “When was Michael Collins born?”",
    ],
)
def test_quotation_marks_and_labels_are_taken_off(written: str) -> None:
    assert tidy(written) == "When was Michael Collins born?"
    assert is_usable(tidy(written), QUESTION, TALK)


def test_quotation_marks_within_a_question_stay() -> None:
    assert tidy('Who wrote "Hamlet"?') == 'Who wrote "Hamlet"?'


@pytest.mark.parametrize(
    "written",
    [
        "",
        "When was he born?",
        "Michael Collins was born in 1930.",
        "When was Michael Collins born?\nMichael Collins was born in 1930.",
        "When was Michael Collins born? He was born in 1930.",
        "When was Michael Collins born? Where was he born?",
        "When was Michael Collins born [1]?",
        "Who stayed in orbit?",
        "When was Albert Einstein, the physicist from Ulm in Germany, born?",
        "Do bananas ripen?",
        "Last question: human: When was he born?",
        "Was it born so that it can be understood without the conversation?",
        "When was Michael " + "Collins " * 40 + "born?",
    ],
)
def test_what_is_not_one_question_about_the_same_is_dropped(written: str) -> None:
    assert not is_usable(tidy(written), QUESTION, TALK)


def test_a_question_without_a_question_mark_may_be_rewritten_without_one() -> None:
    assert is_usable("tell me more about Michael Collins", "tell me more about him", TALK)
    assert is_usable("when was Michael Collins born", "when was he born", TALK)
    assert not is_usable("Michael Collins was born in 1930", "when was he born", TALK)


def test_a_question_word_alone_may_become_a_whole_question() -> None:
    assert is_usable("Why did Michael Collins stay in lunar orbit?", "Why?", TALK)
    assert not is_usable("Why is the sky blue?", "Why?", TALK)


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("Wann wurde er geboren?", "Wann wurde Michael Collins geboren?"),
        ("¿Cuándo nació él?", "¿Cuándo nació Michael Collins?"),
        ("他什么时候出生？", "Michael Collins 他什么时候出生？"),
    ],
)
def test_a_question_of_another_language_may_be_rewritten_in_it(question: str, written: str) -> None:
    assert is_usable(written, question, TALK)


def test_no_sentence_of_the_prompt_is_a_question() -> None:
    messages = load_prompt("rewrite").format_messages(history=TALK, question=QUESTION)
    lines = [line.strip("- ") for message in messages for line in message.text.splitlines()]
    assert not any(is_usable(tidy(line), QUESTION, TALK) for line in lines)


@given(st.one_of(st.text(), st.text(alphabet="Michael Colns wherbw?\"'*\n[1]:")))
def test_whatever_a_model_writes_what_is_used_is_a_short_line_without_markers(written: str) -> None:
    tidied = tidy(written)
    assert tidy(tidied) == tidied
    if is_usable(tidied, QUESTION, TALK):
        assert len(tidied.splitlines()) == 1
        assert len(tidied) <= MOST_CHARACTERS
        assert tidied.endswith(("?", "？", "؟"))
        assert without_markers(tidied) == tidied
