"""What a text speaks of: its noun phrases, and the parts of a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.followups.clauses import parse_question
from rag_app.followups.phrases import find_phrases, learn_names
from rag_app.followups.tokens import plain, tokenize
from rag_app.followups.words import base_form


def found(text: str) -> list[tuple[str, str]]:
    text = plain(text)
    return [(phrase.kind, phrase.shown) for phrase in find_phrases(text, known=learn_names([text]))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Michael Collins stayed in lunar orbit while Neil Armstrong and Buzz Aldrin landed on the Moon. [1]",
            [
                ("person", "Michael Collins"),
                ("bare", "lunar orbit"),
                ("persons", "Neil Armstrong and Buzz Aldrin"),
                ("person", "Neil Armstrong"),
                ("person", "Buzz Aldrin"),
                ("thing", "the Moon"),
            ],
        ),
        (
            "**The first stage of the Saturn V** burned for 150 seconds.",
            [("thing", "the first stage of the Saturn V"), ("thing", "the Saturn V"), ("time", "150 seconds")],
        ),
        ("In Houston the engineer Jack Garman had a list.", [
            ("thing", "Houston"), ("person", "Jack Garman"), ("thing", "a list"),
        ]),
        ("President Nixon spoke. Robots came.", [("person", "President Nixon"), ("things", "Robots")]),
        ("Collins was Michael Collins.", [("person", "Michael Collins"), ("person", "Michael Collins")]),
        ("Mona Lisa by Leonardo da Vinci", [("person", "Mona Lisa"), ("person", "Leonardo da Vinci")]),
        ("| Apollo 17 | Eugene Cernan |", [("thing", "Apollo 17"), ("person", "Eugene Cernan")]),
    ],
)  # fmt: skip
def test_the_phrases_of_a_text_are_found_with_their_kinds(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who stayed in orbit?", ("Who", "", "", "stayed in orbit")),
        ("How much did the guidance computer weigh?", ("How much", "did", "the guidance computer", "weigh")),
        ("And how tall was the Saturn V?", ("how tall", "was", "the Saturn V", "")),
        ("When was Apollo 11 launched?", ("When", "was", "Apollo 11", "launched")),
        ("Why is the sky blue?", ("Why", "is", "the sky", "blue")),
        ("How many samples were brought back?", ("How many samples", "", "", "were brought back")),
        ("Did Armstrong land on the Moon?", ("", "Did", "Armstrong", "land on the Moon")),
        (
            "Where did the crew of Apollo 11 leave quarantine?",
            ("Where", "did", "the crew of Apollo 11", "leave quarantine"),
        ),
        ("When was Michael Collins's father born?", ("When", "was", "Michael Collins's father", "born")),
        ("How many keys did the DSKY have?", ("How many keys", "did", "the DSKY", "have")),
    ],
)
def test_a_question_is_parted_into_what_asks_the_subject_and_the_rest(
    question: str, parts: tuple[str, str, str, str]
) -> None:
    clause = parse_question(question)
    assert clause is not None
    assert tuple(map(clause.words, (clause.asking, clause.auxiliary, clause.subject, clause.rest))) == parts


@pytest.mark.parametrize("text", ["Saturn V height", "Wer blieb im Orbit?", "Explain the alarm.", "", "And?"])
def test_what_is_no_question_of_english_has_no_parts(text: str) -> None:
    assert parse_question(text) is None


@pytest.mark.parametrize(
    ("verb", "base"),
    [
        ("stayed", "stay"),
        ("flew", "fly"),
        ("used", "use"),
        ("stopped", "stop"),
        ("carried", "carry"),
        ("directed", "direct"),
        ("noticed", "notice"),
        ("builds", "build"),
    ],
)
def test_a_verb_is_brought_to_the_form_after_did(verb: str, base: str) -> None:
    assert base_form(verb) == base


@given(st.text())
def test_every_token_and_every_phrase_is_a_slice_of_the_text(text: str) -> None:
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text != ""
    for phrase in find_phrases(text):
        assert 0 <= phrase.start < phrase.head_end <= phrase.end <= len(text)
        assert phrase.shown
