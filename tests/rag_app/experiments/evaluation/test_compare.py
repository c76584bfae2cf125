"""`rag eval compare`: distances, labels and the command line, on vectors and sets whose figures are known."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_app.experiments.evaluation.compare import (
    Labelling,
    load_labels,
    measure_labels,
    model_bytes,
    short_name,
)
from rag_app.experiments.evaluation.retrieval import rank_exactly
from tests.conftest import CommandLine
from tests.rag_app.embeddings_server import EmbeddingsServer
from tests.rag_app.experiments.evaluation.test_evaluation import write_rows
from tests.tiny_encoder import DIMENSION

TOPICS = {
    "space": ("The rocket reached orbit.", "A capsule landed on the Moon.", "The probe flew past Mars."),
    "garden": ("Tomatoes need sun and water.", "Roses are pruned in spring.", "Bees visit the apple tree."),
}
QUERIES = {"q1": "What landed on the Moon?", "q2": "When are roses pruned?", "q3": "Which tree do bees visit?"}
JUDGED = {"q1": "space1", "q2": "garden1", "q3": "garden2"}


@pytest.fixture(scope="module")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    (folder / "qrels").mkdir()
    documents: list[dict[str, Any]] = [
        {"_id": f"{topic}{number}", "title": "", "text": text, "metadata": {"topic": topic, "tags": ["a"]}}
        for topic, texts in TOPICS.items()
        for number, text in enumerate(texts)
    ]
    documents.append({"_id": "bare", "title": "", "text": "It has no metadata."})
    write_rows(folder / "corpus.jsonl.gz", documents)
    write_rows(folder / "queries.jsonl", [{"_id": name, "text": text} for name, text in QUERIES.items()])
    rows = [f"{query}\t{document}\t1" for query, document in JUDGED.items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        yield server


def test_each_distance_has_an_order_of_its_own_and_a_document_stands_by_its_nearest_chunk() -> None:
    question = np.array([[1, 0]], np.float32)
    chunks = np.array([[0.9, 0.1], [9, 9], [3, 0], [0, 1], [0, 0]], np.float32)
    owners = ["near", "long", "straight", "near", "nothing"]

    def ranked(distance: str) -> list[str]:
        (found,) = rank_exactly(question, chunks, owners, distance=distance, limit=10)
        return found

    assert ranked("cosine") == ["straight", "near", "long", "nothing"]
    assert ranked("dot") == ["long", "straight", "near", "nothing"]
    assert ranked("euclidean") == ["near", "nothing", "straight", "long"]


def test_many_questions_are_ranked_one_by_one_and_as_many_documents_as_are_wanted() -> None:
    generator = np.random.default_rng(0)
    chunks, questions = (generator.normal(size=(count, 8)).astype(np.float32) for count in (300, 150))
    owners = [f"d{number % 100}" for number in range(300)]
    found = list(rank_exactly(questions, chunks, owners, distance="euclidean", limit=5))
    lengths = np.linalg.norm(chunks[np.newaxis] - questions[:, np.newaxis], axis=2)
    nearest = [list(dict.fromkeys(owners[row] for row in np.argsort(one)))[:5] for one in lengths]
    assert found == nearest


def test_labels_that_lie_apart_are_told_apart_and_those_by_chance_are_not() -> None:
    generator = np.random.default_rng(1)
    middles = np.eye(3, 16) * 4
    vectors = np.concatenate([middle + generator.normal(size=(20, 16)) * 0.1 for middle in middles]).astype(np.float32)
    owners = [f"d{number}" for number in range(60)]
    apart = {name: f"topic {number // 20}" for number, name in enumerate(owners)}
    found = measure_labels(Labelling("topic", apart), [*owners, "unlabelled"], np.concatenate([vectors, vectors[:1]]))
    assert (found["v_measure"], found["probe_accuracy"], found["probe_macro_f1"]) == pytest.approx((1, 1, 1))
    assert (found["labels"], found["labelled"]) == (3, 60)
    by_chance = {name: f"topic {generator.integers(3)}" for name in owners}
    found = measure_labels(Labelling("topic", by_chance), owners, vectors)
    assert found["v_measure"] < 0.2
    assert found["probe_accuracy"] < 0.6


def test_a_label_of_one_document_alone_is_left_out_and_without_two_labels_the_reason_is_told(beir: Path) -> None:
    owners, vectors = list("abcde"), np.eye(5, dtype=np.float32)
    labels = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "once"}
    found = measure_labels(Labelling("topic", labels), owners, vectors)
    assert (found["labels"], found["labelled"]) == (2, 4)
    assert load_labels(beir, "topic").labels == {f"{topic}{number}": topic for topic in TOPICS for number in range(3)}
    for labelling, reason in (
        (load_labels(beir, None), "no field of the metadata was named by --label"),
        (load_labels(beir, "tags"), "no document of the corpus has tags in its metadata"),
        (Labelling("f", {"a": "x", "b": "y"}), "no two values of f have two documents each"),
    ):
        assert measure_labels(labelling, owners, vectors) == {"labels_skipped": reason}


def test_models_stand_side_by_side_and_one_that_fails_is_a_line(
    rag: CommandLine, beir: Path, unconverted: Path, tmp_path: Path, server: EmbeddingsServer
) -> None:
    models = ["minilm", f"huggingface:{unconverted}", "openai:small", "nonsense"]
    run = rag("eval", "compare", "--json", "--label", "topic", "--details", "details", beir, *models)
    assert run.returncode == 1, run.stderr
    found = json.loads(run.stdout)
    assert [model["model"] for model in found["models"]] == models
    assert (found["queries"], found["documents"], found["label"]) == (3, 7, "topic")
    *good, failed = found["models"]
    assert set(failed) == {"model", "error", "hint"}
    assert [model["dimensions"] for model in good] == [384, DIMENSION, 256]
    assert [model["vector_bytes"] for model in good] == [1536, 4 * DIMENSION, 1024]
    assert good[0]["hybrid ndcg@10"] == good[0]["cosine ndcg@10"] == 1
    assert good[0]["dot ndcg@10"] == good[0]["euclidean ndcg@10"] == 1  # of unit vectors all say the same
    assert (good[0]["labels"], good[0]["labelled"], good[0]["probe_accuracy"] > 0.6) == (2, 6, True)
    assert good[1]["model_mb"] == pytest.approx((model_bytes(f"huggingface:{unconverted}") or 0) / 1e6)
    assert good[2]["model_mb"] is None
    assert all(model["texts_per_s"] > 0 and model["question_ms"] > 0 for model in good)
    low, high = good[1]["intervals"]["cosine ndcg@10"]
    assert low <= good[1]["cosine ndcg@10"] <= high
    rows = [json.loads(line) for line in (tmp_path / "details").read_text().splitlines()]
    assert [(row["model"], row["id"]) for row in rows[:4]] == [("minilm", name) for name in QUERIES] + [
        (models[1], "q1")
    ]
    assert (rows[0]["ranked"][0], rows[0]["cosine"][0]) == ("space1", "space1")


def test_people_get_a_column_a_model_and_what_is_kept_is_a_collection_of_each(rag: CommandLine, beir: Path) -> None:
    run = rag("eval", "compare", "--limit", "2", "--collection", "topics", beir, "minilm", "nonsense")
    assert run.returncode == 1, run.stderr
    lines = [line.split() for line in run.stdout.splitlines() if line.strip()]
    assert lines[0] == ["minilm"]
    assert ["hybrid", "nDCG@10", "1.000"] in lines
    assert ["dimensions", "384"] in lines
    assert "no clusters and no classes: no field of the metadata was named by --label" in run.stderr
    assert "failed: nonsense: RAG_EMBEDDINGS=nonsense names no embedding model" in run.stderr
    found = rag("search", "--json", "--collection", "topics-minilm", "Which tree do bees visit?")
    assert json.loads(found.stdout)["passages"][0]["source"] == "garden2"


def test_each_model_has_its_mlflow_run_within_that_of_the_comparison(
    rag: CommandLine, beir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    run = rag("eval", "compare", "--mlflow", f"sqlite:///{tmp_path / 'runs.db'}", beir, "minilm", "nonsense")
    assert run.returncode == 1, run.stderr
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        names = dict(database.execute("SELECT run_uuid, name FROM runs"))
        parents = database.execute("SELECT value FROM tags WHERE key = 'mlflow.parentRunId'").fetchall()
        metrics = {
            (names[run], key): value for run, key, value in database.execute("SELECT run_uuid, key, value FROM metrics")
        }
        errors = database.execute("SELECT value FROM params WHERE key = 'error'").fetchall()
    assert sorted(names.values()) == sorted(["minilm", "nonsense", f"compare {beir.name}"])
    assert {names[parent] for (parent,) in parents} == {f"compare {beir.name}"}
    assert metrics["minilm", "hybrid ndcg_at_10"] == 1
    assert errors == [("RAG_EMBEDDINGS=nonsense names no embedding model",)]


def test_names_of_models_are_shown_by_their_ends() -> None:
    assert short_name("huggingface:/models/of/mine") == "huggingface:mine"
    assert short_name("openai:text-embedding-3-small") == "openai:text-embedding-3-small"
    assert short_name("minilm") == "minilm"


def test_a_model_s_size_is_that_of_its_files(unconverted: Path, tmp_path: Path) -> None:
    files = [path for path in unconverted.rglob("*") if path.is_file()]
    assert model_bytes(f"huggingface:{unconverted}") == sum(path.stat().st_size for path in files)
    (tmp_path / "words.kv").write_bytes(b"x" * 1000)
    assert model_bytes(f"static:{tmp_path}/words.kv") == 1000
    assert (model_bytes("minilm") or 0) > 80e6
    assert model_bytes("openai:text-embedding-3-small") is None
    assert model_bytes("huggingface:nobody/nothing") is None
