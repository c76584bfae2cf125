"""Runs a fine-tuning: measures on held-out queries, trains, measures again, and writes what was gained."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from ingest.named_texts import NamedText
from rag_app.experiments.evaluation.datasets import BEIR_HINT, load_corpus, write_rows
from rag_app.experiments.evaluation.intervals import bootstrap_means
from rag_app.experiments.training.fine_tune import (
    TrainingOptions,
    embed_passages,
    fine_tune,
    make_examples,
    measure_task,
)
from rag_app.experiments.training.tasks import (
    Task,
    hold_out,
    load_questions,
    load_training_set,
    make_tasks,
    only_new,
    read_chunks,
)
from rag_app.settings import Settings
from rag_app.wiring import (
    Tell,
    build_ingest_options,
    build_store,
    build_vector_cache,
    load_model,
    require_documents,
    torch_options,
)
from vectorstore import find_weights
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.errors import InputError
from vectorstore.types import Chunk

JUDGED_BY = "ndcg@10"
FEWEST_EXAMPLES = 2
# One of these is in every folder of a model, or of a training that was interrupted.
MODEL_FILES = ("config.json", "reader.xml", "checkpoint.pt")
OUTPUT_HINT = "name another place with --output"

Columns = dict[str, list[float]]


def fine_tune_for(
    settings: Settings, options: TrainingOptions, output: Path, *, on_message: Tell
) -> tuple[dict[str, Any], list[Task]]:
    """Train, and measure before and after: the gain as JSON, and the tasks of what was held out.

    Raises InputError for too few queries.
    """
    weights = options.weights.expanduser().resolve() if options.weights else None
    if weights and not weights.is_dir():
        raise InputError(f"{weights} is no folder", "name the folder of an encoder with --from")
    name, cache = f"huggingface:{weights}" if weights else "minilm", build_vector_cache(settings)
    model = load_model(settings.model_copy(update={"embeddings": name}), on_message)
    sides = [hold_out(task, seed=options.seed) for task in make_all_tasks(settings, options, model)]
    sides = [(trained, held) for trained, held in sides if held.queries]
    held_out = [held for _, held in sides]
    on_message("measuring the model as it is ...")
    passages = embed_passages(model, held_out, cache)
    was = [measure_task(held, model, passages) for held in held_out]
    # At most `limit` of all tasks, of as many queries each: what is not trained on need not be embedded.
    examples = []
    for trained, _ in sides:
        some = replace(trained, queries=tuple(draw(trained.queries, options.limit, options.seed)))
        examples += make_examples(some, model, passages, negatives=options.negatives, seed=options.seed)
    examples = draw(examples, options.limit, options.seed)
    if len(examples) < FEWEST_EXAMPLES:
        raise InputError("there are too few pairs to train on and to hold out", "rag ingest more, or give --questions")
    on_message(f"training on {len(examples):,} pairs ...")
    loss = fine_tune(weights or find_weights(), examples, output, options=options, on_message=on_message)
    on_message("measuring the model as it has become ...")
    # Not by load_model: the folder may have held another model before.
    torch, name = torch_options(settings), f"huggingface:{output}"
    tuned = load_embedding_model(name, cache_dir=settings.cache_dir, on_message=on_message, torch=torch)
    passages = embed_passages(tuned, held_out, cache)
    now = [measure_task(held, tuned, passages) for held in held_out]
    rows = [row for side, one, other in zip(sides, was, now, strict=True) for row in describe_gains(side, one, other)]
    gains = [np.subtract(other[JUDGED_BY], one[JUDGED_BY]) for one, other in zip(was, now, strict=True)]
    helped = float(np.concatenate(gains).mean()) > 0
    return {"examples": len(examples), "loss": loss, "held_out": dict(rows), "helped": helped}, held_out


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


def make_all_tasks(settings: Settings, options: TrainingOptions, model: EmbeddingModel) -> list[Task]:
    size = build_ingest_options(settings).chunk_size(model)
    tasks = [load_training_set(options.dataset, size=size)] if options.dataset else []
    if options.with_collection or options.questions:
        chunks = collection_chunks(settings)
        tasks += [load_questions(options.questions, chunks)] if options.questions else []
        tasks += make_tasks(chunks) if options.with_collection else []
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


def write_held_out(folder: Path, task: Task, dataset: Path | None) -> None:
    """What was held out of a task in BEIR form: over the documents of `dataset`, or, without one, over its passages."""
    passages = zip(task.keys, task.texts, strict=True)
    documents = load_corpus(dataset, BEIR_HINT) if dataset else [NamedText(key, "", text) for key, text in passages]
    corpus = [{"_id": one.source, "title": one.title, "text": one.text} for one in documents]
    queries = [{"_id": query.id, "text": query.text} for query in task.queries]
    judged = [f"{query.id}\t{key}\t1" for query in task.queries for key in sorted(query.relevant)]
    hint = "name another folder: --held-out"
    try:
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged, ""]), "utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}", hint) from error
    write_rows(folder / "queries.jsonl", queries, hint=hint)
    write_rows(folder / "corpus.jsonl", corpus, hint=hint)


def prepare_output(output: Path, *, is_folder: bool) -> Path:
    """Where a model is written, a file or a folder; its own folder is made.

    Raises InputError where it cannot be written, or holds something other than a model, which may be replaced.
    """
    if not is_folder and output.is_dir():
        raise InputError(f"{output} is a folder", OUTPUT_HINT)
    is_empty = not output.exists() or (output.is_dir() and not any(output.iterdir()))
    if is_folder and not is_empty and not any((output / name).is_file() for name in MODEL_FILES):
        raise InputError(f"{output} holds something other than a model", OUTPUT_HINT)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}", OUTPUT_HINT) from error
    return output.resolve()
