"""Projects vectors to the plane by t-SNE and groups them by k-means; near vectors get near places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vectorstore.embeddings import Vectors, unit_vectors

# scikit-learn is imported where it is needed: it takes two seconds, and only the map and the evaluation use it.

Places = NDArray[np.float32]  # shape (points, 2)
Labels = NDArray[np.int64]
# Below this the vectors are the same but for rounding.
LEAST_SPREAD = 1e-5
DIMENSIONS = 50
# t-SNE of so many, and the others among those most like them. Trustworthiness of ten neighbours (sklearn.manifold,
# 3,000 chunks of SciFact): PCA 0.75, t-SNE of 2,000 after 300 steps 0.93, after 500 0.957, and 0.88 for those placed
# among them; of all 3,000 0.955.
LANDMARKS = 2_000
STEPS = 500
PERPLEXITY = 30
EXACT = 300
# Fewer have no neighbourhoods to keep.
LEAST_FOR_NEIGHBOURS = 10
NEAREST = 5
# How much more a nearer landmark counts.
SHARPNESS = 8
BLOCK = 2_000
# More colours and names than this cannot be told apart; a cluster of fewer members on average says nothing.
MOST_CLUSTERS, LEAST_MEMBERS = 12, 4
FITTED_TO, JUDGED_BY = 2_000, 1_000
# "A reasonable structure has been found" (Kaufman and Rousseeuw 1990). Chunks of real collections have 0.05 to 0.1 at
# any number, and the best is then nearly always two clusters, which say nothing.
REASONABLE = 0.5


def principal(vectors: Vectors, dimensions: int) -> Vectors:
    """Shape (vectors, dimensions): the coordinates by PCA; zeros where there are fewer."""
    from sklearn.decomposition import PCA

    found = PCA(min(dimensions, *vectors.shape), svd_solver="full").fit_transform(vectors)
    return np.pad(found, ((0, 0), (0, dimensions - found.shape[1]))).astype(np.float32)


def are_alike(vectors: Vectors) -> bool:
    return len(vectors) < 2 or float(np.ptp(vectors, axis=0).max()) < LEAST_SPREAD


@dataclass(frozen=True, slots=True)
class Projection:
    """Landmarks, of unit length, and their places."""

    landmarks: Vectors
    places: Places

    def place(self, vectors: Vectors) -> Places:
        """The places of any vectors of the same space: each among the landmarks nearest to it."""
        blocks = [self._place(unit_vectors(vectors[start : start + BLOCK])) for start in range(0, len(vectors), BLOCK)]
        return np.concatenate([np.empty((0, 2), np.float32), *blocks])

    def _place(self, vectors: Vectors) -> Places:
        cosines = vectors @ self.landmarks.T
        nearest = np.argsort(-cosines, axis=1)[:, :NEAREST]
        near = np.take_along_axis(cosines, nearest, axis=1)
        # A landmark itself keeps its place.
        weights = np.where(near > 1 - 1e-6, 1e6, np.maximum(near, 1e-3) ** SHARPNESS)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((self.places[nearest] * weights[:, :, np.newaxis]).sum(axis=1), np.float32)


def project(vectors: Vectors, *, most_landmarks: int = LANDMARKS) -> Projection:
    """`vectors` in random order: the first are the landmarks. At least one."""
    landmarks = unit_vectors(vectors[:most_landmarks])
    if are_alike(landmarks):
        return Projection(landmarks, np.zeros((len(landmarks), 2), np.float32))
    flat = principal(landmarks, 2)
    if len(landmarks) < LEAST_FOR_NEIGHBOURS:
        return Projection(landmarks, flat)
    from sklearn.manifold import TSNE

    model = TSNE(
        perplexity=min(PERPLEXITY, (len(landmarks) - 1) / 3),
        max_iter=STEPS,
        # Begun from PCA and not at random, so that what lies far apart stays so and each run gives the same picture.
        init=flat / max(float(flat[:, 0].std()), 1e-12) * 1e-4,
        learning_rate="auto",
        random_state=0,
        # Of few points the exact way is the quicker one, most of all on a busy machine: no threads wait for each other.
        method="exact" if len(landmarks) <= EXACT else "barnes_hut",
    )
    return Projection(landmarks, np.asarray(model.fit_transform(principal(landmarks, DIMENSIONS)), np.float32))


@dataclass(frozen=True, slots=True)
class Clustering:
    """The cluster of each vector, the largest cluster 0, and how near it is to the middle of its cluster (cosine)."""

    labels: Labels
    nearness: NDArray[np.float32]


def cluster(vectors: Vectors) -> Clustering:
    """K-means, fitted to the first of `vectors`, which are in random order."""
    units = unit_vectors(vectors)
    labels = fit_clusters(units[:FITTED_TO])
    centres = unit_vectors(
        np.stack([units[: len(labels)][labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    )
    cosines = units @ centres.T
    found = cosines.argmax(axis=1)
    order = np.argsort(-np.bincount(found, minlength=len(centres)), kind="stable")
    return Clustering(np.argsort(order)[found], cosines.max(axis=1))


def fit_clusters(units: Vectors) -> Labels:
    """Where clusters lie apart, the number with the best silhouette; else the root of half the number of vectors.

    Silhouette (Rousseeuw 1987): how much nearer a vector is to its own cluster than to the next, on the mean. The root
    is a rule of thumb (Mardia, Kent and Bibby 1979).
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    most = min(MOST_CLUSTERS, len(units) // LEAST_MEMBERS, len(np.unique(units.round(5), axis=0)) - 1)
    if most < 2 or are_alike(units):
        return np.zeros(len(units), np.int64)
    reduced = principal(units, DIMENSIONS)
    tried: dict[int, Labels] = {
        n: KMeans(n, n_init=2, random_state=0).fit_predict(reduced).astype(np.int64) for n in range(2, most + 1)
    }
    scores = {
        n: float(silhouette_score(reduced[:JUDGED_BY], labels[:JUDGED_BY]))
        for n, labels in tried.items()
        if 1 < len(np.unique(labels[:JUDGED_BY])) < len(labels[:JUDGED_BY])
    }
    best = max(scores, key=lambda n: scores[n], default=0)
    by_size = min(max(round((len(reduced) / 2) ** 0.5), 2), most)
    chosen: Labels = tried[best if scores.get(best, -1.0) >= REASONABLE else by_size]
    return chosen
