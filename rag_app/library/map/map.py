"""Draws the map of a collection: each passage with its place and cluster, each cluster with its name."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag_app.library.map.layout import Projection, cluster, project
from vectorstore.embeddings import Vectors
from vectorstore.storage.store import Store
from vectorstore.storage.text_analysis import UNSPACED, analyze, detect_language, read_words
from vectorstore.types import Chunk

BATCH = 1_000
# What a browser draws without a pause.
MOST_POINTS = 20_000
SHOWN_CHARACTERS = 140
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
    projection, clustering = project(vectors), cluster(vectors)
    labels = clustering.labels
    points = tuple(
        Point(chunk.id, chunk.title, chunk.page, beginning(chunk.text), x, y, label)
        for chunk, (x, y), label in zip(chunks, projection.place(vectors).tolist(), labels.tolist(), strict=True)
    )
    nearest = np.argsort(-clustering.nearness, kind="stable")
    members = [tuple(nearest[labels[nearest] == label].tolist()) for label in range(labels.max() + 1)]
    language = detect_language(" ".join(chunk.text[:200] for chunk in chunks[:20]))
    names = name_clusters([[chunks[index].text for index in one[:NAMED_BY]] for one in members], language)
    clusters = (
        Cluster(", ".join(name) or f"cluster {number}", one)
        for number, (name, one) in enumerate(zip(names, members, strict=True), 1)
    )
    return CollectionMap(points, tuple(clusters), total, projection)


def sample_ids(store: Store, most: int) -> tuple[list[str], int]:
    """Up to so many ids of chunks that are not hidden, and how many there are.

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
    line = " ".join(text[: 2 * SHOWN_CHARACTERS].split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS].rsplit(' ', 1)[0]} …"


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
