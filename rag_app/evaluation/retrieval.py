"""From a retriever and judged queries to nDCG, recall and reciprocal rank."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rag_app.evaluation.bootstrap import Figures, bootstrap_means
from rag_app.evaluation.datasets import RetrievalSet
from vectorstore.retriever import HybridRetriever

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


def rank_documents(retriever: HybridRetriever, query: str) -> list[str]:
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
    import ir_measures  # half a second, and only for evaluation

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
