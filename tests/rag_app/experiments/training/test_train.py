"""`rag train`: models made from a small collection, each used as the last line says."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.named_texts import NamedText, ingest_texts
from ingest.pipeline import IngestOptions
from rag_app import Settings, ingest_paths, load_retriever
from rag_app.experiments.evaluation.datasets import load_retrieval_set, write_rows
from rag_app.experiments.training.fine_tune import TrainingOptions, embed_passages, make_examples
from rag_app.experiments.training.run import (
    collection_chunks,
    describe_gain,
    fine_tune_for,
    prepare_output,
    tabulate,
)
from rag_app.experiments.training.tasks import Query, Task, hold_out, load_questions, make_tasks, only_new
from rag_app.experiments.training.word_vectors import train_word2vec
from tests.conftest import CommandLine
from tests.hash_embedding import hash_model
from vectorstore.collections import create_store
from vectorstore.embeddings import VectorCache, load_embedding_model
from vectorstore.errors import CollectionError, InputError
from vectorstore.types import Chunk

TOPICS = ["moon", "rocket", "garden", "bees", "bread", "river", "violin", "glass", "chess", "salt", "wool", "ink"]
SENTENCES = "The {0} is made with care. People have known the {0} for ages. Nobody needs more than one {0} a day."


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A collection of twelve documents with three headings each."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "documents").mkdir()
    for topic in TOPICS:
        sections = [
            f"## {part} of the {topic}\n\n{part}: {SENTENCES.format(topic)}\n" for part in ("Use", "Age", "Care")
        ]
        (folder / "documents" / f"{topic}.md").write_text(f"# The {topic}\n\n" + "\n".join(sections))
    settings = Settings(data_dir=folder / "data")
    assert len(ingest_paths([folder / "documents"], settings=settings).files) == len(TOPICS)
    return settings


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": topic, "title": f"The {topic}", "text": SENTENCES.format(topic)} for topic in TOPICS]
    write_rows(folder / "corpus.jsonl", rows, hint="")
    queries = [{"_id": f"q {one}", "text": f"What is known of the {one}?"} for one in TOPICS]
    write_rows(folder / "queries.jsonl", queries, hint="")
    judged = "".join(f"q {topic}\t{topic}\t1\n" for topic in TOPICS)
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return folder


def test_word_vectors_are_learned_from_the_collection_and_the_same_each_time(
    rag: CommandLine, library: Settings, tmp_path: Path
) -> None:
    pytest.importorskip("gensim", reason="the extra static is not installed")
    there = {"RAG_DATA_DIR": str(library.data_dir)}
    run = rag("train", "word2vec", "--dimensions", "16", "--output", "one.kv", **there)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"To use it: RAG_EMBEDDINGS=static:{tmp_path / 'one.kv'}"
    texts = dict.fromkeys(chunk.text for chunk in collection_chunks(library))
    train_word2vec(texts, tmp_path / "other.kv", dimensions=16)
    vectors = [
        load_embedding_model(f"static:{tmp_path / name}", cache_dir=tmp_path).embeddings.embed_query("the Moon")
        for name in ("one.kv", "other.kv")
    ]
    assert vectors[0] == vectors[1]
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)
    own = Settings(embeddings=f"static:{tmp_path / 'one.kv'}")
    (tmp_path / "violin.txt").write_text(SENTENCES.format("violin"))
    ingest_paths([tmp_path / "violin.txt"], settings=own)
    assert "violin" in load_retriever(settings=own).invoke("violin")[0].page_content


def test_too_few_words_and_an_empty_collection_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("gensim", reason="the extra static is not installed")
    with pytest.raises(InputError, match="no word occurs 2 times in these documents"):
        train_word2vec(["Every word here occurs once."], tmp_path / "words.kv")
    with pytest.raises(InputError, match=f"{tmp_path} is a folder"):
        prepare_output(tmp_path, is_folder=False)
    (tmp_path / "letter.txt").write_text("not a model")
    with pytest.raises(InputError, match="holds something other than a model"):
        prepare_output(tmp_path, is_folder=True)
    with pytest.raises(CollectionError):
        collection_chunks(Settings())


@pytest.mark.slow  # half a minute for all of the default model's tokens; the tiny encoder proves the same below
@pytest.mark.timeout(400)
def test_the_default_model_is_distilled_offline(rag: CommandLine, tmp_path: Path) -> None:
    pytest.importorskip("model2vec", reason="the extra static is not installed")
    run = rag("train", "static", "--dimensions", "64", "--output", "small")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"To use it: RAG_EMBEDDINGS=static:{tmp_path / 'small'}"
    model = load_embedding_model(f"static:{tmp_path / 'small'}", cache_dir=tmp_path)
    moon, orbit, bread = np.array(model.embeddings.embed_documents(["the moon", "lunar orbit", "a loaf of bread"]))
    assert moon.shape == (64,)
    assert moon @ orbit > moon @ bread


@pytest.mark.long("distils an encoder")
def test_an_encoder_is_distilled_with_the_words_of_a_collection(
    rag: CommandLine, unconverted: Path, tmp_path: Path
) -> None:
    pytest.importorskip("model2vec", reason="the extra static is not installed")
    (tmp_path / "plants.txt").write_text("Quixotomatoes and xylograpes grow. " * 6)
    ingest_paths([tmp_path / "plants.txt"])
    arguments: list[str | Path] = [
        "--from",
        unconverted.with_name(f"{unconverted.name}-bare"),
        "--dimensions",
        "8",
        "--output",
        "out",
    ]
    run = rag("train", "static", "--json", *arguments, "--collection", "default")
    assert run.returncode == 0, run.stderr
    model = load_embedding_model(f"static:{tmp_path / 'out'}", cache_dir=tmp_path)
    one, other, part = np.array(model.embeddings.embed_documents(["quixotomatoes", "xylograpes", "quixo"]))
    assert one.shape == (8,)
    assert not np.allclose(one, other)
    assert not np.allclose(one, part)
    tokens = json.loads((tmp_path / "out" / "tokenizer.json").read_text())["model"]["vocab"]
    assert {"quixotomatoes", "xylograpes"} <= set(tokens if isinstance(tokens, dict) else (one[0] for one in tokens))


def test_an_encoder_is_fine_tuned_on_judged_queries_and_what_was_held_out_is_a_set(
    rag: CommandLine, beir: Path, unconverted: Path, tmp_path: Path
) -> None:
    pytest.importorskip("datasets", reason="the extra train is not installed")
    options: list[str | Path] = ["--dataset", beir, "--held-out", "held", "--output", "tuned", "--from", unconverted]
    options += ["--epochs", "1", "--batch-size", "4", "--limit", "4"]
    run = rag("train", "minilm", "--json", *options)
    assert run.returncode == 0, run.stderr
    assert not [line for line in run.stderr.splitlines() if not line.endswith(("...", "epoch 1 of 1 ..."))], "no bars"
    found: dict[str, Any] = json.loads(run.stdout)
    assert (found["embeddings"], found["examples"]) == (f"huggingface:{tmp_path / 'tuned'}", 4)
    (row,) = (row for name, row in found["held_out"].items() if name == "questions")
    assert row["gain"]["ndcg@10"] == pytest.approx(row["after"]["ndcg@10"] - row["before"]["ndcg@10"])
    assert 0 <= row["after"]["mrr@10"] <= 1
    held = load_retrieval_set(tmp_path / "held")
    assert (len(held.queries), len(held.documents)) == (3, len(TOPICS))


@pytest.mark.long("trains on the collection twice")
def test_questions_and_pairs_of_the_collection_are_learned_and_the_result_is_used_by_its_name(
    library: Settings, unconverted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("datasets", reason="the extra train is not installed")
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")  # the trainer's own, put back afterwards
    rows = [{"question": f"How old is the {topic}?", "source": f"{topic}.md"} for topic in TOPICS[:5]]
    rows += [{"question": f"Who knows the {t}?", "answer": f"people have known the {t.upper()}"} for t in TOPICS[5:10]]
    rows += [{"question": f"What about {topic} soup?", "text": f"A soup of {topic}."} for topic in TOPICS[10:]]
    write_rows(tmp_path / "questions.jsonl", rows, hint="")
    messages: list[str] = []
    options = TrainingOptions(unconverted, tmp_path / "questions.jsonl", limit=8, negatives=1, epochs=1, batch_size=4)
    result, _ = fine_tune_for(library, options, tmp_path / "tuned", on_message=messages.append)
    assert [name for name in result["held_out"] if "new" not in name] == ["questions", "headings", "neighbours"]
    assert result["examples"] == 8
    assert "epoch 1 of 1 ..." in messages
    own = Settings(embeddings=f"huggingface:{tmp_path / 'tuned'}")
    ingest_paths([tmp_path / "questions.jsonl"], settings=own)
    assert load_retriever(settings=own).invoke("moon")


def test_a_question_without_an_answer_in_the_collection_is_refused(tmp_path: Path) -> None:
    chunk = Chunk("/a.md", "Apollo", None, 0, 20, "The crew stayed in orbit.")
    for row, error in (
        ({"question": "Who?", "answer": "a word that is nowhere"}, "line 1, names nothing"),
        ({"question": "Who?"}, "line 1, has no question, or nothing that answers it"),
    ):
        write_rows(tmp_path / "questions.jsonl", [row], hint="")
        with pytest.raises(InputError, match=error):
            load_questions(tmp_path / "questions.jsonl", [chunk])


def test_hard_negatives_are_near_and_wrong_and_of_no_document_that_is_right(tmp_path: Path) -> None:
    texts = ("about the moon", "more about the moon", "of the moon too", "bread", "salt", "wool")
    keys = ("moon", "moon", "orbit", "bread", "salt", "wool")
    task, model = Task("questions", texts, keys, (Query("q", "the moon", frozenset({"moon"})),)), hash_model()
    passages = embed_passages(model, [task], VectorCache(tmp_path / "vectors", max_bytes=10**6))
    [(query, right, *wrong)] = make_examples(task, model, passages, negatives=2, seed=0)
    assert (query, right) == ("the moon", "about the moon")
    assert len(wrong) == 2
    assert not set(wrong) & set(texts[:2])
    assert make_examples(task, model, passages, negatives=2, seed=0) == [(query, right, *wrong)]


def test_the_table_says_whether_it_helped() -> None:
    was, now = {"ndcg@10": [1.0, 1.0]}, {"ndcg@10": [1.0, 1.0]}
    result = {"held_out": {"questions": describe_gain(was, now)}, "helped": False}
    lines = list(tabulate(result))
    assert lines[1].startswith("questions              2  ndcg@10     1.0000  1.0000  +0.0000")
    assert lines[2].startswith("Fine-tuning did not help")


def test_what_is_held_out_is_a_part_of_the_queries_none_of_which_is_trained() -> None:
    queries = tuple(Query(str(n), f"query {n // 2}", frozenset({f"d{n % 30}"})) for n in range(80))
    task = Task("questions", (), (), queries)
    trained, held = hold_out(task, seed=0)
    assert len(held.queries) == 20
    assert sorted([*trained.queries, *held.queries], key=lambda query: int(query.id)) == list(queries)
    assert not {query.text for query in trained.queries} & {query.text for query in held.queries}
    assert hold_out(task, seed=0) == (trained, held)
    known = {key for query in trained.queries for key in query.relevant}
    assert only_new(held, trained) == [not query.relevant & known for query in held.queries]


def test_a_heading_asks_for_the_passages_under_it_without_giving_itself_away() -> None:
    text = "The crew stayed in orbit around the Moon for a day."
    chunks = [
        Chunk("/a.md", "Apollo", None, 0, 70, f"## Orbit\n\n{text}", ("Apollo", "Orbit")),
        Chunk("/a.md", "Apollo", None, 80, 140, f"{text} Then they flew home again.", ("Apollo", "Orbit")),
        Chunk("/b.md", "b", None, 0, 50, "Bees need flowers, and flowers in turn need bees.", (), is_titled=False),
    ]
    headings, neighbours = make_tasks(chunks)
    assert headings.texts[0] == text
    assert [query.text for query in headings.queries] == ["Apollo Orbit"]
    assert headings.queries[0].relevant == {chunks[0].id, chunks[1].id}
    assert [(query.text, query.relevant) for query in neighbours.queries] == [(text, frozenset({chunks[1].id}))]


EXTRA_PACKAGES = {
    "static": ("gensim", "model2vec", "skeletoken"),
    "train": ("accelerate", "datasets"),
    "spacy": ("spacy",),
}


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
    rag: CommandLine, blocked: str, arguments: list[str], extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not all(map(importlib.util.find_spec, EXTRA_PACKAGES[extra])):  # else another of them is named
        pytest.skip(f"the extra {extra} is not installed")
    monkeypatch.setitem(sys.modules, blocked, None)
    environment = {}
    if arguments[0] == "search":  # a collection of that model: what is missing is named when a question is embedded
        model = replace(hash_model(), name=f"{extra}:anything")
        store = create_store(Settings().data_dir, "default")
        ingest_texts([NamedText("moon", "", "The Moon.")], store=store, model=model, options=IngestOptions())
        environment["RAG_EMBEDDINGS"] = model.name
    run = rag(*arguments, **environment)
    assert run.returncode == 2
    error, hint = run.stderr.splitlines()
    assert error.endswith(f"needs the package {blocked}, which is not installed")
    assert hint == f"hint: pip install 'rag-app[{extra}]'"
