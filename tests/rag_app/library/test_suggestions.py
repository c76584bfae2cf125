"""Questions made from documents: well formed, and answered by the very words they were made from."""

from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths, load_chain
from rag_app.library.suggested_questions import WANTED, question_of_heading, question_of_sentence, suggest
from rag_app.wiring import build_store

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The Saturn V was 110.6 metres tall and weighed 2,970 tonnes.", "How tall was the Saturn V?"),
        ("The guidance computer weighed 32 kilograms with its batteries.", "How much did the guidance computer weigh?"),
        ("The siege of the old town lasted 21 days in all.", "How long did the siege of the old town last?"),
        ("Sea trials take two weeks in spring, and three in a cold winter.", "How long do sea trials take?"),
        ("Buzz Aldrin was born on 20 January 1930 in Glen Ridge, New Jersey.", "When was Buzz Aldrin born?"),
        ("Middlemarch was written by George Eliot, and appeared in parts.", "Who wrote Middlemarch?"),
        ("An **embedding** is a list of numbers that stands for a piece of text.", "What is an embedding?"),
        ("`rag watch` keeps the collection in step with the folder.", "What does rag watch do?"),
        ("To install the package, run pip in a fresh environment.", "How do I install the package?"),
        ("It is a list of numbers that stands for a piece of text.", None),
        ("The system is a list of numbers that stands for a text.", None),
        ("This is the first of the three parts that were lost.", None),
        ("Names are the words by which the things of a trade are called.", None),
        ("Ein Vektor ist eine Liste von Zahlen, die für einen Text steht.", None),
    ],
)  # fmt: skip
def test_a_sentence_is_asked_for_only_where_a_form_fits_it(sentence: str, question: str | None) -> None:
    assert question_of_sentence(sentence) == question


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("## Why are there two indexes?", "Why are there two indexes?"),
        ("## Wer darf das Archiv benutzen?", "Wer darf das Archiv benutzen?"),
        ("# How to move your data", "How do I move my data?"),
        ("### How static embeddings work", "How do static embeddings work?"),
        ("## Who writes the answers", "Who writes the answers?"),
        ("## How it works", None),
        ("## Introduction", None),
        ("## Changelog", None),
    ],
)
def test_a_heading_is_a_question_only_where_it_says_so(heading: str, question: str | None) -> None:
    assert question_of_heading(heading) == question


def test_what_is_suggested_is_answered_from_documents_of_any_kind(tmp_path: Path, samples_settings: Settings) -> None:
    readme = Settings(collection="readme", data_dir=tmp_path)
    ingest_paths([ROOT / "README.md", ROOT / "CHANGELOG.md"], settings=readme)
    suggested = {settings.collection: answered_suggestions(settings) for settings in (samples_settings, readme)}
    assert suggested["samples"] == WANTED
    assert suggested["readme"] >= 1


def test_nothing_is_suggested_where_nothing_is_sure(tmp_path: Path) -> None:
    settings = Settings(collection="attacks", data_dir=tmp_path)
    ingest_paths([ROOT / "tests" / "data"], settings=settings)
    assert answered_suggestions(settings) == 0


def answered_suggestions(settings: Settings) -> int:
    """How many are suggested, each of which is answered."""
    chain = load_chain(settings=settings)
    questions = suggest(build_store(settings).catalogue, chain)
    assert [question for question in questions if chain.invoke(question).refused] == []
    return len(questions)
