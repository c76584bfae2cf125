"""From vectors to clusters of them, as many as stand apart best."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.library.map.layout import Vectors, are_alike, principal, unit
from vectorstore.storage.text_analysis import UNSPACED, analyze, read_words

WORDS_IN_NAME = 3
CANDIDATES = 12
LEAST_LETTERS = 3
# A phrase stands for its word where more than this share of the word's uses are within it.
SHARE_OF_WORD = 0.5


def name_clusters(texts: Sequence[Sequence[str]], language: str) -> list[tuple[str, ...]]:
    """Up to three words or phrases a cluster, the most telling first; `texts` has the texts of each."""
    words = [Counter[str]() for _ in texts]
    phrases = [Counter[tuple[str, str]]() for _ in texts]
    for one, counted, paired in zip(texts, words, phrases, strict=True):
        for text in one:
            count_terms(text, language, counted, paired)
    everywhere = sum(words, Counter[str]())
    mean_words = everywhere.total() / max(len(texts), 1)
    return [
        choose(weigh(counted, everywhere, mean_words), counted, paired, language)
        for counted, paired in zip(words, phrases, strict=True)
    ]


def count_terms(text: str, language: str, words: Counter[str], phrases: Counter[tuple[str, str]]) -> None:
    """Words that mean something, and two of them that stand side by side; None stands for a word between."""
    found = [word if tells(word) else None for word in read_words(text, language)]
    words.update(word for word in found if word)
    phrases.update((a, b) for a, b in itertools.pairwise(found) if a and b and not UNSPACED.search(a + b))


def tells(word: str | None) -> bool:
    if not word or any(letter.isdigit() for letter in word):
        return False
    return len(word) >= LEAST_LETTERS or bool(UNSPACED.fullmatch(word))


def weigh(counted: Counter[str], everywhere: Counter[str], mean_words: float) -> Counter[str]:
    """c-TF-IDF (Grootendorst 2022): uses here times the logarithm of 1 + mean words of a cluster / uses anywhere."""
    return Counter({word: uses * math.log1p(mean_words / everywhere[word]) for word, uses in counted.items()})


def choose(
    weights: Counter[str], words: Counter[str], phrases: Counter[tuple[str, str]], language: str
) -> tuple[str, ...]:
    """The heaviest words, each within its phrase, none of whose stems was there before."""
    names: list[str] = []
    known: set[str] = set()
    for word, _ in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:CANDIDATES]:
        # The phrase first; with a word in it that has been said already, the word alone.
        forms = (widen(word, words, phrases), word)
        new = next((form for form in forms if known.isdisjoint(analyze(form, language))), None)
        if new:
            names.append(new)
            known.update(analyze(new, language))
    return tuple(names[:WORDS_IN_NAME])


def widen(word: str, words: Counter[str], phrases: Counter[tuple[str, str]]) -> str:
    around = {phrase: uses for phrase, uses in phrases.items() if word in phrase and phrase[0] != phrase[1]}
    phrase = max(around, key=lambda pair: (around[pair], pair), default=None)
    is_usual = phrase is not None and around[phrase] > max(1, SHARE_OF_WORD * words[word])
    return " ".join(phrase) if phrase and is_usual else word


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
