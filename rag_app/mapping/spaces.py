"""What every step does to vectors first: unit length, and the directions in which they differ most."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
# Below this the vectors are one and the same but for rounding.
LEAST_SPREAD = 1e-5


def unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def principal(vectors: Vectors, dimensions: int) -> Vectors:
    """Shape (vectors, dimensions): the coordinates by PCA, those of greatest spread first; zeros where there are fewer.

    The sign of each direction is fixed, so that the same collection is never mirrored.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :dimensions]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    found = centred @ (directions * np.sign(largest))
    return np.pad(found, ((0, 0), (0, dimensions - found.shape[1]))).astype(np.float32)


def are_alike(vectors: Vectors) -> bool:
    return len(vectors) < 2 or float(np.ptp(vectors, axis=0).max()) < LEAST_SPREAD
