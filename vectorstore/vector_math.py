"""Computes cosine similarities and unit vectors."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def cosine_similarities(vector: Vectors, vectors: Vectors) -> Vectors:
    """Cosines of one vector, shape (dimension,), with many, shape (n, dimension); 0 for a vector of length 0."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    products: Vectors = vectors @ vector
    cosines: Vectors = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines


def unit_vectors(vectors: Vectors) -> Vectors:
    """Each row of shape (n, dimension) at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units
