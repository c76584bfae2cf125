"""Finds passages of different documents that say nearly the same, and documents that are nearly the same."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.library.map.map import read_owners, sample_ids
from vectorstore.embeddings import Vectors, unit_vectors
from vectorstore.storage.store import Store
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
Found = tuple[Indices, Indices, NDArray[np.float32]]


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


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of passages as indices, nearest first, with their cosines; `is_whole` unless there were too many."""

    first: Indices
    second: Indices
    cosines: NDArray[np.float32]
    is_whole: bool


def find_near_duplicates(
    store: Store, *, most_compared: int = MOST_COMPARED, most_shown: int = MOST_SHOWN
) -> NearDuplicates:
    wanted, total = sample_ids(store, most_compared)
    ids, owners, vectors = read_owners(store, wanted)
    sources = list(dict.fromkeys(owners))
    numbers = {source: number for number, source in enumerate(sources)}
    documents = [numbers[source] for source in owners]
    pairs = find_pairs(vectors, documents)
    groups = group_pairs(pairs)
    nearest = [(ids[pairs.first[at]], ids[pairs.second[at]], pairs.cosines[at]) for at, _ in groups[:most_shown]]
    found = store.fetch([chunk_id for first, second, _ in nearest for chunk_id in (first, second)])
    passages = [
        SimilarPassages(found[first][0], found[second][0], float(cosine), len(members))
        for (first, second, cosine), (_, members) in zip(nearest, groups, strict=False)
        if first in found and second in found
    ]
    same = same_documents(pairs, documents)[:most_shown]
    alike = tuple(SimilarDocuments(sources[first], sources[second], share) for first, second, share in same)
    return NearDuplicates(tuple(passages), len(groups), alike, len(ids), total, pairs.is_whole)


def find_pairs(
    vectors: Vectors, documents: Sequence[int], *, threshold: float = THRESHOLD, most: int = MOST_PAIRS
) -> Pairs:
    """Every pair of different documents at or above the threshold. 100,000 vectors: 10^10 cosines are not computed.

    By Cauchy and Schwarz a·b <= a'·b' + |a''||b''|, where ' are the directions of greatest weight and '' the rest: one
    product of a few dimensions shows which rows and columns of a block may hold a pair.
    """
    units, whose = unit_vectors(vectors), np.asarray(documents)
    bounds = with_rests(units) if len(units) else units
    kept: list[Found] = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    is_whole = True
    for row in range(0, len(units), BLOCK):
        for column in range(row, len(units), BLOCK):
            blocks = slice(row, row + BLOCK), slice(column, column + BLOCK)
            kept.append(pairs_of_block(units, bounds, whose, blocks, threshold))
            if sum(len(found[0]) for found in kept) > most:
                kept = [nearest_first(kept, most // 2)]
                threshold, is_whole = float(kept[0][2][-1]), False
    return Pairs(*nearest_first(kept, most), is_whole)


def with_rests(units: Vectors) -> Vectors:
    """The coordinates of greatest weight, and the length of all others together as one more."""
    _, directions = np.linalg.eigh(units.T @ units)
    heavy = units @ directions[:, ::-1][:, :BOUND_DIMENSIONS]
    rest = np.sqrt(np.maximum(1 - (heavy**2).sum(axis=1, keepdims=True), 0))
    return np.asarray(np.hstack([heavy, rest]), np.float32)


def pairs_of_block(
    units: Vectors, bounds: Vectors, whose: Indices, blocks: tuple[slice, slice], threshold: float
) -> Found:
    rows, columns = blocks
    possible = bounds[rows] @ bounds[columns].T >= threshold - 1e-4
    first = np.flatnonzero(possible.any(axis=1)) + rows.start
    second = np.flatnonzero(possible.any(axis=0)) + columns.start
    cosines = units[first] @ units[second].T
    wanted = (cosines >= threshold) & (whose[first, np.newaxis] != whose[second]) & (first[:, np.newaxis] < second)
    row, column = np.nonzero(wanted)
    return first[row], second[column], cosines[row, column]


def nearest_first(kept: Sequence[Found], most: int) -> Found:
    first, second, cosines = (np.concatenate(column) for column in zip(*kept, strict=True))
    order = np.lexsort((second, first, -cosines))[:most]
    return first[order], second[order], cosines[order]


def group_pairs(pairs: Pairs) -> list[tuple[int, list[int]]]:
    """Passages connected by pairs, the nearest first: the place of a group's nearest pair, and its passages.

    A heading in fifty documents is 1,225 pairs, and one group.
    """
    from scipy.sparse import coo_array  # half a second, and only for this
    from scipy.sparse.csgraph import connected_components

    if not len(pairs.first):
        return []
    size = int(pairs.second.max()) + 1
    graph = coo_array((np.ones(len(pairs.first)), (pairs.first, pairs.second)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    members = defaultdict[int, list[int]](list)
    for index in np.union1d(pairs.first, pairs.second).tolist():
        members[labels[index]].append(index)
    _, nearest = np.unique(labels[pairs.first], return_index=True)
    return [(at, members[labels[pairs.first[at]]]) for at in np.sort(nearest).tolist()]


def same_documents(pairs: Pairs, documents: Sequence[int]) -> list[tuple[int, int, float]]:
    """Two documents each, and the share of the shorter one that is in the other, at least NEARLY_SAME; most first."""
    shared: dict[tuple[int, int], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for one, other in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        a, b = sorted((one, other), key=lambda index: documents[index])
        passages = shared[documents[a], documents[b]]
        passages[0].add(a)
        passages[1].add(b)
    lengths = Counter(documents)
    found = []
    for (a, b), passages in shared.items():
        shorter = 0 if lengths[a] <= lengths[b] else 1
        share = len(passages[shorter]) / lengths[(a, b)[shorter]]
        if share >= NEARLY_SAME:
            found.append((a, b, share))
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))
