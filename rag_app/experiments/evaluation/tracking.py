"""Logs the result of an evaluation as an MLflow run: parameters, metrics, and a file with a line a query."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag_app.experiments.evaluation.intervals import split_intervals
from rag_app.settings import Settings
from vectorstore.errors import RagError

EXPERIMENT = "rag-app"
PARAMETERS = ("embeddings", "chunk_tokens", "distance", "reader", "top_k", "llm")
# MLflow takes these and a slash in a metric's name; a slash would make a group of it.
NO_METRIC_LETTER = re.compile(r"[^\w. -]")

Rows = Sequence[Mapping[str, Any]]


def log_run(
    parameters: Mapping[str, Any],
    result: Mapping[str, Any],
    rows: Rows,
    *,
    settings: Settings,
    uri: str | None,
    models: Sequence[tuple[Mapping[str, Any], Rows]] = (),
) -> str:
    """Log to `uri`, by default an SQLite file in the data folder, and return where. Raises RagError where that fails.

    `parameters`, `kind` and `dataset` among them, are added to those of the settings. Each of `models`, figures and
    rows, is a run within the run.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow

    described = {**{name: getattr(settings, name) for name in PARAMETERS}, **parameters}
    where = uri or f"sqlite:///{settings.data_dir / 'mlflow.db'}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        mlflow.set_tracking_uri(where)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            folder = (settings.data_dir / "mlflow").as_uri() if uri is None else None
            mlflow.create_experiment(EXPERIMENT, artifact_location=folder)
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=f"{parameters['kind']} {Path(parameters['dataset']).name}"):
            log(mlflow, described, result, rows)
            for figures, own_rows in models:
                own = {"embeddings": figures["model"]} | ({"error": figures["error"]} if "error" in figures else {})
                with mlflow.start_run(run_name=figures["model"], nested=True):
                    log(mlflow, described | own, figures, own_rows)
    except mlflow.exceptions.MlflowException as error:
        raise RagError(f"the run could not be kept at {where}: {error.message}", "give another --mlflow URI") from error
    return where


def log(mlflow: Any, parameters: Mapping[str, Any], result: Mapping[str, Any], rows: Rows) -> None:
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
