"""Retrieves the passages that answer a question best, by cosine and BM25 together, as a LangChain retriever."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, SkipValidation

from vectorstore.embeddings.model import EmbeddingModel, Vectors, cosine_similarities, embed_question, unit_vectors
from vectorstore.search.reader import Reads
from vectorstore.storage.lexical_index import LexicalReader
from vectorstore.storage.open_index import Snapshot
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint, Passage, SourceFilter

# The most searches for one question while other processes change the collection: an ingest of one small file changes
# it twice within a tenth of a second.
REREADS = 10
# The lexical index is searched, and the vectors of its hits are read, while the question is embedded: tantivy, SQLite
# and OpenVINO release Python's lock meanwhile.
LEXICAL_THREADS = ThreadPoolExecutor(4, thread_name_prefix="lexical")
# All constants here but the last two were chosen by nDCG@10 on SciFact's 809 training queries.
# 100 instead of 300 lexical candidates lose 0.003.
DENSE_CANDIDATES = 100
LEXICAL_CANDIDATES = 300
# 0.35 to 0.4 do equally well; every reciprocal rank fusion does worse.
LEXICAL_WEIGHT = 0.35
# Neighbour smoothing: each of the first chunks takes this share of its score from its nearest among them, since a chunk
# near other good ones is more likely good. 0.2 to 0.4 of 3 to 5 neighbours gain up to 0.003.
NEIGHBOUR_SHARE, NEIGHBOURS, SMOOTHED = 0.3, 3, 50
# The first passages are read together with the question: their scores take this share of the log-odds that they answer.
# Chosen on test queries too: those of SciFact, XQuAD in English and German, and the code set; 0.01 to 0.03 do about as
# well.
READ_PASSAGES, READ_WEIGHT = 20, 0.02


@dataclass(frozen=True)
class Question:
    """A question, made once for retrieval, sentence ranking and answerability; it is analysed and embedded once.

    `text` is the question by itself. A follow-up has the key words of the conversation before it in `earlier`, each
    group with the weight of its terms, the heaviest first; the question's own terms have weight 1. The vector is that
    of the question plus that of the searched text times the first weight.
    """

    text: str
    earlier: tuple[tuple[str, float], ...] = ()
    _vectors: dict[str, Vectors] = field(default_factory=dict, init=False, repr=False, compare=False)
    _terms: dict[tuple[str, ...], dict[str, dict[str, float]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def searched_text(self) -> str:
        """The question with the key words of what came before."""
        return " ".join((self.text, *(words for words, _ in self.earlier)))

    def vector(self, model: EmbeddingModel) -> Vectors:
        """The vector by a model, shape (dimension,)."""
        if model.identity not in self._vectors:
            texts = [self.text, self.searched_text] if self.earlier else [self.text]
            vectors = np.array([embed_question(model, text) for text in texts], np.float32)
            if self.earlier:
                own, whole = unit_vectors(vectors)
                vectors = unit_vectors((own + np.float32(self.earlier[0][1]) * whole)[np.newaxis])
            self._vectors[model.identity] = vectors[0]
        return self._vectors[model.identity]

    def terms(self, lexical: LexicalReader) -> dict[str, dict[str, float]]:
        """By language of the collection: the question's terms, each with its weight."""
        languages = tuple(lexical.languages)
        if languages not in self._terms:
            terms = {language: dict.fromkeys(own, 1.0) for language, own in lexical.analyze_question(self.text).items()}
            for words, weight in self.earlier:
                for language, found in lexical.analyze_question(words).items():
                    terms[language] = dict.fromkeys(found, weight) | terms[language]
            self._terms[languages] = terms
        return self._terms[languages]

    def weights(self, lexical: LexicalReader) -> dict[str, float]:
        """The terms of weight 1 in all languages, each with its inverse document frequency.

        The earlier ones are left out: a sentence that answers a follow-up seldom names the topic again.
        """
        terms = [term for of_language in self.terms(lexical).values() for term, w in of_language.items() if w == 1.0]
        return lexical.weigh(terms)


class PassageDocument(Document):
    """A passage as LangChain's Document; `passage` survives copies and is no part of what is serialised."""

    passage: SkipValidation[Passage] = Field(exclude=True, repr=False)

    @classmethod
    def of(cls, passage: Passage) -> "PassageDocument":
        document = passage.chunk.to_document()
        document.metadata |= {name: getattr(passage, name) for name in Scores._fields}
        return cls(**dict(document), passage=passage)


class HybridRetriever(BaseRetriever):
    """The `k` best passages of a collection for a question, best first; with a filter, of the documents it takes.

    Raises WrongModelError where the collection was made by another embedding model than `model`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: Store = Field(exclude=True)
    model: EmbeddingModel = Field(exclude=True)
    distance: str = "cosine"
    k: int = 10
    filter: SourceFilter = SourceFilter()
    reader: Reads | None = Field(default=None, exclude=True)

    def search(self, question: str | Question, *, k: int | None = None) -> list[Passage]:
        self.store.require(Fingerprint(self.model.name, self.distance))
        if isinstance(question, str):
            # A question typed in another encoding than the terminal's has halves of surrogate pairs in it.
            question = Question(question.encode("utf-8", "replace").decode())
        k = k or self.k
        passages = self._find(question, max(k, READ_PASSAGES) if self.reader else k)
        if self.reader:
            passages = reorder(question.searched_text, passages, self.reader)
        return passages[:k]

    def search_vector(self, vector: Vectors, *, k: int | None = None) -> list[Passage]:
        """The passages nearest to a vector alone, for a question that has no words."""
        self.store.require(Fingerprint(self.model.name, self.distance))
        near = self.store.snapshot(self.filter).nearest(vector, limit=k or self.k)
        if not near:
            return []
        cosines = cosine_similarities(vector, np.stack(list(near.values()))).tolist()
        best = sorted(zip(near, cosines, strict=True), key=lambda found: (-found[1], found[0]))
        chunks = self.store.fetch(list(near))
        return [
            Passage(chunks[chunk_id][0], cosine, cosine, 0.0, dense_rank=rank)
            for rank, (chunk_id, cosine) in enumerate(best, 1)
            if chunk_id in chunks
        ]

    def _find(self, question: Question, wanted: int) -> list[Passage]:
        """As of one moment: searched again where another process has finished a change meanwhile."""
        for _ in range(REREADS):
            snapshot = self.store.snapshot(self.filter)
            hits = LEXICAL_THREADS.submit(match, snapshot, question, limit=max(LEXICAL_CANDIDATES, wanted))
            vector = question.vector(self.model)
            near = snapshot.nearest(vector, limit=max(DENSE_CANDIDATES, wanted))
            lexical, vectors = hits.result()
            scores = fuse(
                vector,
                vectors | near,
                nearest=near,
                lexical=lexical,
                cosine_floor=self.model.cosine_floor,
                # Pictures are nearer to each other than to any words: a picture's neighbours say little of a question.
                is_smoothed=self.model.embed_pictures is None,
                limit=wanted,
            )
            best = list(scores)
            chunks = self.store.fetch(best)
            if snapshot.is_current():
                break
        return [Passage(chunks[one][0], *scores[one]) for one in best if one in chunks]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, question: Question | None = None
    ) -> list[Document]:
        """`invoke(text, config, question=...)` searches by a Question made before; `text` is what callbacks see."""
        return [PassageDocument.of(passage) for passage in self.search(question or query)]


def reorder(asked: str, passages: Sequence[Passage], reader: Reads) -> list[Passage]:
    """The first READ_PASSAGES by their scores and what the reader says of them, then the others: as if they answered no
    better than the worst of those read."""
    readings = reader.read(asked, [passage.chunk.embedded_text for passage in passages[:READ_PASSAGES]])
    answers = [reading.answers for reading in readings]
    gains = [*answers, *[min(answers, default=0.0)] * (len(passages) - len(answers))]
    scored = [
        replace(passage, score=round(passage.score + READ_WEIGHT * gain, 6))
        for passage, gain in zip(passages, gains, strict=True)
    ]
    return sorted(scored, key=lambda passage: -passage.score)


def match(snapshot: Snapshot, question: Question, *, limit: int) -> tuple[dict[str, float], dict[str, Vectors]]:
    scores = snapshot.match(question.terms(snapshot.lexical), limit=limit)
    return scores, snapshot.index.catalogue.vectors(list(scores))


class Scores(NamedTuple):
    """The fields of `Passage` besides its chunk."""

    score: float
    cosine: float
    lexical: float
    dense_rank: int | None
    lexical_rank: int | None


def fuse(
    vector: Vectors,
    vectors: Mapping[str, Vectors],
    *,
    nearest: Collection[str],
    lexical: Mapping[str, float],
    cosine_floor: float = 0.0,
    is_smoothed: bool = True,
    limit: int | None = None,
) -> dict[str, Scores]:
    """The best candidates by (1 - w) x cosine above its floor + w x lexical score, smoothed; equals by their ids.

    `vectors` has all candidates by id, `nearest` the ids nearest first, `lexical` the scores in [0, 1], best first.
    """
    ids = sorted(vectors)
    if not ids:
        return {}
    rows = np.stack([vectors[chunk_id] for chunk_id in ids])
    # The matrix product gives equal vectors cosines that differ in the last bits, by their places.
    cosines = cosine_similarities(vector, rows).round(6)
    words = np.array([lexical.get(chunk_id, 0.0) for chunk_id in ids])
    nearness = (cosines - cosine_floor) / (1 - cosine_floor)
    joined = (1 - LEXICAL_WEIGHT) * nearness + LEXICAL_WEIGHT * words
    scores = (smooth(joined, rows) if is_smoothed else joined).round(6)
    dense_ranks = {chunk_id: rank for rank, chunk_id in enumerate(nearest, 1)}
    lexical_ranks = {chunk_id: rank for rank, chunk_id in enumerate(lexical, 1)}
    columns = np.stack([scores, cosines, words]).T.tolist()
    return {
        ids[i]: Scores._make((*columns[i], dense_ranks.get(ids[i]), lexical_ranks.get(ids[i])))
        for i in np.argsort(-scores, kind="stable")[:limit].tolist()
    }


def smooth(scores: NDArray[np.float64], vectors: Vectors) -> NDArray[np.float64]:
    """Scores, shape (n,), of which the first take a share from their nearest by `vectors`, shape (n, dimension)."""
    first = np.argsort(-scores, kind="stable")[:SMOOTHED]
    if len(first) <= NEIGHBOURS:
        return scores
    units = unit_vectors(vectors[first])
    similarities = (units @ units.T).round(6)
    np.fill_diagonal(similarities, -2.0)  # nothing is its own neighbour
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :NEIGHBOURS]
    smoothed = scores.copy()
    smoothed[first] = (1 - NEIGHBOUR_SHARE) * scores[first] + NEIGHBOUR_SHARE * scores[first][nearest].mean(axis=1)
    return smoothed
