"""From a question to the passages that answer it best: cosine and BM25, half and half, as one LangChain retriever."""

from collections.abc import Mapping

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from vectorstore.embeddings.model import EmbeddingModel, embed_question
from vectorstore.fingerprint import Fingerprint
from vectorstore.store import REREADS, Store
from vectorstore.types import Chunk, Passage

# Of each kind so many are looked at; beyond the first hundred neither list adds to the first ten (BEIR SciFact,
# training queries).
DENSE_CANDIDATES = 100
LEXICAL_CANDIDATES = 300
# Half and half: chosen on SciFact's training queries, where it beat every reciprocal rank fusion.
LEXICAL_WEIGHT = 0.5

Vectors = NDArray[np.float32]


class HybridRetriever(BaseRetriever):
    """The `k` best passages of a collection for a question, best first.

    Raises WrongModelError where the collection was made by another embedding model than `model`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: Store = Field(exclude=True)
    model: EmbeddingModel = Field(exclude=True)
    distance: str = "cosine"
    k: int = 6

    def search(self, question: str, *, k: int | None = None) -> list[Passage]:
        self.store.require(Fingerprint(self.model.name, self.distance))
        # A question typed in another encoding than the terminal's has halves of surrogate pairs in it.
        question = question.encode("utf-8", "replace").decode()
        vector = np.asarray(embed_question(self.model, question), dtype=np.float32)
        return self._find(question, vector)[: k or self.k]

    def _find(self, question: str, vector: Vectors) -> list[Passage]:
        """As of one moment: read again where another process has finished a change meanwhile."""
        for _ in range(REREADS):
            generation = self.store.catalogue.generation()
            found = self.store.nearest(vector, limit=DENSE_CANDIDATES)
            lexical = self.store.lexical.match(question, limit=LEXICAL_CANDIDATES)
            found |= self.store.fetch([chunk_id for chunk_id in lexical if chunk_id not in found])
            # What is being written is in the indexes before it may be found, and what was removed after.
            for chunk_id in self.store.catalogue.unsettled_ids():
                found.pop(chunk_id, None)
            if generation == self.store.catalogue.generation():
                break
        return fuse(vector, found, lexical)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [passage.to_document() for passage in self.search(query)]


def fuse(
    vector: Vectors,
    found: Mapping[str, tuple[Chunk, Vectors]],
    lexical: Mapping[str, float],
) -> list[Passage]:
    """Passages by (1 - w) × cosine + w × lexical score; equal scores stand in the order of their ids."""
    ids = sorted(found)
    if not ids:
        return []
    # The matrix product gives equal vectors cosines that differ in the last bits, by where they stand.
    cosines = cosine_similarities(vector, np.stack([found[chunk_id][1] for chunk_id in ids])).round(6)
    passages = []
    for chunk_id, cosine in zip(ids, cosines.tolist(), strict=True):
        words = lexical.get(chunk_id, 0.0)
        score = (1 - LEXICAL_WEIGHT) * cosine + LEXICAL_WEIGHT * words
        passages.append(Passage(found[chunk_id][0], score, cosine, words))
    return sorted(passages, key=lambda passage: -passage.score)


def cosine_similarities(vector: Vectors, vectors: Vectors) -> Vectors:
    """Cosines of one vector, shape (dimension,), with many, shape (n, dimension); 0 for a vector of length 0."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    products: Vectors = vectors @ vector
    cosines: Vectors = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines
