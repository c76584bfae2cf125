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
