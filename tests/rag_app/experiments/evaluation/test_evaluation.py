"""`rag eval`: figures that can be worked out by hand, on sets made for it, through the command line."""

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from rag_app.commands.mlflow_option import name_local
from rag_app.experiments.evaluation.datasets import ChunkQuestion
from rag_app.experiments.evaluation.retrieval import MEASURES, measure, score_passages
from tests.conftest import CommandLine
from vectorstore.types import Chunk, Passage

DOCUMENTS = {
    "moon": ("Apollo", "Michael Collins stayed in orbit around the Moon."),
    "rocket": ("Saturn V", "The rocket had three stages and was as tall as a house of thirty floors."),
    "garden": ("", "Tomatoes need sun and water."),
}
QUERIES = {
    "q1": "Who stayed in orbit?",
    "q2": "How many stages has the rocket?",
    "q3": "nobody judged this",
    "q4": "bees",
}
JUDGED = {"q1": {"moon": 1}, "q2": {"moon": 1, "rocket": 0}, "q4": {"unknown": 1}}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    write_rows(folder / "corpus.jsonl.gz", documents)
    write_rows(folder / "queries.jsonl", [{"_id": name, "text": text} for name, text in QUERIES.items()])
    rows = [f"{query}\t{document}\t{grade}" for query, grades in JUDGED.items() for document, grade in grades.items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    return folder


def test_retrieval_is_measured_over_the_judged_queries(rag: CommandLine, beir: Path, tmp_path: Path) -> None:
    run = rag("eval", "retrieval", "--json", "--details", tmp_path / "details", beir)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    ranked = {row["id"]: row["ranked"] for row in map(json.loads, (tmp_path / "details").read_text().splitlines())}
    assert list(ranked) == ["q1", "q2", "q4"]
    assert (ranked["q1"][0], ranked["q2"][0]) == ("moon", "rocket")
    assert all(sorted(documents) == sorted(DOCUMENTS) for documents in ranked.values())
    place = ranked["q2"].index("moon") + 1
    assert found["mrr@10"] == pytest.approx((1 + 1 / place + 0) / 3)
    assert found["recall@5"] == pytest.approx(2 / 3)
    assert (found["queries"], found["documents"]) == (3, 3)
    assert set(found) == {*MEASURES, "queries", "documents", "seconds", "intervals"}
    assert found["intervals"]["mrr@10"][0] <= found["mrr@10"] <= found["intervals"]["mrr@10"][1]
    found = json.loads(rag("eval", "retrieval", "--json", "--limit", "1", beir).stdout)
    assert (found["queries"], found["documents"], found["ndcg@10"]) == (1, 3, 1.0)
    assert rag("collections").stdout.startswith("no collections")


@pytest.mark.parametrize("kind", ["retrieval", "answers", "chunks", "compare"])
def test_a_folder_that_is_no_set_is_told(rag: CommandLine, tmp_path: Path, kind: str) -> None:
    run = rag("eval", kind, tmp_path, *(["minilm"] if kind == "compare" else []))
    assert (run.returncode, run.stderr.count("\n")) == (2, 2)
    assert run.stderr.startswith("error: ")


def test_chunks_are_measured_by_the_characters_they_show(rag: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "corpora").mkdir()
    text = "# Orbit\n\nCollins stayed in orbit.\n\n# Garden\n\nTomatoes need sun.\n"
    (tmp_path / "corpora" / "a.md").write_text(text)
    start = text.index("Collins")
    reference = {"content": "Collins stayed in orbit.", "start_index": start, "end_index": start + 24}
    row = {"question": "Who stayed in orbit?", "corpus_id": "a", "references": [reference]}
    write_rows(tmp_path / "questions.jsonl", [row])
    found = json.loads(rag("eval", "chunks", "--json", tmp_path).stdout)
    shown = len(text.split("\n\n# Garden")[0]) + len("# Garden\n\nTomatoes need sun.")
    assert (found["recall@5"], found["intervals"]["recall@5"]) == (1, [1, 1])
    assert (found["precision@5"], found["iou@5"]) == pytest.approx((24 / shown, 24 / shown))
    assert (found["chunks"], found["questions"]) == (2, 1)


def test_a_set_is_kept_in_a_collection_that_holds_nothing_else(rag: CommandLine, beir: Path, tmp_path: Path) -> None:
    first, again = (rag("eval", "retrieval", "--json", "--collection", "set", beir) for _ in range(2))
    assert json.loads(first.stdout)["ndcg@10"] == json.loads(again.stdout)["ndcg@10"]
    (tmp_path / "note.txt").write_text("A note of one's own.")
    assert rag("ingest", "--collection", "set", tmp_path / "note.txt").returncode == 0
    refused = rag("eval", "retrieval", "--collection", "set", beir)
    assert (refused.returncode, "holds other documents" in refused.stderr) == (2, True)


def test_without_mlflow_its_option_says_what_to_install(rag: CommandLine, beir: Path) -> None:
    if importlib.util.find_spec("mlflow"):
        pytest.skip("the extra mlflow is installed")
    run = rag("eval", "retrieval", "--mlflow", beir)
    assert (run.returncode, "pip install 'rag-app[mlflow]'" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["retrieval", "--mlflow", "set"], ["retrieval", "--mlflow", "local", "set"]),
        (["retrieval", "set", "--mlflow"], ["retrieval", "set", "--mlflow", "local"]),
        (["--mlflow", "http://host", "set"], ["--mlflow", "http://host", "set"]),
    ],
)
def test_the_address_of_mlflow_may_be_left_out(given: list[str], read: list[str]) -> None:
    assert name_local(given) == read


def test_documents_are_ranked_as_given_and_a_query_without_results_counts_as_0() -> None:
    found = measure({"a": ["x"], "b": []}, {"a": {"x": 1}, "b": {"y": 1}}).values
    assert found["ndcg@10"] == found["recall@5"] == found["mrr@10"] == 0.5
    found = measure({"a": [f"d{n}" for n in range(12)]}, {"a": {"d1": 1, "d11": 1}}).values
    assert (found["mrr@10"], found["recall@10"], found["recall@20"]) == (0.5, 0.5, 1.0)


def test_text_of_another_document_is_shown_in_vain() -> None:
    question = ChunkQuestion("?", "a", ((0, 10), (5, 20)))
    passages = [Passage(Chunk(f"/x/{name}.md", "T", None, 0, 20, "x" * 20), 1.0, 1.0, 0.0) for name in ("a", "b")]
    assert score_passages(question, passages) == (1.0, 0.5, 0.5)
    assert score_passages(question, []) == (0.0, 0.0, 0.0)
