"""Draws the map of a collection: passages placed by t-SNE and grouped by k-means, clusters named by their words."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.safe_text import one_line
from vectorstore import Store
from vectorstore.embeddings import Vectors, unit_vectors
from vectorstore.text_analysis import UNSPACED, analyze, detect_language, read_words
from vectorstore.types import Chunk

# scikit-learn is imported where it is needed: it takes two seconds, and only the map and the evaluation use it.

Places = NDArray[np.float32]  # shape (points, 2)
Labels = NDArray[np.int64]
# Gives the places of any vectors of the same space.
Projection = Callable[[Vectors], Places]
BATCH = 1_000
# What a browser draws without a pause.
MOST_POINTS = 20_000
SHOWN_CHARACTERS = 140
# Below this the vectors are the same but for rounding.
LEAST_SPREAD = 1e-5
DIMENSIONS = 50
# t-SNE of so many, and the others among those most like them. Trustworthiness of ten neighbours (sklearn.manifold,
# 3,000 chunks of SciFact): PCA 0.75, t-SNE of 2,000 after 300 steps 0.93, after 500 0.957; of all 3,000 0.955.
LANDMARKS = 2_000
STEPS = 500
PERPLEXITY = 30
EXACT = 300
# Fewer have no neighbourhoods to keep.
LEAST_FOR_NEIGHBOURS = 10
NEAREST = 5
SHARPNESS = 8
# Nobody can distinguish more colours and names than this; a cluster of fewer members on average says nothing.
MOST_CLUSTERS, LEAST_MEMBERS = 12, 4
FITTED_TO, JUDGED_BY = 2_000, 1_000
# "A reasonable structure has been found" (Kaufman and Rousseeuw 1990). Chunks of real collections have 0.05 to 0.1 at
# any number, and the best is then nearly always two clusters, which say nothing.
REASONABLE = 0.5
# The texts nearest to a cluster's middle name it.
NAMED_BY = 1_000
WORDS_IN_NAME = 3
CANDIDATES = 12
LEAST_LETTERS = 3
# A phrase replaces its word where more than this share of the word's uses are within it.
SHARE_OF_WORD = 0.5


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk on the map; `text` is its beginning."""

    id: str
    title: str
    page: int | None
    text: str
    x: float
    y: float
    cluster: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """`members` are indices of points, the most typical first."""

    name: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """`total` chunks, of which `points` were chosen; the clusters, the largest first."""

    points: tuple[Point, ...]
    clusters: tuple[Cluster, ...]
    total: int
    projection: Projection | None


def draw_map(store: Store) -> CollectionMap:
    ids, total = sample_ids(store, MOST_POINTS)
    batches = list(read_batches(store, ids))
    if not batches:
        return CollectionMap((), (), total, None)
    chunks = [chunk for batch, _ in batches for chunk in batch]
    vectors = np.concatenate([part for _, part in batches])
    projection, (labels, distances) = project(vectors), cluster(vectors)
    points = tuple(
        Point(chunk.id, chunk.title, chunk.page, beginning(chunk.text), x, y, label)
        for chunk, (x, y), label in zip(chunks, projection(vectors).tolist(), labels.tolist(), strict=True)
    )
    nearest = np.argsort(distances, kind="stable")
    members = [tuple(nearest[labels[nearest] == label].tolist()) for label in range(labels.max() + 1)]
    language = detect_language(" ".join(chunk.text[:200] for chunk in chunks[:20]))
    names = name_clusters([[chunks[index].text for index in one[:NAMED_BY]] for one in members], language)
    clusters = (
        Cluster(", ".join(name) or f"cluster {number}", one)
        for number, (name, one) in enumerate(zip(names, members, strict=True), 1)
    )
    return CollectionMap(points, tuple(clusters), total, projection)


def sample_ids(store: Store, most: int) -> tuple[list[str], int]:
    """At most `most` ids of chunks that are not hidden, and how many there are.

    Ids are hashes: the first by order are a fair sample, in random order, and mostly the same after a change.
    """
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.state().hidden)
    return ids[:most], len(ids)


def read_batches(store: Store, ids: Sequence[str]) -> Iterator[tuple[list[Chunk], Vectors]]:
    """The chunks of these ids and their vectors, in order, without those that have gone meanwhile."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = store.fetch(batch)
        if there := [found[chunk_id] for chunk_id in batch if chunk_id in found]:
            yield [chunk for chunk, _ in there], np.stack([vector for _, vector in there])


def read_owners(store: Store, ids: Sequence[str]) -> tuple[list[str], list[str], Vectors]:
    """The ids that are still there, the source of each, and their vectors; no text is kept."""
    there, owners = list[str](), list[str]()
    vectors = np.empty((0, 0), np.float32)
    for chunks, batch in read_batches(store, ids):
        if not there:  # in one piece from the start: concatenated at the end it would be in memory twice
            vectors = np.empty((len(ids), batch.shape[1]), np.float32)
        vectors[len(there) : len(there) + len(batch)] = batch
        there += [chunk.id for chunk in chunks]
        owners += [chunk.source for chunk in chunks]
    return there, owners, vectors[: len(there)]


def beginning(text: str) -> str:
    return one_line(text[: 2 * SHOWN_CHARACTERS], SHOWN_CHARACTERS)


def are_alike(vectors: Vectors) -> bool:
    return len(vectors) < 2 or float(np.ptp(vectors, axis=0).max()) < LEAST_SPREAD


def principal(vectors: Vectors, fitted: Vectors, dimensions: int) -> Vectors:
    """Shape (vectors, dimensions): the coordinates by a PCA of `fitted`; zeros where there are fewer."""
    from sklearn.decomposition import PCA

    found = PCA(min(dimensions, *fitted.shape), svd_solver="full").fit(fitted).transform(vectors)
    return np.pad(found, ((0, 0), (0, dimensions - found.shape[1]))).astype(np.float32)


def project(vectors: Vectors, *, most_landmarks: int = LANDMARKS) -> Projection:
    """By t-SNE of the landmarks, the first of `vectors`, which are in random order; at least one.

    Others are placed among the landmarks nearest to them, by a power of the cosine.
    """
    from sklearn.neighbors import KNeighborsRegressor

    landmarks = unit_vectors(vectors[:most_landmarks])
    nearest = KNeighborsRegressor(min(NEAREST, len(landmarks)), weights=weigh, metric="cosine")
    predict: Projection = nearest.fit(landmarks, place_landmarks(landmarks)).predict
    return predict


def weigh(distances: Vectors) -> Vectors:
    """Weights of neighbours by their distances (1 - cosine); a landmark itself keeps its place."""
    return np.where(distances < 1e-6, 1e6, np.maximum(1 - distances, 1e-3) ** SHARPNESS)


def place_landmarks(landmarks: Vectors) -> Places:
    if are_alike(landmarks):
        return np.zeros((len(landmarks), 2), np.float32)
    flat = principal(landmarks, landmarks, 2)
    if len(landmarks) < LEAST_FOR_NEIGHBOURS:
        return flat
    from sklearn.manifold import TSNE

    model = TSNE(
        perplexity=min(PERPLEXITY, (len(landmarks) - 1) / 3),
        max_iter=STEPS,
        # Begun from PCA and not at random, so that what lies far apart stays so and each run gives the same picture.
        init=flat / max(float(flat[:, 0].std()), 1e-12) * 1e-4,
        learning_rate="auto",
        random_state=0,
        # For few points the exact method is quicker, most of all on a busy machine: no threads wait for each other.
        method="exact" if len(landmarks) <= EXACT else "barnes_hut",
    )
    return np.asarray(model.fit_transform(principal(landmarks, landmarks, DIMENSIONS)), np.float32)


def cluster(vectors: Vectors) -> tuple[Labels, NDArray[np.float32]]:
    """The cluster of each vector, the largest cluster 0, and the vector's distance from the middle of its cluster.

    K-means, fitted to the first of `vectors`, which are in random order. Where clusters lie apart, the number with the
    best silhouette (Rousseeuw 1987: how much nearer a vector is to its own cluster than to the next, on the mean);
    else the root of half the number of vectors, a rule of thumb (Mardia, Kent and Bibby 1979).
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    units = unit_vectors(vectors)
    fitted = units[:FITTED_TO]
    most = min(MOST_CLUSTERS, len(fitted) // LEAST_MEMBERS, len(np.unique(fitted.round(5), axis=0)) - 1)
    if most < 2 or are_alike(fitted):
        return np.zeros(len(units), np.int64), np.zeros(len(units), np.float32)
    reduced = principal(units, fitted, DIMENSIONS)
    tried = {n: KMeans(n, n_init=2, random_state=0).fit(reduced[:FITTED_TO]) for n in range(2, most + 1)}
    scores = {
        n: float(silhouette_score(reduced[:JUDGED_BY], model.labels_[:JUDGED_BY]))
        for n, model in tried.items()
        if len(np.unique(model.labels_[:JUDGED_BY])) > 1
    }
    best = max(scores, key=lambda n: scores[n], default=0)
    by_size = min(max(round((len(fitted) / 2) ** 0.5), 2), most)
    distances = tried[best if scores.get(best, -1.0) >= REASONABLE else by_size].transform(reduced)
    found = distances.argmin(axis=1)
    order = np.argsort(-np.bincount(found, minlength=distances.shape[1]), kind="stable")
    return np.argsort(order)[found], distances.min(axis=1)


def name_clusters(texts: Sequence[Sequence[str]], language: str) -> list[tuple[str, ...]]:
    """Up to three words or phrases a cluster, the most characteristic first; `texts` has the texts of each.

    By c-TF-IDF (Grootendorst 2022): uses here times the logarithm of 1 + mean words of a cluster / uses anywhere.
    """
    counted = [count_terms(one, language) for one in texts]
    everywhere = Counter[str]()
    for words, _ in counted:
        everywhere.update(words)
    mean_words = everywhere.total() / max(len(texts), 1)
    names = []
    for words, phrases in counted:
        weights = {word: uses * math.log1p(mean_words / everywhere[word]) for word, uses in words.items()}
        heaviest = sorted(weights, key=lambda word: (-weights[word], word))
        names.append(choose_names(heaviest[:CANDIDATES], words, phrases, language))
    return names


def count_terms(texts: Sequence[str], language: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """The words with meaning, and the pairs of them that follow each other."""
    words, phrases = Counter[str](), Counter[tuple[str, str]]()
    for text in texts:
        found = [word if has_meaning(word) else "" for word in read_words(text, language)]
        words.update(filter(None, found))
        phrases.update((a, b) for a, b in itertools.pairwise(found) if a and b and not UNSPACED.search(a + b))
    return words, phrases


def has_meaning(word: str | None) -> bool:
    if not word or any(letter.isdigit() for letter in word):
        return False
    return len(word) >= LEAST_LETTERS or bool(UNSPACED.fullmatch(word))


def choose_names(
    heaviest: Sequence[str], words: Mapping[str, int], phrases: Mapping[tuple[str, str], int], language: str
) -> tuple[str, ...]:
    """The heaviest words, each within its phrase, none of whose stems was there before."""
    names: list[str] = []
    known: set[str] = set()
    for word in heaviest:
        # The phrase first; the word alone where the phrase has a stem that is there already.
        forms = (widen(word, words, phrases), word)
        if new := next((form for form in forms if known.isdisjoint(analyze(form, language))), None):
            names.append(new)
            known.update(analyze(new, language))
    return tuple(names[:WORDS_IN_NAME])


def widen(word: str, words: Mapping[str, int], phrases: Mapping[tuple[str, str], int]) -> str:
    around = {phrase: uses for phrase, uses in phrases.items() if word in phrase and phrase[0] != phrase[1]}
    phrase = max(around, key=lambda pair: (around[pair], pair), default=None)
    is_usual = phrase is not None and around[phrase] > max(1, SHARE_OF_WORD * words[word])
    return " ".join(phrase) if phrase and is_usual else word
