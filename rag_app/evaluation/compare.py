"""From a judged set and the names of embedding models to their figures side by side."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.evaluation.collection import Show, retriever_of_texts
from rag_app.evaluation.datasets import RetrievalSet
from rag_app.evaluation.retrieval import RANKED_DOCUMENTS, measure, rank_all
from rag_app.evaluation.sizes import model_bytes
from rag_app.settings import Settings
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, embed_chunks, embed_question
from vectorstore.errors import RagError
from vectorstore.retriever import HybridRetriever

Vectors = NDArray[np.float32]
FIGURES = ("ndcg@10", "recall@10")
# Texts that the speed is measured on, and how often: the median counts.
TIMED_TEXTS, TIMES = 64, 3
SEED = 0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A collection's vectors, shape (chunks, dimension), whose document each row is of, and the queries' vectors."""

    vectors: Vectors
    owners: NDArray[np.int64]
    documents: list[str]
    queries: dict[str, Vectors]


def compare(
    names: Sequence[str],
    judged: RetrievalSet,
    labels: Mapping[str, str],
    settings: Settings,
    *,
    on_progress: Show,
    on_message: Tell,
) -> list[dict[str, Any]]:
    """A row a model, in order; one that fails has its `error` and the `hint` in place of figures."""
    rows = []
    for name in names:
        on_message(f"{name} ...")
        own = settings.model_copy(update={"embeddings": name})
        try:
            with retriever_of_texts(
                judged.documents, own, keep=False, on_progress=on_progress, on_message=on_message
            ) as retriever:
                rows.append({"model": name, **measure_model(retriever, judged, labels)})
        except RagError as error:
            rows.append({"model": name, "error": error.message, "hint": error.hint})
    return rows


def measure_model(retriever: HybridRetriever, judged: RetrievalSet, labels: Mapping[str, str]) -> dict[str, Any]:
    hybrid = measure(dict(rank_all(retriever, judged)), judged.judgments).values
    embedded, question_ms = embed_all(retriever, judged)
    figures: dict[str, Any] = {f"hybrid {name}": hybrid[name] for name in FIGURES}
    for distance in ("cosine", "dot", "euclidean"):
        found = measure(rank_exactly(embedded, distance), judged.judgments).values
        wanted = FIGURES if distance == "cosine" else FIGURES[:1]
        figures |= {f"{distance} {name}": found[name] for name in wanted}
    dimensions = int(embedded.vectors.shape[1])
    return {
        **figures,
        **measure_labels(embedded, labels),
        "dimensions": dimensions,
        "chunks": len(embedded.vectors),
        "vector_bytes": 4 * dimensions,
        "model_mb": megabytes(retriever.model.name),
        "texts_per_s": texts_per_second(retriever),
        "question_ms": question_ms,
    }


def embed_all(retriever: HybridRetriever, judged: RetrievalSet) -> tuple[Embedded, float]:
    """With the median milliseconds of a question."""
    store = retriever.store
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.hidden_ids())
    rows = store.fetch(ids)
    documents = list(dict.fromkeys(chunk.source for chunk, _ in rows.values()))
    places = {source: place for place, source in enumerate(documents)}
    owners = np.array([places[chunk.source] for chunk, _ in rows.values()])
    vectors = np.stack([vector for _, vector in rows.values()])
    queries, milliseconds = dict[str, Vectors](), []
    for query_id, text in judged.queries.items():
        began = time.perf_counter()
        queries[query_id] = np.asarray(embed_question(retriever.model, text), np.float32)
        milliseconds.append(1000 * (time.perf_counter() - began))
    return Embedded(vectors, owners, documents, queries), median(milliseconds)


def rank_exactly(embedded: Embedded, distance: str) -> dict[str, list[str]]:
    """The first documents for each query, each by its nearest chunk among all; no neighbour is approximate."""
    vectors, rankings = embedded.vectors, {}
    lengths = np.linalg.norm(vectors, axis=1)
    for query_id, query in embedded.queries.items():
        nearness = vectors @ query
        if distance == "cosine":
            nearness = np.divide(nearness, lengths, out=np.zeros_like(nearness), where=lengths > 0)
        elif distance == "euclidean":
            nearness = 2 * nearness - lengths**2  # less |query|², the same for all, this is -|vector - query|²
        best = np.full(len(embedded.documents), -np.inf, np.float32)
        np.maximum.at(best, embedded.owners, nearness)
        first = np.argsort(-best, kind="stable")[:RANKED_DOCUMENTS]
        rankings[query_id] = [embedded.documents[place] for place in first.tolist()]
    return rankings


def measure_labels(embedded: Embedded, labels: Mapping[str, str]) -> dict[str, float]:
    """How well the documents' mean vectors fall into their labels: by k-means (V-measure, Rosenberg and Hirschberg
    2007), and by a linear probe (accuracy and macro F1 of logistic regression, five-fold)."""
    known = [place for place, document in enumerate(embedded.documents) if document in labels]
    wanted = np.array([labels[embedded.documents[place]] for place in known])
    if len(set(wanted.tolist())) < 2:
        return {}
    from sklearn.cluster import KMeans  # a second, and for labelled sets alone
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import v_measure_score
    from sklearn.model_selection import cross_validate

    means = np.stack([embedded.vectors[embedded.owners == place].mean(axis=0) for place in known])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    means = np.divide(means, lengths, out=np.zeros_like(means), where=lengths > 0)
    clusters = KMeans(len(set(wanted.tolist())), n_init=10, random_state=SEED).fit_predict(means)
    found = {"v_measure": float(v_measure_score(wanted, clusters))}
    folds = min(5, min(int((wanted == label).sum()) for label in set(wanted.tolist())))
    if folds >= 2:
        probe = LogisticRegression(max_iter=1000, random_state=SEED)
        scores = cross_validate(probe, means, wanted, cv=folds, scoring=("accuracy", "f1_macro"))
        found |= {
            "probe_accuracy": float(scores["test_accuracy"].mean()),
            "probe_macro_f1": float(scores["test_f1_macro"].mean()),
        }
    return found


def texts_per_second(retriever: HybridRetriever) -> float:
    """Of the collection's own chunks, as they are embedded; no vector is remembered here."""
    store = retriever.store
    ids = sorted(store.catalogue.chunk_ids())[:TIMED_TEXTS]
    texts = [chunk.embedded_text for chunk, _ in store.fetch(ids).values()]
    return len(texts) / median(time_embedding(retriever.model, texts) for _ in range(TIMES))


def time_embedding(model: EmbeddingModel, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    embed_chunks(model, texts)
    return time.perf_counter() - began


def megabytes(name: str) -> float | None:
    size = model_bytes(name)
    return None if size is None else size / 1e6


def tabulate(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a figure and a column a model, then a line a model that failed."""
    good = [row for row in rows if "error" not in row]
    names = list(dict.fromkeys(name for row in good for name in row if name != "model"))
    table = [["", *(shorten(str(row["model"])) for row in good)]]
    table += [[name, *(show(row.get(name)) for row in good)] for name in names]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(pad(cell, width, place) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in table
    ]
    failed = [f"{row['model']}: {row['error']} ({row['hint']})" for row in rows if "error" in row]
    return [*(lines if good else []), *failed]


def pad(cell: str, width: int, place: int) -> str:
    return cell.rjust(width) if place else cell.ljust(width)


def shorten(name: str) -> str:
    """The end of a path tells models apart."""
    prefix, colon, model = name.partition(":")
    return f"{prefix}{colon}{Path(model).name}" if "/" in model else name


def show(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}" if value < 10 else f"{value:,.0f}"
