"""The figures of `rag eval answers`, worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from rag_app.experiments.evaluation.answers import (
    Outcome,
    compare_evidence,
    count_dangling,
    holds_answer,
    measure_answers,
    normalize,
)
from rag_app.experiments.evaluation.datasets import AnswerQuestion, load_answer_set
from tests.rag_app.passages import model_texts

XQUAD = Path(__file__).parents[5] / "shared" / "data" / "xquad"


def outcome(
    *quotes: str, answers: tuple[str, ...] = (), evidence: tuple[tuple[str, ...], ...] = (), **values: Any
) -> Outcome:
    """Of an answerable question that was not refused, where nothing else is said."""
    kind, answerable = values.pop("kind", "answerable"), values.pop("answerable", True)
    row = {"id": 1, "question": "Who?", "answerable": answerable, "kind": kind}
    question = AnswerQuestion(**row, answers=[*answers], evidence=[[*annotator] for annotator in evidence])
    told = {"refused": False, "answerability": 0.5, "unsupported_sentences": 0, "dangling_markers": 0, **values}
    return Outcome(question, quotes=quotes, **told)


class TestFigures:
    def test_they_are_those_worked_out_by_hand(self) -> None:
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

    def test_without_questions_that_count_a_figure_is_not_known(self) -> None:
        found = measure_answers([outcome(answerable=False, kind="off topic", refused=True)])
        unknown = ("answer_recall", "evidence_precision", "evidence_recall", "evidence_f1", "kept")
        assert [found[name] for name in unknown] == [None] * 5
        assert [found["intervals"][name] for name in unknown] == [None] * 5
        assert (found["refused"], found["unsupported_sentences"]) == ({"off topic": 1.0}, 0)
        json.dumps(found, allow_nan=False)


class TestEvidence:
    def test_sentences_differ_in_nothing_but_white_space(self) -> None:
        evidence = (("They see  three\nwomen .",),)
        assert compare_evidence(outcome("They see three women.", evidence=evidence)) == (1.0, 1.0)
        for other in ("They see three women", "they see three women .", "They see three women . They sing ."):
            assert compare_evidence(outcome(other, evidence=evidence)) == (0.0, 0.0)

    def test_what_any_annotator_marked_is_evidence(self) -> None:
        marked = (("A.", "B."), ("B.", "C."), ())
        assert compare_evidence(outcome("A.", "C.", "D.", evidence=marked)) == (2 / 3, 2 / 3)

    def test_an_answer_that_quotes_nothing_has_no_precision(self) -> None:
        assert compare_evidence(outcome(evidence=(("A.",),))) == (0.0, 0.0)

    @pytest.mark.parametrize(
        "left_out",
        [
            outcome("A."),
            outcome("A.", evidence=((), ())),
            outcome(evidence=(("A.",),), refused=True),
            outcome("A.", evidence=(("A.",),), answerable=False, kind="near miss"),
        ],
    )
    def test_only_answerable_questions_that_were_kept_and_have_evidence_count(self, left_out: Outcome) -> None:
        assert compare_evidence(left_out) == (None, None)


class TestAnswerRecall:
    @pytest.mark.parametrize(
        ("answer", "quotes"),
        [
            ("308", ["They gave up 308 points."]),
            ("the Denver Broncos", ["denver broncos won."]),
            ("24-10", ["It ended 24–10 in California."]),
            ("1990", ["From 1990–1995 nothing was built."]),
            ("Kawann Short", ["Then Kawann", "Short ran."]),
            ("Ödland", ["Dort ist „Ödland“."]),
            ("136 次", ["贾里德·艾伦以136次擒杀领先。"]),
        ],
    )
    def test_an_answer_stands_in_the_quotes(self, answer: str, quotes: list[str]) -> None:
        assert holds_answer(outcome(*quotes, answers=("something else", answer)))

    @pytest.mark.parametrize(
        ("answer", "quotes"),
        [
            ("4", ["They scored 24 points."]),
            ("Short Kawann", ["Kawann Short ran."]),
            ("the", ["The end."]),
            ("黑豹", ["黑色的豹子。"]),
            ("three", []),
        ],
    )
    def test_an_answer_does_not_stand_in_the_quotes(self, answer: str, quotes: list[str]) -> None:
        assert not holds_answer(outcome(*quotes, answers=(answer,)))

    @pytest.mark.parametrize("language", ["en", "de", "es", "zh"])
    def test_gold_answers_stand_in_the_passages_they_were_cut_from(self, language: str) -> None:
        if not XQUAD.is_dir():
            pytest.skip("XQuAD is not there")
        documents, _ = load_answer_set(XQUAD / language)
        texts = {document.source: normalize(document.text) for document in documents}
        rows = map(json.loads, (XQUAD / language / "answers.jsonl").read_text("utf-8").splitlines())
        held = [any(normalize(answer) in texts[row["passage_id"]] for answer in row["answers"]) for row in rows]
        assert len(held) == 1190
        assert held.count(False) <= 2, "some were cut amid a word"


class TestDanglingMarkers:
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
    def test_numbers_in_brackets_without_a_citation_are_counted(self, text: str, count: int) -> None:
        assert count_dangling(text, {1, 2}) == count

    @given(model_texts())
    def test_with_a_citation_for_every_number_none_is(self, text: str) -> None:
        assert count_dangling(text, set(range(1000))) == 0
