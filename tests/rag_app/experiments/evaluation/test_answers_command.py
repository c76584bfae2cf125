"""`rag eval answers` as a command: its figures are those of its details, and bad input is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rag_app.experiments.evaluation.datasets import load_answer_set
from rag_app.experiments.evaluation.tracking import name_metrics
from tests.conftest import CommandLine
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import InputError

ORBIT = "Michael Collins stayed in orbit around the Moon."
LANDED = "Neil Armstrong and Buzz Aldrin landed in the Eagle."
ROCKET = "The rocket had three stages and was as tall as a house of thirty floors."
CORPUS = [
    {"_id": "moon", "title": "Apollo 11", "text": f"{ORBIT} {LANDED}"},
    {"_id": "rocket", "title": "Saturn V", "text": ROCKET},
    {"_id": "garden", "title": "", "text": "Tomatoes need sun and water."},
]


def asked(question: str, kind: str, *answers: str, **more: Any) -> dict[str, Any]:
    return {"question": question, "answerable": kind == "answerable", "kind": kind, "answers": [*answers], **more}


EVIDENCE = [[ORBIT], [ORBIT.replace(" ", "  "), LANDED]]
QUESTIONS = [
    asked(
        "Who stayed in orbit around the Moon?", "answerable", "Collins", "Michael Collins", id="a", evidence=EVIDENCE
    ),
    asked("How many stages had the rocket?", "answerable", "three", passage_id="rocket"),
    asked("Who paid for the rocket?", "near miss", id=7, evidence=[]),
    asked("How do I bake bread?", "off topic", evidence=None),
]
KEYS = {
    "answer_recall", "evidence_precision", "evidence_recall", "evidence_f1", "kept", "refused",
    "unsupported_sentences", "dangling_markers", "questions", "seconds", "intervals",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    for name, rows in (("corpus", CORPUS), ("answers", QUESTIONS)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


class TestCommand:
    def test_its_figures_are_those_of_its_details(self, rag: CommandLine, folder: Path, tmp_path: Path) -> None:
        run = rag("eval", "answers", "--json", "--details", tmp_path / "details", folder)
        assert run.returncode == 0, run.stderr
        found = json.loads(run.stdout)
        rows = [json.loads(line) for line in (tmp_path / "details").read_text("utf-8").splitlines()]
        first, second, near, off = rows
        assert [row["id"] for row in rows] == ["a", 2, 7, 4]
        assert all(set(row) == {"id", "refused", "answerability", "quotes"} for row in rows)
        assert all(0 <= row["answerability"] <= 1 and row["refused"] == (row["quotes"] == []) for row in rows)
        assert set(found) == KEYS
        assert ORBIT in first["quotes"]
        right = len({ORBIT, LANDED} & set(first["quotes"]))
        assert found["evidence_precision"] == pytest.approx(right / len(first["quotes"]))
        assert found["evidence_recall"] == right / 2
        answered = ["Collins" in "".join(first["quotes"]), "three" in "".join(second["quotes"])]
        assert found["answer_recall"] == sum(answered) / 2
        assert found["kept"] == 1 - (first["refused"] + second["refused"]) / 2
        assert found["refused"] == {
            "answerable": 1 - found["kept"], "near miss": float(near["refused"]), "off topic": float(off["refused"])
        }  # fmt: skip
        assert (found["unsupported_sentences"], found["dangling_markers"], found["questions"]) == (0, 0, 4)
        lines = rag("eval", "answers", "--limit", "2", folder).stdout.splitlines()
        assert lines[0].startswith("answer_recall "), "a table for people"
        assert lines[0].count("[") == 1
        assert ["questions", "2"] in [line.split() for line in lines]

    def test_what_a_model_writes_is_measured_too(
        self, rag: CommandLine, folder: Path, tmp_path: Path, fault_server: FaultServer
    ) -> None:
        fault_server.answer = f"{ORBIT} [1] Cheese is made of milk [99]. It is white."
        said = {"sentence": 1, "passage": 1, "quote": ORBIT, "verdict": "supported"}
        fault_server.judgements = json.dumps({"verdicts": [said]})
        run = rag(
            "eval", "answers", "--json", "--limit", "1", "--details", tmp_path / "details", folder,
            RAG_LLM="openai:test-model",
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        found, (row,) = json.loads(run.stdout), map(json.loads, (tmp_path / "details").read_text().splitlines())
        assert row["quotes"] == [ORBIT]
        assert (found["evidence_precision"], found["evidence_recall"], found["answer_recall"]) == (1.0, 0.5, 1.0)
        assert (found["unsupported_sentences"], found["dangling_markers"], found["questions"]) == (2, 0, 1)
        assert 0 < row["answerability"] <= 1

    def test_details_are_refused_first_or_kept_where_the_next_run_cannot_start(
        self, rag: CommandLine, folder: Path, tmp_path: Path
    ) -> None:
        details = tmp_path / "details"
        details.write_text("of an earlier run\n")
        (folder / "answers.jsonl").unlink()
        assert rag("eval", "answers", "--details", details, folder).returncode == 2
        assert details.read_text() == "of an earlier run\n"
        run = rag("eval", "answers", "--details", folder, folder)
        assert (run.returncode, run.stderr.startswith(f"error: {folder} cannot be written")) == (2, True)


def test_every_known_figure_has_a_name_that_mlflow_takes() -> None:
    """Its rule: letters, digits, spaces and `/_-.`; a slash would make a group."""
    kinds = {"answerable": None, "near/miss: “two”": [0.5, 1.0]}
    result = {
        "recall@5": 0.5,
        "evidence_f1": None,
        "refused": {"answerable": 0.25, "near/miss: “two”": 1.0},
        "questions": 4,
        "intervals": {"recall@5": [0.25, 0.75], "evidence_f1": None, "refused": kinds},
    }
    assert name_metrics(result) == {
        "recall_at_5": 0.5,
        "recall_at_5_low": 0.25,
        "recall_at_5_high": 0.75,
        "refused answerable": 0.25,
        "refused near_miss_ _two_": 1.0,
        "refused near_miss_ _two__low": 0.5,
        "refused near_miss_ _two__high": 1.0,
        "questions": 4.0,
    }


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("{", "answers.jsonl, line 2, is not JSON"),
            ("[1]", "answers.jsonl, line 2, is not a JSON object"),
            ('{"question": "Who?"}', "answers.jsonl, line 2, cannot be used: answerable: field required"),
            (
                json.dumps({**QUESTIONS[0], "answers": "Collins"}),
                "cannot be used: answers: input should be a valid list",
            ),
            (json.dumps({**QUESTIONS[0], "answerable": "yes"}), "answerable: input should be a valid boolean"),
            (json.dumps({**QUESTIONS[0], "evidence": [ORBIT]}), "evidence.0: input should be a valid list"),
            (json.dumps({**QUESTIONS[0], "question": "?!"}), "cannot be asked: the question has no word in it"),
        ],
    )
    def test_a_line_that_is_no_question_is_named(self, folder: Path, line: str, told: str) -> None:
        (folder / "answers.jsonl").write_text(json.dumps(QUESTIONS[0]) + "\n" + line + "\n")
        with pytest.raises(InputError) as caught:
            load_answer_set(folder)
        assert told in caught.value.message
        assert "answers.jsonl with a line a question" in caught.value.hint

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("answers", None, "answers.jsonl cannot be read: No such file"),
            ("corpus", None, "corpus.jsonl cannot be read: No such file"),
            ("corpus", b'{"text": "A text."}\n', "corpus.jsonl has a line without '_id'"),
            ("answers", b"\n", "answers.jsonl has no question"),
            ("answers", b"\xff\xfe{}\n", "answers.jsonl cannot be read"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_named(
        self, folder: Path, name: str, content: bytes | None, told: str
    ) -> None:
        path = folder / f"{name}.jsonl"
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(InputError, match=re.escape(told)):
            load_answer_set(folder)
