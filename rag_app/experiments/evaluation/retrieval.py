"""From a retriever and judged queries to nDCG, recall and reciprocal rank."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rag_app.experiments.evaluation.datasets import RetrievalSet
from rag_app.experiments.evaluation.intervals import Figures, bootstrap_means
from rag_app.library.map.layout import unit
from vectorstore.search.question import Question
from vectorstore.search.retriever import HybridRetriever
from vectorstore.vector_math import Vectors

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


MEASURES = {
    "ndcg@10": "nDCG@10",
    "recall@5": "R@5",
    "recall@10": "R@10",
    "recall@20": "R@20",
    "recall@100": "R@100",
    "mrr@10": "RR@10",
}
RANKED_DOCUMENTS = 100
FIRST_PASSAGES = 200


def rank_documents(retriever: HybridRetriever, query: str | Question) -> list[str]:
    """The first hundred documents, each by its best chunk; as many passages are fetched as that takes."""
    count = FIRST_PASSAGES
    while True:
        passages = retriever.search(query, k=count)
        documents = list(dict.fromkeys(passage.chunk.source for passage in passages))
        if len(documents) >= RANKED_DOCUMENTS or len(passages) < count:
            return documents[:RANKED_DOCUMENTS]
        count *= 2


def rank_all(retriever: HybridRetriever, dataset: RetrievalSet) -> Iterable[tuple[str, list[str]]]:
    for query_id, text in dataset.queries.items():
        yield query_id, rank_documents(retriever, text)


def measure(rankings: Mapping[str, Sequence[str]], judgments: Mapping[str, Mapping[str, int]]) -> Figures:
    """The means of MEASURES over the judged queries, and their intervals."""
    return bootstrap_means(measure_each(rankings, judgments))


def measure_each(
    rankings: Mapping[str, Sequence[str]], judgments: Mapping[str, Mapping[str, int]]
) -> dict[str, list[float]]:
    """MEASURES of each judged query, in their order, by ir-measures; a query without results counts as 0."""
    import ir_measures

    names = {ir_measures.parse_measure(spelt): name for name, spelt in MEASURES.items()}
    scores = {
        query_id: {document: float(-rank) for rank, document in enumerate(ranked)}
        for query_id, ranked in rankings.items()
    }
    values = {name: dict.fromkeys(judgments, 0.0) for name in MEASURES}
    for result in ir_measures.iter_calc(list(names), judgments, scores):
        values[names[result.measure]][result.query_id] = result.value
    return {name: list(by_query.values()) for name, by_query in values.items()}


def details(rankings: Mapping[str, Sequence[str]]) -> Iterable[dict[str, Any]]:
    return ({"id": query_id, "ranked": list(ranked)} for query_id, ranked in rankings.items())
