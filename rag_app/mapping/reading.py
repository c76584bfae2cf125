"""From an open collection to its chunks and vectors, read in batches, a fair sample where there are too many."""

from collections.abc import Iterator, Sequence

import numpy as np

from rag_app.mapping.spaces import Vectors
from vectorstore.store import Store
from vectorstore.types import Chunk

BATCH = 1_000


def sample_ids(store: Store, most: int) -> tuple[list[str], int]:
    """Up to so many of the findable chunks' ids, and how many there are.

    Ids are hashes: the first by order are a fair sample, in an order that means nothing, and mostly the same after a
    change.
    """
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.unsettled_ids())
    return ids[:most], len(ids)


def read_batches(store: Store, ids: Sequence[str]) -> Iterator[tuple[list[Chunk], Vectors]]:
    """Those that are still there, in order."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = store.fetch(batch)
        there = [found[chunk_id] for chunk_id in batch if chunk_id in found]
        if there:
            yield [chunk for chunk, _ in there], np.stack([vector for _, vector in there])
