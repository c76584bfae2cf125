"""The result of an evaluation kept as an MLflow run: parameters, metrics, and a file with a line a query."""

import importlib.util
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag_app.evaluation.figures import split_intervals
from rag_app.settings import Settings
from vectorstore.errors import MissingPackageError, RagError

EXPERIMENT = "rag-app"
PARAMETERS = ("embeddings", "chunk_tokens", "distance", "reranker", "top_k", "llm")
# What MLflow takes in a metric's name, a slash apart: it would make a group of it.
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
    """Log to `uri`, by default a SQLite file in the data folder; with further `parameters` beside
    those of the settings; returns where. Raises RagError where that fails."""
    require_mlflow()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow  # takes seconds, and only this needs it

    where = uri or f"sqlite:///{settings.data_dir / 'mlflow.db'}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        mlflow.set_tracking_uri(where)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            folder = (settings.data_dir / "mlflow").as_uri() if uri is None else None
            mlflow.create_experiment(EXPERIMENT, artifact_location=folder)
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=f"{kind} {dataset.resolve().name}"):
            set_so = {name: getattr(settings, name) for name in PARAMETERS}
            mlflow.log_params({"kind": kind, "dataset": str(dataset.resolve()), **set_so, **(parameters or {})})
            mlflow.log_metrics(name_metrics(result))
            if rows:
                with tempfile.TemporaryDirectory() as folder_of_rows:
                    path = Path(folder_of_rows, "queries.jsonl")
                    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
                    mlflow.log_artifact(str(path))
    except mlflow.exceptions.MlflowException as error:
        raise RagError(f"the run could not be kept at {where}: {error.message}", "give another --mlflow URI") from error
    return where


def name_metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """Every figure that is known, and the ends of its interval as `…_low` and `…_high`."""
    figures, intervals = split_intervals(result)
    known = {name: float(value) for name, value in figures.items() if value is not None}
    for name, ends in intervals.items():
        if ends:
            known |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
    return {NO_METRIC_LETTER.sub("_", name.replace("@", "_at_")): value for name, value in known.items()}
