"""A conversation as a file for others: every footnote quotes its proof, and nothing in it is active."""

import json
from dataclasses import replace

import pytest
from langchain_core.runnables import Runnable
from markdown_it import MarkdownIt

from rag_app import Answer
from rag_app.answering.chain import Request
from rag_app.library.conversations import Feedback, SavedAnswer, escape, to_json, to_markdown, to_text
from rag_app.types import Sentence

HOSTILE = '<script>alert(1)</script> ![a](b.png) [c](javascript:d) `e` **f** [1] \\ {g} "h"'


@pytest.fixture(scope="module")
def answers(samples_chain: "Runnable[Request, Answer]") -> list[Answer]:
    return [samples_chain.invoke(question) for question in ("Who stayed in lunar orbit?", "How do I bake bread?")]


def test_markdown_has_the_questions_and_a_footnote_for_each_citation(answers: list[Answer]) -> None:
    written = to_markdown("The crew", [answers[0], answers[0]])
    assert written.startswith("# The crew\n\n## Who stayed in lunar orbit?\n\n")
    count = len(answers[0].citations)
    for number in range(1, 2 * count + 1):
        assert written.count(f"[^{number}]: ") == 1
        assert written.count(f"[^{number}]") == 2
    assert "[^0]" not in written
    assert f"[^{2 * count + 1}]" not in written
    for citation in answers[0].citations:
        assert escape(" ".join(citation.quote.split())) in written


def test_a_refusal_has_no_footnote_and_no_complaint(answers: list[Answer]) -> None:
    written = to_markdown("Bread", answers[1:])
    assert "[^" not in written
    assert "unsupported" not in written.replace(answers[1].text, "")


def test_a_sentence_without_proof_is_marked(answers: list[Answer]) -> None:
    bare = replace(answers[0], text="It was so.", sentences=(Sentence("It was so.", 0, 10, False, ()),), citations=())
    assert "It was so. (unsupported)" in to_markdown("Bare", [bare])


def test_what_documents_and_models_say_is_text_in_markdown(answers: list[Answer]) -> None:
    hostile = replace(
        answers[0],
        question=HOSTILE,
        sentences=(Sentence(HOSTILE, 0, len(HOSTILE), True, ()),),
        citations=(replace(answers[0].citations[0], quote=HOSTILE, title=HOSTILE),),
    )
    drawn = MarkdownIt().render(to_markdown(HOSTILE, [hostile]))
    assert not [tag for tag in ("<script", "<img", "<a ", "<code", "<strong") if tag in drawn]
    assert drawn.count("![a](b.png)") >= 4


def test_json_holds_all_that_the_answers_hold_and_what_was_thought_of_them(answers: list[Answer]) -> None:
    feedback = Feedback(is_good=False, note="which crew?")
    read = json.loads(to_json("The crew", [SavedAnswer("1", answers[0], feedback), SavedAnswer("2", answers[1])]))
    first, second = json.loads(json.dumps([answer.to_json() for answer in answers]))
    rated = {**first, "feedback": {"good": False, "note": "which crew?"}}
    assert read == {"name": "The crew", "answers": [rated, second]}


def test_a_copied_answer_has_its_markers_and_a_line_for_each(answers: list[Answer]) -> None:
    text, *notes = to_text(answers[0]).split("\n[")
    assert text.strip() == answers[0].text.strip()
    assert "[1]" in text
    for note, citation in zip(notes, answers[0].citations, strict=True):
        assert note.startswith(f"{citation.marker}] {citation.title}")
        assert " ".join(citation.quote.split()) in note
    assert to_text(answers[1]) == answers[1].text
