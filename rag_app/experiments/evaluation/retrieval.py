"""Measures a retriever by judged queries (nDCG, recall, reciprocal rank) and by the marked characters that it shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.experiments.evaluation.datasets import ChunkQuestion, RetrievalSet
from rag_app.experiments.evaluation.intervals import Figures, bootstrap_means
from vectorstore.embeddings import Vectors, unit_vectors
from vectorstore.search.question import Question
from vectorstore.search.retriever import HybridRetriever
from vectorstore.types import Passage

# Questions looked up at once: with 200,000 chunks their scores take 50 MB.
BLOCK = 64


# All three give one order to unit vectors.
DISTANCES = ("cosine", "dot", "euclidean")


def score_by(distance: str, questions: Vectors, chunks: Vectors) -> Vectors:
    """Scores of shape (questions, chunks), the nearest the highest; of Euclidean distance, 2qc - c², which gives its
    order."""
    if distance == "cosine":
        questions, chunks = unit_vectors(questions), unit_vectors(chunks)
    scores: Vectors = questions @ chunks.T
    return 2 * scores - np.einsum("ij,ij->i", chunks, chunks) if distance == "euclidean" else scores


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
        scores = score_by(distance, questions[start : start + BLOCK], grouped)
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


PASSAGES = 5
CHUNK_MEASURES = ("recall@5", "precision@5", "iou@5")
Span = tuple[int, int]


def measure_chunks(retriever: HybridRetriever, questions: Sequence[ChunkQuestion]) -> Figures:
    """The means over the questions, by the five best passages of each, and their intervals.

    The measures are those of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), over
    characters instead of tokens: gold and found characters of a question are compared as sets, except that a character
    found twice counts twice in what was found.
    """
    scores = [score_passages(question, retriever.search(question.text, k=PASSAGES)) for question in questions]
    return bootstrap_means({name: [one[i] for one in scores] for i, name in enumerate(CHUNK_MEASURES)})


def score_passages(question: ChunkQuestion, passages: Sequence[Passage]) -> tuple[float, float, float]:
    gold = merge(question.spans)
    found = [
        (passage.chunk.start, passage.chunk.end)
        for passage in passages
        if Path(passage.chunk.source).stem == question.document
    ]
    shared, wanted = overlap(gold, merge(found)), length(gold)
    shown = sum(passage.chunk.end - passage.chunk.start for passage in passages)
    if not shown:
        return 0.0, 0.0, 0.0
    return shared / wanted, shared / shown, shared / (wanted + shown - shared)


def merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def overlap(one: Iterable[Span], other: Sequence[Span]) -> int:
    return sum(max(0, min(end, last) - max(start, first)) for start, end in one for first, last in other)


def length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)
