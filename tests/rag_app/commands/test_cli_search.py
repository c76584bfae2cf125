"""`rag search` with its filters and reasons, and `rag similar`, on the sample documents."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine

QUESTION = "the crew of the lunar module"


def found(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    passages: list[dict[str, Any]] = json.loads(run.stdout)["passages"]
    return passages


@pytest.mark.parametrize(
    ("options", "suffixes"),
    [
        (["--source", "*.docx"], {".docx"}),
        (["--source", "*.docx", "--source", "glossary.txt"], {".docx", ".txt"}),
        (["--where", "kind=pdf"], {".pdf"}),
        (["--source", "apollo-*", "--where", "kind=docx"], {".docx"}),
    ],
)
def test_a_filter_takes_the_documents_that_it_names(
    in_samples: CommandLine, options: list[str], suffixes: set[str]
) -> None:
    passages = found(in_samples("search", "--json", "--top-k", "50", *options, QUESTION))
    assert {Path(passage["source"]).suffix for passage in passages} == suffixes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--source", "*.cobol"], "no document of the collection fits --source and --where"),
        (["--where", "kind=cobol"], "no document of the collection fits --source and --where"),
        (["--where", "colour=red"], "documents have no colour"),
        (["--where", "kind"], "--where kind has no value"),
    ],
)
def test_a_filter_that_takes_no_document_is_told(in_samples: CommandLine, options: list[str], message: str) -> None:
    run = in_samples("search", "--json", *options, QUESTION)
    assert (run.returncode, run.stdout, message in run.stderr) == (2, "", True)


def test_each_passage_is_explained_by_both_lists(in_samples: CommandLine) -> None:
    passages = found(in_samples("search", "--json", "--explain", QUESTION))
    reasons = [passage["explanation"] for passage in passages]
    assert [reason["score"] for reason in reasons] == [passage["score"] for passage in passages]
    assert "lunar" in {term for reason in reasons for term in reason["terms"]}
    dense = [reason["dense_rank"] for reason in reasons if reason["dense_rank"]]
    assert len(set(dense)) == len(dense)
    told = in_samples("search", "--explain", QUESTION).stdout
    assert "by meaning no. " in told
    assert "by words no. " in told


def test_documents_near_to_a_document_are_listed_without_itself(in_samples: CommandLine) -> None:
    run = in_samples("similar", "apollo-11-crew.docx", "--json", "--top-k", "3")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    names = [Path(document["source"]).name for document in answer["documents"]]
    assert Path(answer["source"]).name == "apollo-11-crew.docx"
    assert "apollo-11-mission.pdf" in names
    assert "apollo-11-crew.docx" not in names
    assert len(names) == 3
