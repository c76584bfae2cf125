"""From a retriever and questions with marked places to the recall, precision and IoU of those places' characters.

The measures are those of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), over
characters instead of tokens: gold and found characters of a question are compared as sets, except that a character
found twice counts twice in what was found.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rag_app.experiments.evaluation.datasets import ChunkQuestion
from rag_app.experiments.evaluation.intervals import Figures, bootstrap_means
from vectorstore.search.retriever import HybridRetriever
from vectorstore.types import Passage

PASSAGES = 5
MEASURES = ("recall@5", "precision@5", "iou@5")
Span = tuple[int, int]


def measure_chunks(retriever: HybridRetriever, questions: Sequence[ChunkQuestion]) -> Figures:
    """The means over the questions, by the five best passages of each, and their intervals."""
    scores = [score(question, retriever.search(question.text, k=PASSAGES)) for question in questions]
    return bootstrap_means({name: [one[i] for one in scores] for i, name in enumerate(MEASURES)})


def score(question: ChunkQuestion, passages: Sequence[Passage]) -> tuple[float, float, float]:
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
