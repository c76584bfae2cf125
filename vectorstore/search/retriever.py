"""From a question to the passages that answer it best: cosine and BM25 joined, as one LangChain retriever."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, PrivateAttr

from vectorstore.embeddings.model import EmbeddingModel, embed_question
from vectorstore.filters import SourceFilter
from vectorstore.search.filtered_search import MOST_ASKED, Scope
from vectorstore.search.fusion import DENSE_CANDIDATES, LEXICAL_CANDIDATES, Candidates, fuse
from vectorstore.search.reranker import READ_PASSAGES, Reranker
from vectorstore.storage.store import REREADS, Store
from vectorstore.types import Fingerprint, Passage
from vectorstore.vector_math import cosine_similarities

# Words are looked up while the question is embedded, and the vectors of the chunks that have them read: tantivy, SQLite
# and OpenVINO free Python's lock meanwhile.
BESIDE = ThreadPoolExecutor(4, thread_name_prefix="lexical")

Vectors = NDArray[np.float32]


class HybridRetriever(BaseRetriever):
    """The `k` best passages of a collection for a question, best first; with a filter, of the documents it takes.

    Raises WrongModelError where the collection was made by another embedding model than `model`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: Store = Field(exclude=True)
    model: EmbeddingModel = Field(exclude=True)
    distance: str = "cosine"
    k: int = 6
    filter: SourceFilter = SourceFilter()
    reranker: Reranker | None = Field(default=None, exclude=True)
    _scope: tuple[int, Scope] | None = PrivateAttr(default=None)

    def search(self, question: str, *, k: int | None = None) -> list[Passage]:
        self.store.require(Fingerprint(self.model.name, self.distance))
        # A question typed in another encoding than the terminal's has halves of surrogate pairs in it.
        question, k = question.encode("utf-8", "replace").decode(), k or self.k
        wanted = max(k, READ_PASSAGES) if self.reranker else k
        passages = self._find(question, wanted)
        if self.reranker:
            passages = self.reranker.rerank(question, passages)
        return passages[:k]

    def search_vector(self, vector: Vectors, *, k: int | None = None) -> list[Passage]:
        """The passages nearest to a vector alone, for what has no words."""
        self.store.require(Fingerprint(self.model.name, self.distance))
        hidden, limit = self.store.catalogue.hidden_ids(), k or self.k
        room = min(len(self.store.catalogue.removed_ids()), MOST_ASKED)
        near = self._scope_of(self.store.catalogue.generation()).nearest(vector, limit=limit + room)
        near = {chunk_id: found for chunk_id, found in near.items() if chunk_id not in hidden}
        if not near:
            return []
        cosines = {
            chunk_id: float(cosine_similarities(vector, found[np.newaxis])[0]) for chunk_id, found in near.items()
        }
        chunks = self.store.fetch(sorted(cosines, key=lambda chunk_id: (-cosines[chunk_id], chunk_id))[:limit])
        return [
            Passage(chunk, cosines[chunk_id], cosines[chunk_id], 0.0, dense_rank=rank)
            for rank, (chunk_id, (chunk, _)) in enumerate(chunks.items(), 1)
        ]

    def _find(self, question: str, wanted: int) -> list[Passage]:
        """As of one moment: read again where another process has finished a change meanwhile."""
        vector: Vectors | None = None
        for _ in range(REREADS):
            generation = self.store.catalogue.generation()
            scope = self._scope_of(generation)
            # There must be room beside what is hidden, however near it is.
            room = min(len(self.store.catalogue.removed_ids()), MOST_ASKED)
            words = BESIDE.submit(self._match, scope, question, max(LEXICAL_CANDIDATES, wanted) + room)
            if vector is None:
                vector = np.asarray(embed_question(self.model, question), dtype=np.float32)
            near = scope.nearest(vector, limit=max(DENSE_CANDIDATES, wanted) + room)
            # Pictures are nearer to each other than to any words: what lies beside one says little of a question.
            smoothed = self.model.embed_pictures is None
            ranked = fuse(self._candidates(vector, near, *words.result()), limit=wanted, is_smoothed=smoothed)
            chunks = self.store.fetch([one.id for one in ranked])
            if generation == self.store.catalogue.generation():
                break
        return [
            Passage(chunks[one.id][0], one.score, one.cosine, one.lexical, one.dense_rank, one.lexical_rank)
            for one in ranked
            if one.id in chunks
        ]

    def _match(self, scope: Scope, question: str, limit: int) -> tuple[dict[str, float], dict[str, Vectors]]:
        lexical = scope.match(question, limit=limit)
        return lexical, self.store.vectors(list(lexical))

    def _candidates(
        self, vector: Vectors, near: dict[str, Vectors], lexical: dict[str, float], read: dict[str, Vectors]
    ) -> Candidates:
        # What is being written is in the indexes before it may be found, and what was removed after.
        hidden = self.store.catalogue.hidden_ids()
        vectors = {chunk_id: found for chunk_id, found in (near | read).items() if chunk_id not in hidden}
        nearest = [chunk_id for chunk_id in near if chunk_id not in hidden]
        lexical = {chunk_id: score for chunk_id, score in lexical.items() if chunk_id not in hidden}
        return Candidates(vector, vectors, nearest, lexical, self.model.cosine_floor)

    def _scope_of(self, generation: int) -> Scope:
        """The documents that the filter takes; looked up once for each state of the collection."""
        if self._scope is None or self._scope[0] != generation:
            self._scope = generation, Scope.of(self.store, self.filter)
        return self._scope[1]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [passage.to_document() for passage in self.search(query)]
