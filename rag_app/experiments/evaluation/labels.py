"""From vectors of documents and their labels to how well the space keeps the labels apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.experiments.evaluation.datasets import BEIR_HINT, find_corpus, load_rows
from rag_app.library.map.layout import unit

Vectors = NDArray[np.float32]
FOLDS = 5
# More documents than this move the figures by less than their noise, and take minutes.
MOST_DOCUMENTS = 5_000
SEED = 0
STEPS = 2_000


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """`v_measure` of clusters found by k-means, with as many as there are labels (Rosenberg and Hirschberg 2007);
    accuracy and macro-F1 of a linear probe, each document judged by a probe that has not seen it; all in [0, 1].
    `labels` different ones were had by `labelled` documents."""

    v_measure: float
    probe_accuracy: float
    probe_macro_f1: float
    labels: int
    labelled: int


def load_labels(folder: Path, field: str) -> dict[str, str]:
    """Document ids to what stands under `field` in their metadata; lists and objects are no labels."""
    labels = {}
    for row in load_rows(find_corpus(folder), BEIR_HINT):
        value = read_label(row, field)
        if value is not None:
            labels[str(row.get("_id"))] = value
    return labels


def read_label(row: Mapping[str, Any], field: str) -> str | None:
    metadata = row.get("metadata")
    value = metadata.get(field) if isinstance(metadata, Mapping) else None
    return str(value) if isinstance(value, str | int | float) and str(value).strip() else None


def reason_without_labels(labels: Mapping[str, str], field: str | None) -> str | None:
    """Why there is nothing to cluster or classify, or None where there is."""
    if field is None:
        return "no field of the metadata was named by --label"
    if not labels:
        return f"no document of the corpus has {field} in its metadata"
    if len(usable(labels)) < 2:
        return f"no two values of {field} have two documents each"
    return None


def usable(labels: Mapping[str, str]) -> set[str]:
    """Labels that more than one document has: one alone can be learnt from or judged, not both."""
    return {label for label, count in Counter(labels.values()).items() if count > 1}


def measure_labels(labels: Mapping[str, str], owners: Sequence[str], vectors: Vectors) -> LabelFigures:
    """`vectors`, shape (chunks, dimension), are the chunks' and `owners` their documents; a document is the mean of its
    chunks at unit length."""
    from sklearn.cluster import KMeans  # two seconds, and for this alone
    from sklearn.metrics import v_measure_score

    documents, space = mean_by_owner(owners, vectors)
    kept = usable({name: labels[name] for name in documents if name in labels})
    rows = [row for row, name in enumerate(documents) if labels.get(name) in kept]
    if len(rows) > MOST_DOCUMENTS:
        rows = sorted(np.random.default_rng(SEED).choice(rows, MOST_DOCUMENTS, replace=False).tolist())
    truth, space = np.array([labels[documents[row]] for row in rows]), space[rows]
    clusters = KMeans(len(set(truth)), n_init=10, random_state=SEED).fit_predict(space)
    accuracy, macro_f1 = probe(space, truth)
    return LabelFigures(float(v_measure_score(truth, clusters)), accuracy, macro_f1, len(set(truth)), len(rows))


def mean_by_owner(owners: Sequence[str], vectors: Vectors) -> tuple[list[str], Vectors]:
    documents = list(dict.fromkeys(owners))
    numbers = {name: number for number, name in enumerate(documents)}
    sums = np.zeros((len(documents), vectors.shape[1]), np.float32)
    np.add.at(sums, [numbers[name] for name in owners], unit(vectors))
    return documents, unit(sums)


def probe(space: Vectors, truth: NDArray[np.str_]) -> tuple[float, float]:
    """Accuracy and macro-F1 of a logistic regression, by stratified cross-validation (Alain and Bengio 2016)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    smallest = min(Counter(truth.tolist()).values())
    folds = StratifiedKFold(max(2, min(FOLDS, smallest)), shuffle=True, random_state=SEED)
    # Scaled, so that the strength of the regularisation means the same in every model's space.
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS))
    told = cross_val_predict(model, space, truth, cv=folds)
    return float(accuracy_score(truth, told)), float(f1_score(truth, told, average="macro"))
