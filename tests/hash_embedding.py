"""An embedding by hashed words, for tests of laws that hold whatever the model: instant, and the same everywhere."""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings

from vectorstore.embeddings import EmbeddingModel

DIMENSION, MAX_TOKENS = 64, 254
WORD = re.compile(r"\w+|[^\w\s]")


class HashEmbeddings(Embeddings):
    """Texts that share words have near vectors, of unit length."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = np.full(DIMENSION, 0.01)
        for word in WORD.findall(text.lower()):
            vector[zlib.crc32(word.encode()) % DIMENSION] += 1
        unit: list[float] = (vector / np.linalg.norm(vector)).tolist()
        return unit


def count_words(texts: Sequence[str]) -> list[int]:
    """Words and marks; a module's function, so that reader processes can have it."""
    return [len(WORD.findall(text)) for text in texts]


def hash_model() -> EmbeddingModel:
    return EmbeddingModel("hash", HashEmbeddings(), MAX_TOKENS, count_words)
