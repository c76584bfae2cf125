"""From vectors to clusters of them, as many as stand apart best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.mapping.spaces import Vectors, are_alike, principal, unit

Labels = NDArray[np.int64]

# More colours and names than this nobody tells apart.
MOST_CLUSTERS = 12
# A cluster of fewer on average says nothing.
LEAST_MEMBERS = 4
LEARNT_FROM, JUDGED_BY = 2_000, 1_000
# "A reasonable structure has been found" (Kaufman and Rousseeuw 1990). Chunks of real collections have 0.05 to 0.1 at
# any number, and the best is then nearly always two clusters, which say nothing.
REASONABLE = 0.5
DIMENSIONS = 50


@dataclass(frozen=True, slots=True)
class Clustering:
    """The cluster of each vector, the largest cluster 0, and how near it is to the middle of its cluster (cosine)."""

    labels: Labels
    nearness: NDArray[np.float32]


def cluster(vectors: Vectors) -> Clustering:
    """`vectors` in no order that means anything: the first are learnt from."""
    units = unit(vectors)
    labels = learn(units[:LEARNT_FROM])
    centres = unit(np.stack([units[: len(labels)][labels == label].mean(axis=0) for label in range(labels.max() + 1)]))
    cosines = units @ centres.T
    found = cosines.argmax(axis=1)
    order = np.argsort(-np.bincount(found, minlength=len(centres)), kind="stable")
    return Clustering(np.argsort(order)[found], cosines.max(axis=1))


def learn(units: Vectors) -> Labels:
    """K-means, with as many clusters as `choose_number` says."""
    most = min(MOST_CLUSTERS, len(units) // LEAST_MEMBERS, len(np.unique(units.round(5), axis=0)) - 1)
    if most < 2 or are_alike(units):
        return np.zeros(len(units), np.int64)
    reduced = principal(units, DIMENSIONS)
    tried = {number: k_means(reduced, number) for number in range(2, most + 1)}
    return tried[choose_number(reduced, tried)]


def k_means(vectors: Vectors, number: int) -> Labels:
    from sklearn.cluster import KMeans  # two seconds, and for this page alone

    return np.asarray(KMeans(number, n_init=2, random_state=0).fit_predict(vectors), np.int64)


def choose_number(vectors: Vectors, tried: dict[int, Labels]) -> int:
    """Where clusters stand apart, the number with the best silhouette; else the root of half the number of vectors.

    Silhouette (Rousseeuw 1987): how much nearer a vector is to its own cluster than to the next, on the mean. The root
    is a rule of thumb (Mardia, Kent and Bibby 1979).
    """
    scores = {number: silhouette(vectors[:JUDGED_BY], labels[:JUDGED_BY]) for number, labels in tried.items()}
    best = max(scores, key=lambda number: scores[number])
    return best if scores[best] >= REASONABLE else min(max(round((len(vectors) / 2) ** 0.5), 2), max(tried))


def silhouette(vectors: Vectors, labels: Labels) -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(vectors, labels)) if 1 < len(np.unique(labels)) < len(labels) else -1.0
