"""How many chunks are embedded and written at a time, and the space that they take."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vectorstore.types import Chunk

# Bounds the memory that one large source takes.
SLICE_CHUNKS = 1024


def slices_of(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    for start in range(0, len(chunks), SLICE_CHUNKS):
        yield chunks[start : start + SLICE_CHUNKS]


def estimate_bytes(chunks: Sequence[Chunk], vectors: NDArray[np.float32]) -> int:
    """An upper bound of what chunks take on disk, their way through Chroma's log and tables included.

    Measured at 384 numbers a vector: 7 to 12 kB a chunk.
    """
    return len(chunks) * (10_000 + 20 * int(vectors.shape[1]))
