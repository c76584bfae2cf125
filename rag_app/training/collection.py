"""From settings to what is trained on: a collection's chunks, files of questions, folders in BEIR form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.chunking import ChunkSize
from ingest.sentences import load_find_sentences
from ingest.texts import NamedText
from rag_app.evaluation.datasets import load_corpus
from rag_app.settings import Settings
from rag_app.training.fine_tuning import TrainingOptions
from rag_app.training.measuring import Embedded
from rag_app.training.pairs import make_tasks
from rag_app.training.questions import BEIR_HINT, load_questions, load_training_set
from rag_app.training.reading import read_chunks
from rag_app.training.run import Split, Training, run_fine_tuning
from rag_app.training.tasks import Task
from rag_app.wiring import LOADED, Tell, build_store, build_vector_cache, torch_options
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.minilm import find_weights
from vectorstore.errors import CollectionError, InputError
from vectorstore.types import Chunk

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
