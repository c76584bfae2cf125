"""Questions made from headings and titles: well formed, and answered by the words below them."""

from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths, load_chain
from rag_app.library.suggested_questions import WANTED, propose, question_of, suggest
from rag_app.wiring import build_store

ROOT = Path(__file__).parents[3]
ENGLISH = "It is the first of two stages, and the static kind is older than all of the others that were made."


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Why are there two indexes?", "Why are there two indexes?"),
        ("Wer darf das Archiv benutzen?", "Wer darf das Archiv benutzen?"),
        ("How to move **your** data", "How do I move my data?"),
        ("How static embeddings work", "How do static embeddings work?"),
        ("How the `cache` works:", "How does the cache work?"),
        ("Who writes the answers", "Who writes the answers?"),
        ("The descent stage", "What is said about the descent stage?"),
        ("Static and contextual embeddings", "What is said about static and contextual embeddings?"),
        ("[Neil Armstrong](#a), commander", "What is said about Neil Armstrong, commander?"),
        ("How it came about", None),
        ("Before NASA", None),
        ("The goal", None),
        ("Changelog", None),
    ],
)
def test_a_heading_is_asked_for_only_where_it_says_enough(heading: str, question: str | None) -> None:
    assert question_of(heading, ENGLISH) == question


def test_a_heading_of_another_language_is_asked_for_only_as_a_question() -> None:
    assert (
        question_of("Die zweite Stufe", "Die Stufe ist aus Stahl, und sie trägt den Tank für den Treibstoff.") is None
    )


@pytest.mark.long("tries each suggested question")
def test_what_is_suggested_is_answered(samples_settings: Settings) -> None:
    assert answered_suggestions(samples_settings) == WANTED


@pytest.mark.slow
def test_questions_are_suggested_for_documents_of_any_kind(tmp_path: Path) -> None:
    manual = Settings(collection="manual", data_dir=tmp_path)
    ingest_paths([ROOT / "docs" / f"{page}.md" for page in ("answers", "embeddings", "web")], settings=manual)
    assert answered_suggestions(manual) >= 1


def test_nothing_is_suggested_where_nothing_is_sure(tmp_path: Path) -> None:
    settings = Settings(collection="attacks", data_dir=tmp_path)
    (tmp_path / "lists.md").write_text(
        "# Tomato Soup Recipes\n\nNothing was written yet.\n\n## Blue Whale Songs\n\n-\n"
    )
    ingest_paths([ROOT / "tests" / "data" / "attacks.json", tmp_path / "lists.md"], settings=settings)
    assert list(propose(build_store(settings).catalogue))
    assert answered_suggestions(settings) == 0


def answered_suggestions(settings: Settings) -> int:
    """How many are suggested, each of which is answered."""
    chain = load_chain(settings=settings)
    questions = suggest(build_store(settings).catalogue, chain)
    assert [question for question in questions if chain.invoke(question).refused] == []
    return len(questions)
