"""Chunks with made-up vectors, for collections larger than a model could embed in a test: in clusters, as texts are."""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.vectorstore.texts import source_of
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint

CLUSTERS, DIMENSION = 500, 384
MADE_UP = Fingerprint("made-up", "cosine")


def clustered(texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector of unit length for each text, the same in every process."""
    vectors = np.array([vector_of(text) for text in texts], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def vector_of(text: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    generator = np.random.default_rng(seed)
    centre: NDArray[np.float64] = centres()[seed % CLUSTERS]
    return centre + 0.7 * generator.standard_normal(DIMENSION)


@cache
def centres() -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal((CLUSTERS, DIMENSION))


def store_clustered(store: Store, source: str, *, chunks: int, version: int = 0) -> list[str]:
    """Put a document of so many chunks into a collection, or another version of it; the ids of the chunks."""
    item = source_of(source, [f"row {n} of {source}, version {version}" for n in range(chunks)])
    with store.writing(MADE_UP):
        store.replace([item], [(item.chunks, clustered([chunk.text for chunk in item.chunks]))])
    return [chunk.id for chunk in item.chunks]
