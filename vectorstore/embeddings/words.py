"""A text to its words, as models of word vectors are asked for them, and a mean of word vectors."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\w+|[^\w\s]")
# A mean of word vectors has no window; this bounds only how large a chunk may be asked for.
NO_WINDOW = 100_000


def find_words(text: str) -> list[str]:
    """Words in order, those with a hyphen or an apostrophe whole."""
    return WORD.findall(text)


def split_word(word: str) -> list[str]:
    """`well-known` to its two parts."""
    return PART.findall(word)


def count_words(texts: Sequence[str]) -> list[int]:
    """Words and marks of each text; near enough where nothing is ever cut off."""
    return [sum(1 for _ in TOKEN.finditer(text)) for text in texts]


def mean_vector(vectors: Iterable[Vectors], *, dimension: int) -> Vectors:
    """The mean at unit length; the zero vector where there is none, or where they cancel each other out."""
    total = np.zeros(dimension, dtype=np.float64)
    for vector in vectors:
        total += vector
    length = float(np.linalg.norm(total))
    return (total / length if length > 0 else total).astype(np.float32)
