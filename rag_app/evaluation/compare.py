"""From the names of embedding models and one judged set to what each finds, and at what cost."""

import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.report import Progress
from rag_app.evaluation.collection import retriever_of_texts
from rag_app.evaluation.datasets import RetrievalSet
from rag_app.evaluation.exact import DISTANCES, rank_exactly
from rag_app.evaluation.labels import measure_labels, reason_without_labels
from rag_app.evaluation.retrieval import RANKED_DOCUMENTS, measure, rank_all
from rag_app.evaluation.sizes import model_bytes
from rag_app.mapping.reading import read_owners, sample_ids
from rag_app.settings import Settings
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, embed_chunks, embed_question, is_remote
from vectorstore.errors import RagError
from vectorstore.retriever import HybridRetriever

Vectors = NDArray[np.float32]
Rankings = dict[str, list[str]]
SHOWN = ("ndcg@10", "recall@10", "recall@100")
FIGURES = (
    *((way, name) for way in ("hybrid", "cosine") for name in SHOWN),
    *((way, SHOWN[0]) for way in ("dot", "euclidean")),
)
# Speed is taken over these many chunks of the set, and again until so much time has passed: a first call warms up.
TIMED_TEXTS, WARMING_TEXTS, LEAST_S = 128, 16, 0.5
TIMED_QUESTIONS, TIMED_PASSAGES = 20, 10
ALL = 2**31
NO_NAME_LETTER = re.compile(r"[^a-zA-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Labelling:
    """Document ids to labels, as the field of the metadata called `field` gives them; empty where none was named."""

    field: str | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """What was measured of one model: `figures`, and the documents that it ranked for each query, alone and hybrid."""

    figures: dict[str, Any]
    cosine: Rankings
    hybrid: Rankings

    @property
    def failed(self) -> bool:
        return "error" in self.figures

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"model": self.figures["model"], "id": name, "ranked": ranked, "cosine": self.cosine[name]}
            for name, ranked in self.hybrid.items()
        ]


def settings_for(name: str, settings: Settings, *, keep: bool) -> Settings:
    """With this model; what is kept is kept in a collection of the model's own."""
    own = f"{settings.collection}-{NO_NAME_LETTER.sub('-', name).strip('-')}" if keep else settings.collection
    return settings.model_copy(update={"embeddings": name, "collection": own})


def compare_model(
    judged: RetrievalSet,
    labelling: Labelling,
    settings: Settings,
    *,
    keep: bool,
    on_progress: Callable[[Progress], None],
    on_message: Tell,
) -> Compared:
    """Ingest the set by the settings' model and measure. A failure is told in `figures`."""
    try:
        with retriever_of_texts(
            judged.documents, settings, keep=keep, on_progress=on_progress, on_message=on_message
        ) as retriever:
            return measure_model(retriever, judged, labelling)
    except RagError as error:
        return Compared({"model": settings.embeddings, "error": error.message, "hint": error.hint}, {}, {})


def measure_model(retriever: HybridRetriever, judged: RetrievalSet, labelling: Labelling) -> Compared:
    model, (ids, count) = retriever.model, sample_ids(retriever.store, ALL)
    _, owners, vectors = read_owners(retriever.store, ids)
    questions = np.asarray([embed_question(model, text) for text in judged.queries.values()], np.float32)
    found = {}
    for distance in DISTANCES:
        ranked = rank_exactly(questions, vectors, owners, distance=distance, limit=RANKED_DOCUMENTS)
        found[distance] = dict(zip(judged.queries, ranked, strict=True))
    hybrid = dict(rank_all(retriever, judged))
    measured = {way: measure(ranked, judged.judgments) for way, ranked in {"hybrid": hybrid, **found}.items()}
    size = model_bytes(model.name)
    figures = {
        "model": model.name,
        **{f"{way} {name}": measured[way].values[name] for way, name in FIGURES},
        **labelled(labelling, owners, vectors),
        "dimensions": int(vectors.shape[1]),
        "chunks": count,
        "vector_bytes": int(vectors.shape[1]) * vectors.itemsize,
        "model_mb": None if size is None else size / 1e6,
        "texts_per_s": texts_per_second(model, sample_texts(retriever, ids)),
        "question_ms": question_ms(retriever, list(judged.queries.values())),
        "intervals": {f"{way} {name}": measured[way].intervals[name] for way, name in FIGURES},
    }
    return Compared(figures, found["cosine"], hybrid)


def labelled(labelling: Labelling, owners: Sequence[str], vectors: Vectors) -> dict[str, Any]:
    """The figures by labels, or why there are none."""
    reason = reason_without_labels(labelling.labels, labelling.field)
    return {"labels_skipped": reason} if reason else asdict(measure_labels(labelling.labels, owners, vectors))


def sample_texts(retriever: HybridRetriever, ids: Sequence[str]) -> list[str]:
    """The first by their ids, which are hashes: a fair sample."""
    return [chunk.embedded_text for chunk, _ in retriever.store.fetch(ids[:TIMED_TEXTS]).values()]


def texts_per_second(model: EmbeddingModel, texts: Sequence[str]) -> float:
    """How many chunks are embedded in a second, all handed over at once; a provider is asked only once."""
    embed_chunks(model, texts[:WARMING_TEXTS])
    began, rounds = time.perf_counter(), 0
    while rounds == 0 or (time.perf_counter() - began < LEAST_S and not is_remote(model.name)):
        embed_chunks(model, texts)
        rounds += 1
    return rounds * len(texts) / (time.perf_counter() - began)


def question_ms(retriever: HybridRetriever, questions: Sequence[str]) -> float:
    """Milliseconds from a question to its passages, the median."""
    taken = []
    for question in islice(questions, TIMED_QUESTIONS):
        began = time.perf_counter()
        retriever.search(question, k=TIMED_PASSAGES)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
