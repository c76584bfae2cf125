"""From the vectors of questions and chunks to the documents nearest to each question, by an exact search."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag_app.mapping.spaces import unit

Vectors = NDArray[np.float32]
# Questions looked up at once: with 200,000 chunks their scores take 50 MB.
BLOCK = 64


def by_cosine(questions: Vectors, chunks: Vectors) -> Vectors:
    return by_dot(unit(questions), unit(chunks))


def by_dot(questions: Vectors, chunks: Vectors) -> Vectors:
    scores: Vectors = questions @ chunks.T
    return scores


def by_euclid(questions: Vectors, chunks: Vectors) -> Vectors:
    """The squared distance with its sign turned, less the question's own length, which changes no order."""
    scores: Vectors = 2 * (questions @ chunks.T) - np.einsum("ij,ij->i", chunks, chunks)
    return scores


# Each gives scores of shape (questions, chunks), the nearest the highest. All three give one order to unit vectors.
DISTANCES: dict[str, Callable[[Vectors, Vectors], Vectors]] = {
    "cosine": by_cosine,
    "dot": by_dot,
    "euclidean": by_euclid,
}


def rank_exactly(
    questions: Vectors, chunks: Vectors, owners: Sequence[str], *, distance: str, limit: int
) -> Iterator[list[str]]:
    """For each question the `limit` nearest documents, each by its best chunk; `owners` has the document of each chunk.

    `questions` has shape (questions, dimension), `chunks` (chunks, dimension).
    """
    names, numbers = np.unique(np.asarray(owners, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    grouped, starts = chunks[order], np.searchsorted(numbers[order], np.arange(len(names)))
    for start in range(0, len(questions), BLOCK):
        scores = DISTANCES[distance](questions[start : start + BLOCK], grouped)
        best = np.maximum.reduceat(scores, starts, axis=1)
        for row in np.argsort(-best, axis=1, kind="stable")[:, :limit]:
            yield names[row].tolist()
