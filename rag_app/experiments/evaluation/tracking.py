"""Logs the result of an evaluation as an MLflow run: parameters, metrics, and a file with a line a query."""

import importlib.util
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag_app.experiments.evaluation.intervals import split_intervals
from rag_app.settings import Settings
from vectorstore.errors import MissingPackageError, RagError

EXPERIMENT = "rag-app"
PARAMETERS = ("embeddings", "chunk_tokens", "distance", "reranker", "top_k", "llm")
# MLflow takes these and a slash in a metric's name; a slash would make a group of it.
NO_METRIC_LETTER = re.compile(r"[^\w. -]")


def require_mlflow() -> None:
    if importlib.util.find_spec("mlflow") is None:
        raise MissingPackageError("MLflow is not installed", "pip install 'rag-app[mlflow]'")


def log_run(
    kind: str,
    dataset: Path,
    result: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    settings: Settings,
    uri: str | None,
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """Log to `uri`, by default an SQLite file in the data folder, and return where; `parameters` are added to those of
    the settings. Raises RagError where that fails."""
    described = describe(kind, dataset, settings) | dict(parameters or {})
    with runs_at(uri, settings) as (mlflow, where):
        log_one(mlflow, f"{kind} {dataset.resolve().name}", result, rows, described)
    return where


def log_comparison(
    dataset: Path,
    compared: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
    *,
    settings: Settings,
    uri: str | None,
) -> str:
    """One run, and within it one for each model: its figures and rows. Where and errors as of `log_run`."""
    described = describe("compare", dataset, settings)
    with (
        runs_at(uri, settings) as (mlflow, where),
        mlflow.start_run(run_name=f"compare {dataset.resolve().name}"),
    ):
        mlflow.log_params(described | {"embeddings": f"{len(compared)} models"})
        for figures, rows in compared:
            own = {"embeddings": figures["model"]} | ({"error": figures["error"]} if "error" in figures else {})
            log_one(mlflow, figures["model"], figures, rows, described | own, nested=True)
    return where


def describe(kind: str, dataset: Path, settings: Settings) -> dict[str, Any]:
    return {"kind": kind, "dataset": str(dataset.resolve()), **{name: getattr(settings, name) for name in PARAMETERS}}


@contextmanager
def runs_at(uri: str | None, settings: Settings) -> Iterator[tuple[Any, str]]:
    """MLflow set to this project's experiment, and where that is kept."""
    require_mlflow()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow

    where = uri or f"sqlite:///{settings.data_dir / 'mlflow.db'}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        mlflow.set_tracking_uri(where)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            folder = (settings.data_dir / "mlflow").as_uri() if uri is None else None
            mlflow.create_experiment(EXPERIMENT, artifact_location=folder)
        mlflow.set_experiment(EXPERIMENT)
        yield mlflow, where
    except mlflow.exceptions.MlflowException as error:
        raise RagError(f"the run could not be kept at {where}: {error.message}", "give another --mlflow URI") from error


def log_one(
    mlflow: Any,
    name: str,
    result: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Any],
    *,
    nested: bool = False,
) -> None:
    with mlflow.start_run(run_name=name, nested=nested):
        mlflow.log_params(parameters)
        mlflow.log_metrics(name_metrics(result))
        if rows:
            mlflow.log_text("".join(json.dumps(row) + "\n" for row in rows), "queries.jsonl")


def name_metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """Every figure that is known, and the ends of its interval as `…_low` and `…_high`."""
    figures, intervals = split_intervals(result)
    known = {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}
    for name, ends in intervals.items():
        if ends:
            known |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
    return {NO_METRIC_LETTER.sub("_", name.replace("@", "_at_")): value for name, value in known.items()}
