"""`rag train`: models made from a small collection, each used as the last line says."""

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_app.experiments.training.tasks import Passages, Query, Task, hold_out, make_tasks, only_new
from tests.conftest import CommandLine
from vectorstore.embeddings import load_embedding_model
from vectorstore.types import Chunk

TOPICS = ["moon", "rocket", "garden", "bees", "bread", "river", "violin", "glass", "chess", "salt", "wool", "ink"]
SENTENCES = "The {0} is made with care. People have known the {0} for ages. Nobody needs more than one {0} a day."


@pytest.fixture
def library(rag: CommandLine, tmp_path: Path) -> Path:
    """A collection of twelve documents with three headings each."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for topic in TOPICS:
        sections = [
            f"## {part} of the {topic}\n\n{part}: {SENTENCES.format(topic)}\n" for part in ("Use", "Age", "Care")
        ]
        (folder / f"{topic}.md").write_text(f"# The {topic}\n\n" + "\n".join(sections))
    run = rag("ingest", folder)
    assert run.returncode == 0, run.stderr
    return folder


def last_line(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]


def test_word_vectors_are_learned_from_the_collection_and_the_same_each_time(
    rag: CommandLine, library: Path, tmp_path: Path
) -> None:
    pytest.importorskip("gensim", reason="the extra static is not installed")
    vectors = []
    for name in ("one.kv", "other.kv"):
        run = rag("train", "word2vec", "--dimensions", "16", "--output", name)
        assert last_line(run) == f"To use it: RAG_EMBEDDINGS=static:{tmp_path / name}"
        model = load_embedding_model(f"static:{tmp_path / name}", cache_dir=tmp_path)
        vectors.append(model.embeddings.embed_query("the Moon and the rocket"))
    assert vectors[0] == vectors[1]
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)
    used = {"RAG_EMBEDDINGS": f"static:{tmp_path / 'one.kv'}"}
    assert rag("ingest", "--collection", "own", library, **used).returncode == 0
    found = json.loads(rag("search", "--collection", "own", "--json", "violin", **used).stdout)
    assert "violin" in found["passages"][0]["text"]


def test_too_few_words_and_an_empty_collection_are_told(rag: CommandLine, tmp_path: Path) -> None:
    pytest.importorskip("gensim", reason="the extra static is not installed")
    run = rag("train", "word2vec", "--output", "words.kv")
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 2)
    (tmp_path / "short.txt").write_text("Every word here stands once.")
    assert rag("ingest", "short.txt").returncode == 0
    run = rag("train", "word2vec", "--output", "words.kv")
    assert (run.returncode, run.stderr.splitlines()[0]) == (2, "error: no word stands 2 times in these documents")
    run = rag("train", "word2vec", "--output", tmp_path)
    assert (run.returncode, run.stderr.splitlines()[0]) == (2, f"error: {tmp_path} is a folder")


@pytest.fixture
def distilling() -> None:
    for package in ("model2vec", "skeletoken"):
        if importlib.util.find_spec(package) is None:
            pytest.skip("the extra static is not installed")


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("distilling")
def test_the_default_model_is_distilled_offline(rag: CommandLine, tmp_path: Path) -> None:
    run = rag("train", "static", "--dimensions", "64", "--output", "small")
    assert last_line(run) == f"To use it: RAG_EMBEDDINGS=static:{tmp_path / 'small'}"
    model = load_embedding_model(f"static:{tmp_path / 'small'}", cache_dir=tmp_path)
    moon, orbit, bread = np.array(model.embeddings.embed_documents(["the moon", "lunar orbit", "a loaf of bread"]))
    assert moon.shape == (64,)
    assert moon @ orbit > moon @ bread


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("distilling")
def test_an_encoder_is_distilled_with_the_words_of_a_collection(rag: CommandLine, tmp_path: Path) -> None:
    save_tiny_encoder(tmp_path / "tiny")
    (tmp_path / "plants.txt").write_text("Quixotomatoes and xylograpes grow. " * 6)
    assert rag("ingest", "plants.txt").returncode == 0
    tokens = []
    for collection in ([], ["--collection", "default"]):
        run = rag("train", "static", "--json", "--from", "plain", "--dimensions", "8", "--output", "out", *collection)
        assert run.returncode == 0, run.stderr
        tokens.append(json.loads(run.stdout)["tokens"])
    assert tokens[1] == tokens[0] + 2
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter.txt").write_text("not a model")
    run = rag("train", "static", "--output", "folder")
    assert (run.returncode, "holds something other than a model" in run.stderr) == (2, True)


def save_tiny_encoder(folder: Path) -> None:
    """A BERT of two small layers with random weights and the default model's words."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel, set_seed

    from vectorstore.embeddings.providers.minilm import find_weights

    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(find_weights()))
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    plain = folder.with_name("plain")
    BertModel(BertConfig(vocab_size=tokenizer.vocab_size, **sizes)).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    encoder = Transformer(str(plain), max_seq_length=64)
    SentenceTransformer(modules=[encoder, Pooling(32)]).save_pretrained(str(folder), create_model_card=False)


def train(rag: CommandLine, *arguments: str | Path) -> dict[str, Any]:
    run = rag("train", "minilm", "--json", "--epochs", "1", *arguments)
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    return told


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_encoder_is_fine_tuned_on_pairs_of_the_collection_and_measured(
    rag: CommandLine, library: Path, tmp_path: Path
) -> None:
    pytest.importorskip("datasets", reason="the extra train is not installed")
    save_tiny_encoder(tmp_path / "tiny")
    told = train(rag, "--from", "tiny", "--limit", "24", "--batch-size", "8", "--output", "tuned", "--mlflow")
    assert told["embeddings"] == f"huggingface:{tmp_path / 'tuned'}"
    assert told["examples"] == 24
    assert {"headings", "neighbours"} <= set(told["held_out"])
    for row in told["held_out"].values():
        assert row["gain"]["ndcg@10"] == pytest.approx(row["after"]["ndcg@10"] - row["before"]["ndcg@10"])
        assert 0 <= row["after"]["mrr@10"] <= 1
    if importlib.util.find_spec("mlflow"):
        with closing(sqlite3.connect(tmp_path / "data" / "mlflow.db")) as runs:
            parameters = dict(runs.execute("SELECT key, value FROM params").fetchall())
            metrics = dict(runs.execute("SELECT key, value FROM metrics").fetchall())
        assert parameters["output"] == str(tmp_path / "tuned")
        assert metrics["headings after ndcg_at_10"] == pytest.approx(told["held_out"]["headings"]["after"]["ndcg@10"])
    used = {"RAG_EMBEDDINGS": told["embeddings"]}
    assert rag("ingest", "--collection", "own", library / "moon.md", **used).returncode == 0
    assert rag("search", "--collection", "own", "--json", "moon", **used).returncode == 0


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": topic, "title": f"The {topic}", "text": SENTENCES.format(topic)} for topic in TOPICS]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": f"q {topic}", "text": f"What is known of the {topic}?"} for topic in TOPICS]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    judged = "".join(f"q {topic}\t{topic}\t1\n" for topic in TOPICS)
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_default_model_is_fine_tuned_on_judged_queries_and_what_was_held_out_is_a_set(
    rag: CommandLine, beir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("datasets", reason="the extra train is not installed")
    run = rag("train", "minilm", "--epochs", "1", "--dataset", beir, "--held-out", "held", "--output", "tuned")
    assert last_line(run) == f"To use it: RAG_EMBEDDINGS=huggingface:{tmp_path / 'tuned'}"
    # Nothing is left to gain here, and it is said.
    assert "Fine-tuning did not help" in run.stdout
    assert "questions              3  ndcg@10     1.0000  1.0000  +0.0000" in run.stdout
    run = rag("eval", "retrieval", "--json", "held")
    assert run.returncode == 0, run.stderr
    assert (json.loads(run.stdout)["queries"], json.loads(run.stdout)["documents"]) == (3, len(TOPICS))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_questions_are_learned_by_answer_source_or_text(rag: CommandLine, library: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="the extra train is not installed")
    rows = [{"question": f"How old is the {topic}?", "source": f"{topic}.md"} for topic in TOPICS[:5]]
    rows += [{"question": f"Who knows the {t}?", "answer": f"people have known the {t.upper()}"} for t in TOPICS[5:10]]
    rows += [{"question": f"What about {topic} soup?", "text": f"A soup of {topic}."} for topic in TOPICS[10:]]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    save_tiny_encoder(tmp_path / "tiny")
    told = train(rag, "--from", "tiny", "--questions", "questions.jsonl", "--output", "tuned", "--limit", "8")
    assert [name for name in told["held_out"] if "new" not in name] == ["questions", "headings", "neighbours"]
    (tmp_path / "questions.jsonl").write_text('{"question": "Who?", "answer": "a word that is nowhere"}\n')
    run = rag("train", "minilm", "--questions", "questions.jsonl", "--output", "tuned")
    assert (run.returncode, "line 1, names nothing" in run.stderr) == (2, True)


def test_what_is_held_out_is_a_part_of_the_queries_none_of_which_is_trained() -> None:
    queries = tuple(Query(str(n), f"query {n // 2}", frozenset({f"d{n % 30}"})) for n in range(80))
    task = Task("questions", Passages((), ()), queries)
    trained, held = hold_out(task, share=0.25, most=300, seed=0)
    assert len(held.queries) == 20
    assert sorted([*trained.queries, *held.queries], key=lambda query: int(query.id)) == list(queries)
    assert not {query.text for query in trained.queries} & {query.text for query in held.queries}
    assert hold_out(task, share=0.25, most=300, seed=0) == (trained, held)
    known = {key for query in trained.queries for key in query.relevant}
    assert only_new(held, trained) == [not query.relevant & known for query in held.queries]


def test_a_heading_asks_for_the_passages_under_it_without_giving_itself_away() -> None:
    told = "The crew stayed in orbit around the Moon for a day."
    chunks = [
        Chunk("/a.md", "Apollo", None, 0, 70, f"## Orbit\n\n{told}", ("Apollo", "Orbit")),
        Chunk("/a.md", "Apollo", None, 80, 140, f"{told} Then they flew home again.", ("Apollo", "Orbit")),
        Chunk("/b.md", "b", None, 0, 50, "Bees need flowers, and flowers in turn need bees.", (), is_titled=False),
    ]
    headings, neighbours = make_tasks(chunks)
    assert headings.passages.texts[0] == told
    assert [query.text for query in headings.queries] == ["Apollo Orbit"]
    assert headings.queries[0].relevant == {chunks[0].id, chunks[1].id}
    assert [(query.text, query.relevant) for query in neighbours.queries] == [(told, frozenset({chunks[1].id}))]


@pytest.mark.parametrize(
    ("blocked", "arguments", "extra"),
    [
        ("gensim", ["train", "word2vec", "--output", "w"], "static"),
        ("skeletoken", ["train", "static", "--output", "w"], "static"),
        ("datasets", ["train", "minilm", "--output", "w"], "train"),
        ("model2vec", ["search", "moon"], "static"),
        ("spacy", ["search", "moon"], "spacy"),
    ],
)
def test_a_missing_package_is_two_lines_with_the_command_that_installs_it(
    blocked: str, arguments: list[str], extra: str, library: Path, tmp_path: Path
) -> None:
    code = f"import sys; sys.modules[{blocked!r}] = None; from rag_app.commands.main import main; main()"
    # A collection of that model is there in name: what is missing is told when a question is to be embedded.
    environment = {"RAG_EMBEDDINGS": f"{extra}:anything"} if arguments[0] == "search" else {}
    if environment:
        with closing(sqlite3.connect(next((tmp_path / "data").rglob("collection.sqlite3")))) as catalogue:
            catalogue.execute("UPDATE facts SET value = ? WHERE name = 'model'", (environment["RAG_EMBEDDINGS"],))
            catalogue.commit()
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    error, hint = run.stderr.splitlines()
    assert error.endswith(f"needs the package {blocked}")
    assert hint == f"hint: pip install 'rag-app[{extra}]'"
