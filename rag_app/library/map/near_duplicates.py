"""From vectors and whose they are to passages of different documents that say nearly the same."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.library.map.layout import Vectors, unit
from rag_app.library.map.map import read_owners, sample_ids
from vectorstore.storage.store import Store
from vectorstore.types import Chunk

# Cosine of two passages from here on.
THRESHOLD = 0.95
# Beyond this number of pairs only the nearest are kept.
MOST_PAIRS = 200_000
# Documents of which so much is common to both.
NEARLY_SAME = 0.8
BLOCK = 2_048
BOUND_DIMENSIONS = 48

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Passages nearly the same, as indices: the two nearest of different documents, their cosine, and all of them."""

    first: int
    second: int
    cosine: float
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SameDocuments:
    """Two documents and the share of the shorter one's passages that the other has nearly the same."""

    first: int
    second: int
    share: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of passages as indices, nearest first, with their cosines; `is_whole` unless there were too many."""

    first: Indices
    second: Indices
    cosines: NDArray[np.float32]
    is_whole: bool


def number_documents(owners: Sequence[str]) -> tuple[list[str], list[int]]:
    """Each different owner once, and the number of each one's owner among these."""
    sources = list(dict.fromkeys(owners))
    numbers = {source: number for number, source in enumerate(sources)}
    return sources, [numbers[source] for source in owners]


def find_pairs(
    vectors: Vectors, documents: Sequence[int], *, threshold: float = THRESHOLD, most: int = MOST_PAIRS
) -> Pairs:
    """Every pair of different documents at or above the threshold. 100,000 vectors: 10^10 cosines are not computed.

    By Cauchy and Schwarz a·b <= a'·b' + |a''||b''|, where ' are the directions of greatest weight and '' the rest: one
    product of a few dimensions shows which rows and columns of a block may hold a pair.
    """
    if not len(vectors):
        return Pairs(*no_pairs(), is_whole=True)
    units, whose = unit(vectors), np.asarray(documents)
    bounds = with_rests(units)
    kept: list[tuple[Indices, Indices, NDArray[np.float32]]] = [no_pairs()]
    least, is_whole = threshold, True
    for rows, columns in blocks(len(units)):
        kept.append(pairs_of_block(units, bounds, whose, (rows, columns), least))
        if sum(len(found[0]) for found in kept) > most:
            kept = [nearest_first(kept, most // 2)]
            least, is_whole = float(kept[0][2][-1]), False
    return Pairs(*nearest_first(kept, most), is_whole)


def with_rests(units: Vectors) -> Vectors:
    """The coordinates of greatest weight, and the length of all others together as one more."""
    _, directions = np.linalg.eigh(units.T @ units)
    heavy = units @ directions[:, ::-1][:, :BOUND_DIMENSIONS]
    rest = np.sqrt(np.maximum(1 - (heavy**2).sum(axis=1, keepdims=True), 0))
    return np.asarray(np.hstack([heavy, rest]), np.float32)


def blocks(number: int) -> Iterator[tuple[slice, slice]]:
    for row in range(0, number, BLOCK):
        for column in range(row, number, BLOCK):
            yield slice(row, row + BLOCK), slice(column, column + BLOCK)


def pairs_of_block(
    units: Vectors, bounds: Vectors, whose: Indices, block: tuple[slice, slice], least: float
) -> tuple[Indices, Indices, NDArray[np.float32]]:
    rows, columns = block
    possible = bounds[rows] @ bounds[columns].T >= least - 1e-4
    some_rows, some_columns = np.flatnonzero(possible.any(axis=1)), np.flatnonzero(possible.any(axis=0))
    first, second = some_rows + rows.start, some_columns + columns.start
    cosines = units[first] @ units[second].T
    wanted = (cosines >= least) & (whose[first, np.newaxis] != whose[second]) & (first[:, np.newaxis] < second)
    row, column = np.nonzero(wanted)
    return first[row], second[column], cosines[row, column]


def no_pairs() -> tuple[Indices, Indices, NDArray[np.float32]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def nearest_first(
    kept: Sequence[tuple[Indices, Indices, NDArray[np.float32]]], most: int
) -> tuple[Indices, Indices, NDArray[np.float32]]:
    first, second, cosines = (np.concatenate(column) for column in zip(*kept, strict=True))
    order = np.lexsort((second, first, -cosines))[:most]
    return first[order], second[order], cosines[order]


def group(pairs: Pairs) -> list[Group]:
    """Passages that hang together by pairs, one entry each: a heading in fifty documents is 1,225 pairs. Nearest first.

    Joined as in Kruskal's algorithm, by a forest of leaders.
    """
    leader: dict[int, int] = {}

    def lead(one: int) -> int:
        while (above := leader.setdefault(one, one)) != one:
            leader[one] = one = leader[above]
        return one

    nearest: dict[int, int] = {}
    for position, (first, second) in enumerate(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)):
        a, b = lead(first), lead(second)
        nearest[a] = min(nearest.get(a, position), nearest.get(b, position))
        leader[b] = a
    members: dict[int, list[int]] = defaultdict(list)
    for one in sorted(leader):
        members[lead(one)].append(one)
    groups = [
        Group(int(pairs.first[at]), int(pairs.second[at]), float(pairs.cosines[at]), tuple(members[leading]))
        for leading, at in nearest.items()
        if leading in members
    ]
    return sorted(groups, key=lambda one: (-one.cosine, one.first, one.second))


def same_documents(pairs: Pairs, documents: Sequence[int]) -> list[SameDocuments]:
    """Documents of which at least NEARLY_SAME of the shorter one is in the other, the most alike first."""
    shared: dict[tuple[int, int], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for one, other in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        a, b = sorted((one, other), key=lambda index: documents[index])
        passages = shared[documents[a], documents[b]]
        passages[0].add(a)
        passages[1].add(b)
    lengths = Counter(documents)
    found = [
        SameDocuments(first, second, share_of_shorter(first, second, passages, lengths))
        for (first, second), passages in shared.items()
    ]
    wanted = [pair for pair in found if pair.share >= NEARLY_SAME]
    return sorted(wanted, key=lambda pair: (-pair.share, pair.first, pair.second))


def share_of_shorter(first: int, second: int, passages: tuple[set[int], set[int]], lengths: Counter[int]) -> float:
    shorter = 0 if lengths[first] <= lengths[second] else 1
    return len(passages[shorter]) / lengths[(first, second)[shorter]]


@dataclass(frozen=True, slots=True)
class SimilarPassages:
    """The two nearest passages of a group of `members` that are nearly the same."""

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
    """The first of all `groups` and documents, the most alike first; `compared` of `total` passages were compared."""

    passages: tuple[SimilarPassages, ...]
    groups: int
    documents: tuple[SimilarDocuments, ...]
    compared: int
    total: int
    is_whole: bool


def find_near_duplicates(store: Store, most_compared: int = 100_000, most_shown: int = 100) -> NearDuplicates:
    """Compare the passages of different documents, a random sample where there are more than `most_compared`."""
    wanted, total = sample_ids(store, most_compared)
    ids, owners, vectors = read_owners(store, wanted)
    sources, documents = number_documents(owners)
    pairs = find_pairs(vectors, documents)
    groups = group(pairs)
    chunks = store.fetch([ids[index] for one in groups[:most_shown] for index in (one.first, one.second)])
    passages = tuple(
        SimilarPassages(chunks[ids[one.first]][0], chunks[ids[one.second]][0], one.cosine, len(one.members))
        for one in groups[:most_shown]
        if ids[one.first] in chunks and ids[one.second] in chunks
    )
    same = tuple(
        SimilarDocuments(sources[one.first], sources[one.second], one.share)
        for one in same_documents(pairs, documents)[:most_shown]
    )
    return NearDuplicates(passages, len(groups), same, len(ids), total, pairs.is_whole)
