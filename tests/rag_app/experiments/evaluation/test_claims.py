"""`rag eval claims` as a command: its figures are those of its details, a chat model judges, and bad input is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rag_app.experiments.evaluation.claims import load_claims
from tests.conftest import CommandLine
from tests.rag_app.chat_models import SPEC
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import InputError

TALL = "The Eiffel Tower is 330 metres tall."
PASSAGES = [{"title": "", "text": TALL}, {"title": "", "text": "Tomatoes need sun."}]
CLAIMS = [
    {"id": "a", "claim": TALL, "passages": PASSAGES, "supported": True, "kind": "copy"},
    {"id": 2, "claim": TALL.replace("is", "is not"), "passages": PASSAGES, "supported": False, "kind": "denial"},
    {"id": 3, "claim": "Cheese is made of milk.", "passages": PASSAGES, "supported": True},
    {"id": 4, "claim": TALL, "passages": [], "supported": False},
]
KEYS = {
    *("balanced_accuracy", "false_alarms", "misses", "precision"),
    *("claims", "states", "seconds", "intervals"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CLAIMS))
    return folder


def details_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_its_figures_are_those_of_its_details(rag: CommandLine, folder: Path, tmp_path: Path) -> None:
    run = rag("eval", "claims", "--json", "--details", tmp_path / "details", folder)
    assert run.returncode == 0, run.stderr
    found, rows = json.loads(run.stdout), details_of(tmp_path / "details")
    assert set(found) == KEYS
    assert set(found["intervals"]) == {"balanced_accuracy", "false_alarms", "misses", "precision"}
    assert [(row["id"], row["kind"]) for row in rows] == [("a", "copy"), (2, "denial"), (3, ""), (4, "")]
    assert all(list(row) == ["id", "supported", "state", "score", "kind"] for row in rows)
    assert all(row["supported"] == (row["state"] == "proved") and 0 <= row["score"] <= 1 for row in rows)
    called = [row["supported"] for row in rows]
    assert called == [True, False, False, False]
    assert (found["false_alarms"], found["misses"], found["precision"]) == (0.5, 0.0, 1.0)
    assert (found["balanced_accuracy"], found["claims"]) == (0.75, 4)
    states = [row["state"] for row in rows]
    assert found["states"] == {state: states.count(state) for state in states}
    assert rows[3] == {"id": 4, "supported": False, "state": "not proved", "score": 0.0, "kind": ""}
    lines = rag("eval", "claims", "--limit", "1", folder).stdout.splitlines()
    assert lines[0].startswith("balanced_accuracy "), "a table for people"
    assert ["claims", "1"] in [line.split() for line in lines]


def test_a_chat_model_judges_each_claim_over_its_own_passages(
    rag: CommandLine, folder: Path, tmp_path: Path, fault_server: FaultServer
) -> None:
    said = {"sentence": 1, "passage": 2, "quote": "Tomatoes need sun.", "verdict": "contradicted"}
    fault_server.answer = json.dumps({"verdicts": [said]})
    arguments = ("eval", "claims", "--json", "--judge", "chat", "--details", tmp_path / "details", folder)
    run = rag(*arguments, RAG_LLM=SPEC)
    assert run.returncode == 0, run.stderr
    assert [row["state"] for row in details_of(tmp_path / "details")] == (
        ["proved", "contradicted", "contradicted", "not proved"]
    ), "a copy needs no judge"
    asked = [chat.body["messages"][-1]["content"] for chat in fault_server.chats]
    assert [text.rpartition("1. ")[2] for text in asked] == [row["claim"] for row in CLAIMS if row["passages"]]
    assert all(TALL in text for text in asked)
    fault_server.behave("wrong_key")
    assert rag(*arguments, RAG_LLM=SPEC).returncode == 2
    run = rag(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("error: --judge chat needs a chat model")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "claims.jsonl, line 2, is not JSON"),
        ("[1]", "claims.jsonl, line 2, is not a JSON object"),
        ('{"id": 1, "claim": "x", "supported": true}', "line 2, cannot be used: passages: field required"),
        (json.dumps({**CLAIMS[0], "supported": "yes"}), "line 2, cannot be used: supported: input should be a valid"),
        (json.dumps({**CLAIMS[0], "passages": [{"text": "x"}]}), "line 2, cannot be used: passages.0.title: field"),
    ],
)
def test_a_line_that_is_no_claim_is_named(folder: Path, line: str, told: str) -> None:
    path = folder / "claims.jsonl"
    path.write_text(json.dumps(CLAIMS[0]) + "\n" + line + "\n")
    with pytest.raises(InputError, match=re.escape(told)) as caught:
        load_claims(folder)
    assert "claims.jsonl with a line a claim" in caught.value.hint
    assert len(load_claims(folder, limit=1)) == 1


def test_a_file_that_is_not_there_or_empty_is_named(folder: Path) -> None:
    path = folder / "claims.jsonl"
    path.write_text("\n")
    with pytest.raises(InputError, match=re.escape(f"{path} has no claim")):
        load_claims(folder)
    path.unlink()
    with pytest.raises(InputError, match=re.escape(f"{path} cannot be read: No such file")):
        load_claims(folder)
