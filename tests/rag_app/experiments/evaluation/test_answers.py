"""The figures of `rag eval answers`, worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from rag_app.experiments.evaluation.answers import (
    Outcome,
    ask,
    compare_evidence,
    count_dangling,
    holds_answer,
    measure_answers,
    normalize,
)
from rag_app.experiments.evaluation.datasets import AnswerQuestion, load_answer_set
from rag_app.types import Answer
from tests.rag_app.passages import make_answer, make_judged, make_refusal

XQUAD = Path(__file__).parents[5] / "shared" / "data" / "xquad"


def outcome(
    *quotes: str, answers: tuple[str, ...] = (), evidence: tuple[tuple[str, ...], ...] = (), **values: Any
) -> Outcome:
    """Of an answerable question that was not refused, where nothing else is said."""
    kind, answerable = values.pop("kind", "answerable"), values.pop("answerable", True)
    row = {"id": 1, "question": "Who?", "answerable": answerable, "kind": kind}
    question = AnswerQuestion(**row, answers=[*answers], evidence=[[*annotator] for annotator in evidence])
    values = {"refused": False, "answerability": 0.5, "unsupported_sentences": 0, "dangling_markers": 0, **values}
    return Outcome(question, quotes=quotes, **values)


def test_figures_are_those_worked_out_by_hand() -> None:
    found = measure_answers(
        [
            outcome("A b.", "C d.", answers=("b",), evidence=(("A b.",), ("E f.", "A b.")), dangling_markers=2),
            outcome("G h.", answers=("x",), evidence=(("G h.",),), unsupported_sentences=1),
            outcome("I j.", answers=("j",)),
            outcome(answers=("k",), evidence=(("K l.",),), refused=True),
            outcome("M n.", answerable=False, kind="near miss"),
            outcome(answerable=False, kind="near miss", refused=True),
            outcome(answerable=False, kind="off topic", refused=True),
        ]
    )
    intervals = found.pop("intervals")
    precision, recall = (1 / 2 + 1) / 2, (1 / 2 + 1) / 2
    assert found == {
        "answer_recall": 2 / 4,
        "evidence_precision": precision,
        "evidence_recall": recall,
        "evidence_f1": 2 * precision * recall / (precision + recall),
        "kept": 3 / 4,
        "refused": {"answerable": 1 / 4, "near miss": 1 / 2, "off topic": 1.0},
        "unsupported_sentences": 1,
        "dangling_markers": 2,
        "questions": 7,
    }
    assert set(intervals) == set(found) - {"questions"}
    assert intervals["refused"]["off topic"] == [1, 1]
    assert 0 <= intervals["kept"][0] < 3 / 4 < intervals["kept"][1] <= 1


@pytest.mark.parametrize(("answer", "count"), [(make_answer(), 0), (make_refusal("Who?"), 0), (make_judged(), 4)])
def test_sentences_that_are_not_proved_are_counted_of_answers_that_are_no_refusals(answer: Answer, count: int) -> None:
    def answer_so(_: Any) -> Answer:
        return answer

    assert ask(RunnableLambda(answer_so), outcome().question).unsupported_sentences == count


def test_without_questions_that_count_a_figure_is_not_known() -> None:
    found = measure_answers([outcome(answerable=False, kind="off topic", refused=True)])
    unknown = ("answer_recall", "evidence_precision", "evidence_recall", "evidence_f1", "kept")
    assert [found[name] for name in unknown] == [None] * 5
    assert [found["intervals"][name] for name in unknown] == [None] * 5
    assert (found["refused"], found["unsupported_sentences"]) == ({"off topic": 1.0}, 0)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("measured", "figures"),
    [
        (outcome("They see three women.", evidence=(("They see  three\nwomen .",),)), (1, 1)),
        (outcome("They see three women", evidence=(("They see three women .",),)), (0, 0)),
        (outcome("they see three women .", evidence=(("They see three women .",),)), (0, 0)),
        (outcome("They see three women . They sing .", evidence=(("They see three women .",),)), (0, 0)),
        (outcome("A.", "C.", "D.", evidence=(("A.", "B."), ("B.", "C."), ())), (2 / 3, 2 / 3)),
        (outcome(evidence=(("A.",),)), (0, 0)),
        # Only answerable questions that were kept and have evidence count.
        (outcome("A."), (None, None)),
        (outcome("A.", evidence=((), ())), (None, None)),
        (outcome(evidence=(("A.",),), refused=True), (None, None)),
        (outcome("A.", evidence=(("A.",),), answerable=False, kind="near miss"), (None, None)),
    ],
)
def test_quotes_are_compared_with_what_any_annotator_marked_but_for_white_space(
    measured: Outcome, figures: tuple[float | None, float | None]
) -> None:
    assert compare_evidence(measured) == figures


@pytest.mark.parametrize(
    ("answer", "quotes", "is_held"),
    [
        ("308", ["They gave up 308 points."], True),
        ("the Denver Broncos", ["denver broncos won."], True),
        ("24-10", ["It ended 24–10 in California."], True),
        ("1990", ["From 1990–1995 nothing was built."], True),
        ("Kawann Short", ["Then Kawann", "Short ran."], True),
        ("Ödland", ["Dort ist „Ödland“."], True),
        ("136 次", ["贾里德·艾伦以136次擒杀领先。"], True),
        ("4", ["They scored 24 points."], False),
        ("Short Kawann", ["Kawann Short ran."], False),
        ("the", ["The end."], False),
        ("黑豹", ["黑色的豹子。"], False),
        ("three", [], False),
    ],
)
def test_a_gold_answer_is_looked_for_in_the_quotes(answer: str, quotes: list[str], is_held: bool) -> None:
    assert holds_answer(outcome(*quotes, answers=("something else", answer))) == is_held


@pytest.mark.parametrize("language", ["en", "de", "es", "zh"])
def test_gold_answers_are_in_the_passages_they_were_cut_from(language: str) -> None:
    if not XQUAD.is_dir():
        pytest.skip("XQuAD is not there")
    documents, _ = load_answer_set(XQUAD / language)
    texts = {document.source: normalize(document.text) for document in documents}
    rows = map(json.loads, (XQUAD / language / "answers.jsonl").read_text("utf-8").splitlines())
    held = [any(normalize(answer) in texts[row["passage_id"]] for answer in row["answers"]) for row in rows]
    assert len(held) == 1190
    assert held.count(False) <= 2, "some were cut amid a word"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("He stayed. [1][2]", 0),
        ("He stayed. [3]", 1),
        ("He stayed. [1, 3] Or not [2–4].", 2),
        ("`rows[36]`", 1),
        ("In [1969] and [x], not in a list[].", 0),
    ],
)
def test_numbers_in_brackets_without_a_citation_are_counted(text: str, count: int) -> None:
    assert count_dangling(text, {1, 2}) == count
