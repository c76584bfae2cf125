"""Runs a fine-tuning: measures on held-out queries, trains, measures again, and writes what was gained."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from ingest.chunking.chunks import ChunkSize
from ingest.chunking.sentences import load_find_sentences
from ingest.pipeline import NamedText
from rag_app.experiments.evaluation.datasets import load_corpus
from rag_app.experiments.evaluation.intervals import bootstrap_means
from rag_app.experiments.training.fine_tune import (
    Columns,
    Embedded,
    Example,
    TrainingOptions,
    fine_tune,
    make_examples,
    measure_task,
)
from rag_app.experiments.training.tasks import (
    BEIR_HINT,
    Task,
    hold_out,
    load_questions,
    load_training_set,
    make_tasks,
    only_new,
    read_chunks,
)
from rag_app.settings import Settings
from rag_app.wiring import Tell, build_store, build_vector_cache, load_model, require_documents, torch_options
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.packaged import find_weights
from vectorstore.errors import InputError
from vectorstore.types import Chunk

JUDGED_BY = "ndcg@10"
FEWEST_EXAMPLES = 2
DEFAULT = "minilm"
MODEL_FILE = "config.json"


@dataclass(frozen=True, slots=True)
class Split:
    """Of each task's queries, the share held out to measure, and at most how many; at most `limit` examples in all."""

    share: float = 0.25
    most: int = 300
    limit: int | None = None
    negatives: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What to begin from, the default model without `weights`, and what to learn from."""

    weights: Path | None = None
    questions: Path | None = None
    dataset: Path | None = None
    with_collection: bool = True


def fine_tune_for(
    settings: Settings, choice: Choice, output: Path, *, split: Split, options: TrainingOptions, on_message: Tell
) -> tuple[dict[str, Any], list[Task]]:
    """Train, and measure before and after: the gain as JSON, and the tasks of what was held out.

    Raises InputError for too few queries.
    """
    weights = choice.weights.expanduser().resolve() if choice.weights else None
    if weights and not weights.is_dir():
        raise InputError(f"{weights} is no folder", "name the folder of an encoder with --from")
    name = f"huggingface:{weights}" if weights else DEFAULT
    model = load_model(settings.model_copy(update={"embeddings": name}), on_message)
    tasks = make_all_tasks(settings, choice, model)
    sides = [hold_out(task, share=split.share, most=split.most, seed=options.seed) for task in tasks]
    sides = [(trained, held) for trained, held in sides if held.queries]
    before = Embedded(model, build_vector_cache(settings))
    on_message("measuring the model as it is ...")
    was = [measure_task(held, before) for _, held in sides]
    examples = draw_examples([trained for trained, _ in sides], before, split, options.seed)
    if len(examples) < FEWEST_EXAMPLES:
        raise InputError("there are too few pairs to train on and to hold out", "rag ingest more, or give --questions")
    on_message(f"training on {len(examples):,} pairs ...")
    loss = fine_tune(weights or find_weights(), examples, output, options=options, on_message=on_message)
    on_message("measuring the model as it has become ...")
    # Not by load_model: the folder may have held another model before.
    torch = torch_options(settings)
    tuned = load_embedding_model(
        f"huggingface:{output}", cache_dir=settings.cache_dir, on_message=on_message, torch=torch
    )
    after = Embedded(tuned)
    now = [measure_task(held, after) for _, held in sides]
    rows = [row for side, one, other in zip(sides, was, now, strict=True) for row in describe_gains(side, one, other)]
    gains = [np.subtract(other[JUDGED_BY], one[JUDGED_BY]) for one, other in zip(was, now, strict=True)]
    helped = float(np.concatenate(gains).mean()) > 0
    return {"examples": len(examples), "loss": loss, "held_out": dict(rows), "helped": helped}, [h for _, h in sides]


def draw_examples(tasks: Sequence[Task], embedded: Embedded, split: Split, seed: int) -> list[Example]:
    """At most `split.limit` of all tasks, of as many queries each: what is not trained on need not be embedded."""
    examples = []
    for task in tasks:
        some = replace(task, queries=tuple(draw(task.queries, split.limit, seed)))
        examples += make_examples(some, embedded, negatives=split.negatives, seed=seed)
    return draw(examples, split.limit, seed)


def draw(items: Sequence[Any], limit: int | None, seed: int) -> list[Any]:
    if limit is None or len(items) <= limit:
        return list(items)
    return random.Random(seed).sample(list(items), limit)  # noqa: S311 (a choice that can be repeated)


def describe_gains(side: tuple[Task, Task], was: Columns, now: Columns) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures of a task's held-out queries; and of those alone whose right passages were right for nothing that was
    trained, where that is a part of them."""
    trained, held = side
    yield held.name, describe_gain(was, now)
    is_new = only_new(held, trained)
    if any(is_new) and not all(is_new):
        parts = ({name: list(compress(values, is_new)) for name, values in one.items()} for one in (was, now))
        yield f"{held.name}, new", describe_gain(*parts)


def describe_gain(was: Columns, now: Columns) -> dict[str, Any]:
    gain = bootstrap_means({name: np.subtract(now[name], was[name]).tolist() for name in was})
    return {
        "queries": len(was[JUDGED_BY]),
        "before": {name: float(np.mean(values)) for name, values in was.items()},
        "after": {name: float(np.mean(values)) for name, values in now.items()},
        "gain": gain.values,
        "gain_intervals": gain.intervals,
    }


def make_all_tasks(settings: Settings, choice: Choice, model: EmbeddingModel) -> list[Task]:
    find_sentences = load_find_sentences(settings.sentences)
    size = ChunkSize(settings.chunk_tokens, model.max_tokens, model.count_tokens, find_sentences)
    tasks = [load_training_set(choice.dataset, size=size)] if choice.dataset else []
    if choice.with_collection or choice.questions:
        chunks = collection_chunks(settings)
        tasks += [load_questions(choice.questions, chunks)] if choice.questions else []
        tasks += make_tasks(chunks) if choice.with_collection else []
    return tasks


def collection_chunks(settings: Settings) -> list[Chunk]:
    """Raises CollectionError for a collection that is empty or not there."""
    store = build_store(settings)
    require_documents(store)
    return read_chunks(store)


def tabulate(result: dict[str, Any]) -> Iterator[str]:
    """A table with a line a task and measure, then whether it helped."""
    yield f"{'held out':<16} {'queries':>7}  {'measure':<10} {'before':>7} {'after':>7} {'gain':>8}  95 % interval"
    for name, row in result["held_out"].items():
        for measure, before in row["before"].items():
            low, high = row["gain_intervals"][measure] or (0.0, 0.0)
            numbers = f"{before:>7.4f} {row['after'][measure]:>7.4f} {row['gain'][measure]:>+8.4f}"
            yield f"{name:<16} {row['queries']:>7}  {measure:<10} {numbers}  [{low:+.4f}, {high:+.4f}]"
    if not result["helped"]:
        yield "Fine-tuning did not help: on held-out queries the model ranks no better than the one it began from."


def flat_metrics(result: dict[str, Any]) -> dict[str, Any]:
    """Each figure by a name of its own, for MLflow: `questions after ndcg@10`."""
    named = {
        f"{task} {when} {measure}": value
        for task, row in result["held_out"].items()
        for when in ("before", "after", "gain")
        for measure, value in row[when].items()
    }
    return {**named, "loss": result["loss"], "examples": result["examples"], "intervals": {}}


def write_held_out(folder: Path, task: Task, dataset: Path | None) -> None:
    """What was held out of a task in BEIR form: over the documents of `dataset`, or, without one, over its passages."""
    judged = [f"{query.id}\t{key}\t1" for query in task.queries for key in sorted(query.relevant)]
    try:
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        write_rows(folder / "queries.jsonl", [{"_id": query.id, "text": query.text} for query in task.queries])
        passages = zip(task.passages.keys, task.passages.texts, strict=True)
        documents = load_corpus(dataset, BEIR_HINT) if dataset else [NamedText(key, "", text) for key, text in passages]
        corpus = [{"_id": one.source, "title": one.title, "text": one.text} for one in documents]
        write_rows(folder / "corpus.jsonl", corpus)
        rows = "\n".join(["query-id\tcorpus-id\tscore", *judged, ""])
        (folder / "qrels" / "test.tsv").write_text(rows, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}", "name another folder: --held-out") from error


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def prepare_file(output: Path) -> Path:
    """Raises InputError where the file cannot be written; its folder is made."""
    return prepare(output, is_refused=output.is_dir(), why="is a folder")


def prepare_folder(output: Path) -> Path:
    """The same for a model's folder: an older model may be replaced, other things may not."""
    is_foreign = output.exists() and not (output / MODEL_FILE).is_file() and not is_empty(output)
    return prepare(output, is_refused=is_foreign, why="holds something other than a model")


def is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def prepare(output: Path, *, is_refused: bool, why: str) -> Path:
    if is_refused:
        raise InputError(f"{output} {why}", "name another place with --output")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}", "name another place with --output") from error
    return output.resolve()
