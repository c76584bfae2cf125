"""How well a model ranks the passages of a task for its queries, by the vectors that searching would use."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rag_app.experiments.evaluation.retrieval import measure_each
from rag_app.experiments.training.tasks import Passages, Task
from vectorstore.embeddings import EmbeddingModel, VectorCache, embed_chunks, embed_question

Vectors = NDArray[np.float32]
Columns = dict[str, list[float]]
RANKED = 100
PART_TEXTS = 256
SHOWN = ("ndcg@10", "mrr@10", "recall@10")


@dataclass(slots=True)
class Embedded:
    """Texts embedded by one model, each once; vectors of unit length, so that a product of two is their cosine."""

    model: EmbeddingModel
    cache: VectorCache | None = None
    _known: dict[str, Vectors] = field(default_factory=dict)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimension)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if self.cache:
            self._known |= self.cache.find(self.model.identity, new)
        new = [text for text in new if text not in self._known]
        for start in range(0, len(new), PART_TEXTS):
            part = new[start : start + PART_TEXTS]
            vectors = np.asarray(embed_chunks(self.model, part), dtype=np.float32)
            if self.cache:
                self.cache.keep(self.model.identity, part, vectors)
            self._known |= zip(part, vectors, strict=True)
        return as_unit(np.array([self._known[text] for text in texts]))

    def queries(self, texts: Sequence[str]) -> Vectors:
        return as_unit(np.asarray([embed_question(self.model, text) for text in texts], dtype=np.float32))


def as_unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit


def measure_task(task: Task, embedded: Embedded) -> Columns:
    """nDCG, reciprocal rank and recall of each query, in order; a key is ranked by its best passage."""
    vectors = embedded.passages(task.passages.texts)
    asked = embedded.queries([query.text for query in task.queries])
    rankings = {
        query.id: rank_keys(vectors @ vector, task.passages) for query, vector in zip(task.queries, asked, strict=True)
    }
    columns = measure_each(rankings, {query.id: dict.fromkeys(query.relevant, 1) for query in task.queries})
    return {name: columns[name] for name in SHOWN}


def rank_keys(scores: Vectors, passages: Passages) -> list[str]:
    order = np.argsort(-scores, kind="stable")
    return list(dict.fromkeys(passages.keys[index] for index in order[: RANKED * 10]))[:RANKED]
