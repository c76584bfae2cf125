"""Finds passages of different documents that say nearly the same, and documents that are nearly the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from rag_app.library.map import read_owners, sample_ids
from vectorstore import Store
from vectorstore.embeddings import Vectors, unit_vectors
from vectorstore.types import Chunk

THRESHOLD = 0.95
# Beyond this number of pairs only the nearest are kept.
MOST_PAIRS = 200_000
# The share of the shorter document from which two are nearly the same.
NEARLY_SAME = 0.8
MOST_COMPARED, MOST_SHOWN = 100_000, 100
BLOCK = 2_048
BOUND_DIMENSIONS = 48

Indices = NDArray[np.int64]
# Shape (pairs, 3), nearest first: two indices and their cosine.
Pairs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimilarPassages:
    """Passages nearly the same: the two nearest of different documents, their cosine, and how many there are in all."""

    first: Chunk
    second: Chunk
    cosine: float
    members: int


@dataclass(frozen=True, slots=True)
class SimilarDocuments:
    """Two sources and the share of the shorter one's passages that the other has nearly the same."""

    first: str
    second: str
    share: float


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The most alike passages and documents, of `groups` of passages in all; `compared` of `total` chunks were
    compared, and `is_whole` says that no pair was left out."""

    passages: tuple[SimilarPassages, ...]
    groups: int
    documents: tuple[SimilarDocuments, ...]
    compared: int
    total: int
    is_whole: bool


def find_near_duplicates(
    store: Store, *, most_compared: int = MOST_COMPARED, most_shown: int = MOST_SHOWN
) -> NearDuplicates:
    wanted, total = sample_ids(store, most_compared)
    ids, owners, vectors = read_owners(store, wanted)
    sources, numbers = np.unique(owners, return_inverse=True)
    documents = numbers.tolist()
    pairs, is_whole = find_pairs(vectors, documents)
    groups = group_pairs(pairs)
    shown = [(ids[one], ids[other], cosine, members) for one, other, cosine, members in groups[:most_shown]]
    found = store.fetch([chunk_id for one, other, *_ in shown for chunk_id in (one, other)])
    passages = [
        SimilarPassages(found[one][0], found[other][0], cosine, members)
        for one, other, cosine, members in shown
        if one in found and other in found
    ]
    same = same_documents(pairs, documents)[:most_shown]
    alike = tuple(SimilarDocuments(str(sources[one]), str(sources[other]), share) for one, other, share in same)
    return NearDuplicates(tuple(passages), len(groups), alike, len(ids), total, is_whole)


def find_pairs(
    vectors: Vectors, documents: Sequence[int], *, threshold: float = THRESHOLD, most: int = MOST_PAIRS
) -> tuple[Pairs, bool]:
    """Every pair of different documents at or above the threshold, and False if there were too many to keep all.

    Of 100,000 vectors there are 10^10 cosines, too many to compute. By Cauchy and Schwarz a·b <= a'·b' + |a''||b''|,
    where ' are the directions of greatest weight and '' the rest: one product of a few dimensions shows which rows and
    columns of a block may hold a pair.
    """
    units, whose = unit_vectors(vectors), np.asarray(documents)
    bounds = with_rests(units) if len(units) else units
    kept = [np.empty((0, 3))]
    is_whole = True
    for row, column in combinations_with_replacement(range(0, len(units), BLOCK), 2):
        blocks = slice(row, row + BLOCK), slice(column, column + BLOCK)
        kept.append(pairs_of_block(units, bounds, whose, blocks, threshold))
        if sum(map(len, kept)) > most:
            kept = [nearest_first(kept, most // 2)]
            threshold, is_whole = float(kept[0][-1, 2]), False
    return nearest_first(kept, most), is_whole


def with_rests(units: Vectors) -> Vectors:
    """The coordinates of greatest weight, and the length of all others together as one more."""
    _, directions = np.linalg.eigh(units.T @ units)
    heavy = units @ directions[:, ::-1][:, :BOUND_DIMENSIONS]
    rest = np.sqrt(np.maximum(1 - (heavy**2).sum(axis=1, keepdims=True), 0))
    return np.asarray(np.hstack([heavy, rest]), np.float32)


def pairs_of_block(
    units: Vectors, bounds: Vectors, whose: Indices, blocks: tuple[slice, slice], threshold: float
) -> Pairs:
    rows, columns = blocks
    possible = bounds[rows] @ bounds[columns].T >= threshold - 1e-4
    first = np.flatnonzero(possible.any(axis=1)) + rows.start
    second = np.flatnonzero(possible.any(axis=0)) + columns.start
    cosines = units[first] @ units[second].T
    wanted = (cosines >= threshold) & (whose[first, np.newaxis] != whose[second]) & (first[:, np.newaxis] < second)
    row, column = np.nonzero(wanted)
    return np.column_stack((first[row], second[column], cosines[row, column]))


def nearest_first(kept: Sequence[Pairs], most: int) -> Pairs:
    pairs = np.concatenate(kept)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0], -pairs[:, 2]))][:most]


def group_pairs(pairs: Pairs) -> list[tuple[int, int, float, int]]:
    """Groups of passages connected by pairs, the nearest first: each by its nearest pair, and how many passages it has.

    A heading in fifty documents is 1,225 pairs, and one group.
    """
    from scipy.sparse import coo_array  # half a second, and only for this
    from scipy.sparse.csgraph import connected_components

    if not len(pairs):
        return []
    first, second = pairs[:, :2].astype(np.int64).T
    size = int(second.max()) + 1
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    members = np.bincount(labels)
    _, nearest = np.unique(labels[first], return_index=True)
    sizes = members[labels[first]]
    return [(int(first[at]), int(second[at]), float(pairs[at, 2]), int(sizes[at])) for at in np.sort(nearest)]


def same_documents(pairs: Pairs, documents: Sequence[int]) -> list[tuple[int, int, float]]:
    """Two documents each, and the share of the shorter one that is in the other, at least NEARLY_SAME; most first."""
    alike = set[tuple[tuple[int, int], int]]()
    for one, other in pairs[:, :2].astype(np.int64).tolist():
        first, second = sorted((documents[one], documents[other]))
        alike |= {((first, second), one), ((first, second), other)}
    lengths = Counter(documents)
    shared = Counter((both, documents[passage]) for both, passage in alike)
    found = []
    for both in {both for both, _ in shared}:
        shorter = min(both, key=lambda document: lengths[document])
        share = shared[both, shorter] / lengths[shorter]
        if share >= NEARLY_SAME:
            found.append((*both, share))
    return sorted(found, key=lambda pair: (-pair[2], *pair))
