"""From an open collection to its map: each passage with its place and cluster, each cluster with its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag_app.library.map.clusters import Clustering, cluster, name_clusters
from rag_app.library.map.layout import Projection, Vectors, project
from vectorstore.storage.store import Store
from vectorstore.storage.text_analysis import detect_language
from vectorstore.types import Chunk

BATCH = 1_000


def sample_ids(store: Store, most: int) -> tuple[list[str], int]:
    """Up to so many of the findable chunks' ids, and how many there are.

    Ids are hashes: the first by order are a fair sample, in an order that means nothing, and mostly the same after a
    change.
    """
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.hidden_ids())
    return ids[:most], len(ids)


def read_batches(store: Store, ids: Sequence[str]) -> Iterator[tuple[list[Chunk], Vectors]]:
    """Those that are still there, in order."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = store.fetch(batch)
        there = [found[chunk_id] for chunk_id in batch if chunk_id in found]
        if there:
            yield [chunk for chunk, _ in there], np.stack([vector for _, vector in there])


def read_owners(store: Store, ids: Sequence[str]) -> tuple[list[str], list[str], Vectors]:
    """The ids that are still there, the source of each, and their vectors; no text is kept."""
    there, owners = list[str](), list[str]()
    vectors = np.empty((0, 0), np.float32)
    for chunks, batch in read_batches(store, ids):
        if not there:  # in one piece from the start: joined at the end it would be there twice
            vectors = np.empty((len(ids), batch.shape[1]), np.float32)
        vectors[len(there) : len(there) + len(batch)] = batch
        there += [chunk.id for chunk in chunks]
        owners += [chunk.source for chunk in chunks]
    return there, owners, vectors[: len(there)]


# What a canvas draws anew in every frame without a pause.
MOST_POINTS = 20_000
# The texts nearest to a cluster's middle name it.
NAMED_BY = 1_000
SHOWN_CHARACTERS = 140


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
    places = projection.place(vectors)
    points = tuple(
        point_of(chunk, place, int(label))
        for chunk, place, label in zip(chunks, places.tolist(), clustering.labels, strict=True)
    )
    return CollectionMap(points, name_all(chunks, clustering), total, projection)


def point_of(chunk: Chunk, place: Sequence[float], label: int) -> Point:
    return Point(chunk.id, chunk.title, chunk.page, beginning(chunk.text), place[0], place[1], label)


def beginning(text: str) -> str:
    line = " ".join(text[: 2 * SHOWN_CHARACTERS].split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS].rsplit(' ', 1)[0]} …"


def name_all(chunks: Sequence[Chunk], clustering: Clustering) -> tuple[Cluster, ...]:
    nearest = np.argsort(-clustering.nearness, kind="stable")
    members = [nearest[clustering.labels[nearest] == label].tolist() for label in range(clustering.labels.max() + 1)]
    texts = [[chunks[index].text for index in one[:NAMED_BY]] for one in members]
    language = detect_language(" ".join(chunk.text[:200] for chunk in chunks[:20]))
    names = name_clusters(texts, language)
    return tuple(
        Cluster(", ".join(name) or f"cluster {number}", tuple(one))
        for number, (name, one) in enumerate(zip(names, members, strict=True), 1)
    )
