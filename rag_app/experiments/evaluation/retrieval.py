"""Measures a retriever by judged queries (nDCG, recall, reciprocal rank) and by the marked characters that it shows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from rag_app.experiments.evaluation.datasets import ChunkQuestion, RetrievalSet
from rag_app.experiments.evaluation.intervals import Figures, bootstrap_means
from vectorstore import HybridRetriever, Question
from vectorstore.embeddings import Vectors, unit_vectors
from vectorstore.types import Passage

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
# All three give one order to unit vectors.
DISTANCES = ("cosine", "dot", "euclidean")
# Questions looked up at once: with 200,000 chunks their scores take 50 MB.
BLOCK = 64
PASSAGES = 5
CHUNK_MEASURES = ("recall@5", "precision@5", "iou@5")


def rank_documents(retriever: HybridRetriever, query: str | Question) -> list[str]:
    """The first hundred documents, each by its best chunk; as many passages are fetched as that takes."""
    count = FIRST_PASSAGES
    while True:
        passages = retriever.search(query, k=count)
        documents = list(dict.fromkeys(passage.chunk.source for passage in passages))
        if len(documents) >= RANKED_DOCUMENTS or len(passages) < count:
            return documents[:RANKED_DOCUMENTS]
        count *= 2


def rank_all(retriever: HybridRetriever, dataset: RetrievalSet) -> Iterator[tuple[str, list[str]]]:
    return ((query_id, rank_documents(retriever, text)) for query_id, text in dataset.queries.items())


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


def score_by(distance: str, questions: Vectors, chunks: Vectors) -> Vectors:
    """Scores of shape (questions, chunks), the nearest the highest; of Euclidean distance, 2qc - c², which gives its
    order."""
    if distance == "cosine":
        questions, chunks = unit_vectors(questions), unit_vectors(chunks)
    scores: Vectors = questions @ chunks.T
    return 2 * scores - np.einsum("ij,ij->i", chunks, chunks) if distance == "euclidean" else scores


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


def measure_chunks(retriever: HybridRetriever, questions: Sequence[ChunkQuestion]) -> Figures:
    """The means over the questions, by the five best passages of each, and their intervals.

    The measures are those of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), over
    characters instead of tokens: gold and found characters of a question are compared as sets, except that a character
    found twice counts twice in what was found.
    """
    scores = [score_passages(question, retriever.search(question.text, k=PASSAGES)) for question in questions]
    return bootstrap_means(dict(zip(CHUNK_MEASURES, zip(*scores, strict=True), strict=True)))


def score_passages(question: ChunkQuestion, passages: Sequence[Passage]) -> tuple[float, float, float]:
    """Recall, precision and intersection over union."""
    chunks = [passage.chunk for passage in passages]
    gold = characters(question.spans)
    found = characters((one.start, one.end) for one in chunks if Path(one.source).stem == question.document)
    shared, shown = len(gold & found), sum(one.end - one.start for one in chunks)
    if not shown:
        return 0.0, 0.0, 0.0
    return shared / len(gold), shared / shown, shared / (len(gold) + shown - shared)


def characters(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}
