"""Vectors around chosen middles, as those of texts about chosen subjects are."""

import numpy as np

from vectorstore.embeddings import Vectors, unit_vectors

DIMENSION = 64


def around(middles: int, each: int, *, spread: float = 0.05) -> tuple[Vectors, list[int]]:
    """So many vectors around each of the middles, in turn, and which middle each one is of."""
    generator = np.random.default_rng(7)
    centres = unit_vectors(generator.standard_normal((middles, DIMENSION)).astype(np.float32))
    labels = [number % middles for number in range(middles * each)]
    noise = spread * generator.standard_normal((len(labels), DIMENSION))
    return unit_vectors((centres[labels] + noise).astype(np.float32)), labels
