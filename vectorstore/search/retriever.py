"""Retrieves the passages that answer a question best, by cosine and BM25 together, as a LangChain retriever."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field, PrivateAttr, SkipValidation

from vectorstore.embeddings.model import EmbeddingModel
from vectorstore.filters import SourceFilter
from vectorstore.search.filtered_search import MOST_ASKED, Scope
from vectorstore.search.fusion import DENSE_CANDIDATES, LEXICAL_CANDIDATES, Candidates, fuse
from vectorstore.search.question import Question
from vectorstore.search.reranker import READ_PASSAGES, Reranker
from vectorstore.storage.open_index import Snapshot
from vectorstore.storage.store import REREADS, Store
from vectorstore.types import Fingerprint, Passage
from vectorstore.vector_math import Vectors, cosine_similarities

# The lexical index is searched, and the vectors of its hits are read, while the question is embedded: tantivy, SQLite
# and OpenVINO release Python's lock meanwhile.
LEXICAL_THREADS = ThreadPoolExecutor(4, thread_name_prefix="lexical")


class PassageDocument(Document):
    """A passage as LangChain's Document; `passage` survives copies and is no part of what is serialised."""

    passage: SkipValidation[Passage] = Field(exclude=True, repr=False)

    @classmethod
    def of(cls, passage: Passage) -> "PassageDocument":
        document = passage.chunk.to_document()
        names = ("score", "cosine", "lexical", "dense_rank", "lexical_rank")
        scores = {name: getattr(passage, name) for name in names}
        return cls(
            id=document.id,
            page_content=document.page_content,
            metadata=document.metadata | scores,
            passage=passage,
        )


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

    def search(self, question: str | Question, *, k: int | None = None) -> list[Passage]:
        self.store.require(Fingerprint(self.model.name, self.distance))
        if isinstance(question, str):
            # A question typed in another encoding than the terminal's has halves of surrogate pairs in it.
            question = Question(question.encode("utf-8", "replace").decode())
        k = k or self.k
        passages = self._find(question, max(k, READ_PASSAGES) if self.reranker else k)
        if self.reranker:
            passages = self.reranker.rerank(question.searched_text, passages)
        return passages[:k]

    def search_vector(self, vector: Vectors, *, k: int | None = None) -> list[Passage]:
        """The passages nearest to a vector alone, for what has no words."""
        self.store.require(Fingerprint(self.model.name, self.distance))
        snapshot, limit = self.store.snapshot(self.filter), k or self.k
        near = self._scope_of(snapshot).nearest(vector, limit=limit + min(snapshot.removed, MOST_ASKED))
        hidden = snapshot.hidden
        near = {chunk_id: found for chunk_id, found in near.items() if chunk_id not in hidden}
        if not near:
            return []
        cosines = {
            chunk_id: float(cosine_similarities(vector, found[np.newaxis])[0]) for chunk_id, found in near.items()
        }
        chunks = snapshot.chunks(sorted(cosines, key=lambda chunk_id: (-cosines[chunk_id], chunk_id))[:limit])
        return [
            Passage(chunk, cosines[chunk_id], cosines[chunk_id], 0.0, dense_rank=rank)
            for rank, (chunk_id, chunk) in enumerate(chunks.items(), 1)
        ]

    def _find(self, question: Question, wanted: int) -> list[Passage]:
        """As of one moment: searched again where another process has finished a change meanwhile."""
        for _ in range(REREADS):
            snapshot = self.store.snapshot(self.filter)
            # There must be room beside what is hidden, however near it is.
            room = min(snapshot.removed, MOST_ASKED)
            hits = LEXICAL_THREADS.submit(self._match, snapshot, question, max(LEXICAL_CANDIDATES, wanted) + room)
            near = self._scope_of(snapshot).nearest(
                question.vector(self.model), limit=max(DENSE_CANDIDATES, wanted) + room
            )
            # Pictures are nearer to each other than to any words: a picture's neighbours say little of a question.
            smoothed = self.model.embed_pictures is None
            found = self._candidates(question, snapshot, near, *hits.result())
            ranked = fuse(found, limit=wanted, is_smoothed=smoothed)
            chunks = snapshot.chunks([one.id for one in ranked])
            if snapshot.is_current():
                break
        return [
            Passage(chunks[one.id], one.score, one.cosine, one.lexical, one.dense_rank, one.lexical_rank)
            for one in ranked
            if one.id in chunks
        ]

    def _match(self, snapshot: Snapshot, question: Question, limit: int) -> tuple[dict[str, float], dict[str, Vectors]]:
        scores = snapshot.match(question.terms(snapshot.lexical), limit=limit)
        return scores, snapshot.vectors(list(scores))

    def _candidates(
        self,
        question: Question,
        snapshot: Snapshot,
        near: dict[str, Vectors],
        lexical: dict[str, float],
        read: dict[str, Vectors],
    ) -> Candidates:
        # What is being written is in the indexes before it may be found, and what was removed after.
        hidden = snapshot.hidden
        vectors = {chunk_id: found for chunk_id, found in (near | read).items() if chunk_id not in hidden}
        nearest = [chunk_id for chunk_id in near if chunk_id not in hidden]
        lexical = {chunk_id: score for chunk_id, score in lexical.items() if chunk_id not in hidden}
        return Candidates(question.vector(self.model), vectors, nearest, lexical, self.model.cosine_floor)

    def _scope_of(self, snapshot: Snapshot) -> Scope:
        """The documents that the filter takes; looked up once a generation."""
        if self._scope is None or self._scope[0] != snapshot.generation:
            self._scope = snapshot.generation, Scope(self.store, snapshot.sources)
        return self._scope[1]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, question: Question | None = None
    ) -> list[Document]:
        """`invoke(text, config, question=...)` searches by a Question made before; `text` is what callbacks see."""
        return [PassageDocument.of(passage) for passage in self.search(question or query)]
