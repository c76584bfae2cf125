"""From tasks to a fine-tuned model and what it gains: measured on held-out queries, trained, measured again."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from ingest.chunking.chunks import ChunkSize
from ingest.chunking.sentences import load_find_sentences
from ingest.in_memory import NamedText
from rag_app.experiments.evaluation.datasets import load_corpus
from rag_app.experiments.evaluation.intervals import bootstrap_means
from rag_app.experiments.training.examples import make_examples
from rag_app.experiments.training.fine_tune import TrainingOptions, fine_tune
from rag_app.experiments.training.measure import Columns, Embedded, measure_task
from rag_app.experiments.training.questions import BEIR_HINT, load_questions, load_training_set
from rag_app.experiments.training.tasks import Task, hold_out, make_tasks, only_new, read_chunks
from rag_app.settings import Settings
from rag_app.wiring import LOADED, Tell, build_store, build_vector_cache, torch_options
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.minilm import find_weights
from vectorstore.errors import CollectionError, InputError
from vectorstore.types import Chunk

JUDGED_BY = "ndcg@10"
FEWEST_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Split:
    """Of each task's queries, the share held out to measure, and at most how many; at most `limit` examples in all."""

    share: float = 0.25
    most: int = 300
    limit: int | None = None
    negatives: int = 0


@dataclass(frozen=True, slots=True)
class Training:
    """From the encoder in the folder `weights` to one in `output`, which `load_output` opens as searching would."""

    weights: Path
    output: Path
    load_output: Callable[[], EmbeddingModel]
    options: TrainingOptions


@dataclass(frozen=True, slots=True)
class Measured:
    """A value a query before and after, by measure."""

    name: str
    before: Columns
    after: Columns

    def part(self, name: str, is_in: Sequence[bool]) -> "Measured":
        """Of some of the queries."""
        columns = (
            {measure: list(compress(values, is_in)) for measure, values in one.items()}
            for one in (self.before, self.after)
        )
        return Measured(name, *columns)

    def to_json(self) -> dict[str, Any]:
        gain = {name: np.subtract(self.after[name], self.before[name]).tolist() for name in self.before}
        figures = bootstrap_means(gain)
        return {
            "queries": len(gain[JUDGED_BY]),
            "before": means(self.before),
            "after": means(self.after),
            "gain": figures.values,
            "gain_intervals": figures.intervals,
        }


def means(columns: Columns) -> dict[str, float]:
    return {name: float(np.mean(values)) for name, values in columns.items()}


def run_fine_tuning(
    tasks: Sequence[Task],
    *,
    before: Embedded,
    training: Training,
    split: Split,
    on_message: Tell,
) -> tuple[dict[str, Any], list[Task]]:
    """What was gained, as JSON, and the tasks of what was held out. Raises InputError for too few queries."""
    seed = training.options.seed
    sides = [hold_out(task, share=split.share, most=split.most, seed=seed) for task in tasks]
    parted = [(trained, task) for trained, task in sides if task.queries]
    held = [task for _, task in parted]
    on_message("measuring the model as it is ...")
    was = [measure_task(task, before) for task in held]
    trained = [limited(task, split.limit, seed) for task, _ in parted]
    made = [make_examples(task, before, negatives=split.negatives, seed=seed) for task in trained]
    examples = chosen([one for of_task in made for one in of_task], split.limit, seed)
    if not held or len(examples) < FEWEST_EXAMPLES:
        raise InputError("there are too few pairs to train on and to hold out", "rag ingest more, or give --questions")
    on_message(f"training on {len(examples):,} pairs ...")
    loss = fine_tune(training.weights, examples, training.output, options=training.options, on_message=on_message)
    on_message("measuring the model as it has become ...")
    embedded = Embedded(training.load_output())
    measured = [Measured(task.name, one, measure_task(task, embedded)) for task, one in zip(held, was, strict=True)]
    rows = [
        row for one, (trained_on, task) in zip(measured, parted, strict=True) for row in with_new(one, trained_on, task)
    ]
    return {
        "examples": len(examples),
        "loss": loss,
        "held_out": {row.name: row.to_json() for row in rows},
        "helped": float(np.mean(list(all_gains(measured)))) > 0,
    }, held


def with_new(measured: Measured, trained: Task, held: Task) -> Iterator[Measured]:
    """Also those alone whose right passages were right for nothing that was trained, where that is a part of them."""
    yield measured
    is_new = only_new(held, trained)
    if any(is_new) and not all(is_new):
        yield measured.part(f"{measured.name}, new", is_new)


def all_gains(measured: Sequence[Measured]) -> Iterator[float]:
    for one in measured:
        yield from np.subtract(one.after[JUDGED_BY], one.before[JUDGED_BY]).tolist()


def limited(task: Task, limit: int | None, seed: int) -> Task:
    """As many queries as could be chosen: what is not trained on need not be embedded."""
    return Task(task.name, task.passages, tuple(chosen(task.queries, limit, seed)))


def chosen(items: Sequence[Any], limit: int | None, seed: int) -> list[Any]:
    if limit is None or len(items) <= limit:
        return list(items)
    return random.Random(seed).sample(list(items), limit)  # noqa: S311 (what can be repeated)


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


DEFAULT = "minilm"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to begin from, the default model without `weights`, and what to learn from."""

    weights: Path | None = None
    questions: Path | None = None
    dataset: Path | None = None
    with_collection: bool = True


def collection_chunks(settings: Settings) -> list[Chunk]:
    """Raises CollectionError for a collection that is empty or not there."""
    store = build_store(settings)
    if not store.catalogue.has_documents():
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    return read_chunks(store)


def fine_tune_for(
    settings: Settings, choice: Choice, output: Path, *, split: Split, options: TrainingOptions, on_message: Tell
) -> tuple[dict[str, Any], list[Task]]:
    """Train, and say what it gained on what was held out, which comes too. Errors as of `run_fine_tuning`."""
    weights = choice.weights.expanduser().resolve() if choice.weights else None
    if weights and not weights.is_dir():
        raise InputError(f"{weights} is no folder", "name the folder of an encoder with --from")
    name = f"huggingface:{weights}" if weights else DEFAULT
    model = LOADED.get(settings.model_copy(update={"embeddings": name}), on_message)

    def load_output() -> EmbeddingModel:
        # Not by LOADED: the folder may have held another model before.
        name, torch = f"huggingface:{output}", torch_options(settings)
        return load_embedding_model(name, cache_dir=settings.cache_dir, on_message=on_message, torch=torch)

    size = ChunkSize(
        settings.chunk_tokens, model.max_tokens, model.count_tokens, load_find_sentences(settings.sentences)
    )
    return run_fine_tuning(
        make_all_tasks(settings, choice, size),
        before=Embedded(model, build_vector_cache(settings)),
        training=Training(weights or find_weights(), output, load_output, options),
        split=split,
        on_message=on_message,
    )


def make_all_tasks(settings: Settings, choice: Choice, size: ChunkSize) -> list[Task]:
    tasks = [load_training_set(choice.dataset, size=size)] if choice.dataset else []
    if choice.with_collection or choice.questions:
        chunks = collection_chunks(settings)
        tasks += [load_questions(choice.questions, chunks)] if choice.questions else []
        tasks += make_tasks(chunks) if choice.with_collection else []
    return tasks


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
