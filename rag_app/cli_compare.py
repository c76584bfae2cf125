"""`rag eval compare`: embedding models side by side on one set."""

import time
from pathlib import Path
from typing import Annotated

import typer

from rag_app.cli_eval import LOCAL, DatasetArgument, LimitOption, MlflowOption, check_places, eval_app, write_rows
from rag_app.cli_options import JsonOption, build_settings, example
from rag_app.console import clean, ingest_progress, print_json, say

__all__ = ["eval_app"]  # with this command


@eval_app.command(
    epilog=example(
        "rag eval compare ~/beir/scifact minilm huggingface:BAAI/bge-small-en-v1.5",
        "rag eval compare ~/beir/scifact minilm static:words.kv --label topic --json",
    )
)
def compare(
    dataset: DatasetArgument,
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="As RAG_EMBEDDINGS takes them.")],
    limit: LimitOption = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="FIELD", help="A field of the metadata to cluster and classify by."),
    ] = None,
    details: Annotated[
        Path | None, typer.Option("--details", metavar="FILE", help="Write each model's figures there, a line a model.")
    ] = None,
    mlflow: MlflowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare embedding models on a folder in BEIR form: quality, dimensions, speed, size.

    Each is ingested into a collection of its own, gone afterwards. hybrid is the product's search; cosine, dot and
    euclidean are its vectors alone, compared one by one.
    """
    from rag_app.evaluation.compare import compare as compare_models
    from rag_app.evaluation.compare import tabulate
    from rag_app.evaluation.datasets import load_labels, load_retrieval_set

    began, settings = time.monotonic(), build_settings(None)
    check_places(mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    labels = load_labels(dataset, label) if label else {}
    if label and len(set(labels.values())) < 2:
        say(f"the metadata of {dataset} have no two labels in the field {label}: nothing is clustered by them")
    with ingest_progress() as show:
        rows = compare_models(models, judged, labels, settings, on_progress=show, on_message=say)
    if details:
        write_rows(details, rows)
    if mlflow is not None:
        from rag_app.evaluation.tracking import log_run

        for row in rows:
            own = settings.model_copy(update={"embeddings": row["model"]})
            figures = {name: value for name, value in row.items() if name not in ("model", "error", "hint")}
            figures["intervals"] = {}
            log_run("compare", dataset, figures, [], settings=own, uri=None if mlflow == LOCAL else mlflow)
    if as_json:
        counts = {"queries": len(judged.queries), "documents": len(judged.documents)}
        print_json({"models": rows, **counts, "seconds": time.monotonic() - began})
    else:
        for line in tabulate(rows):
            typer.echo(clean(line))
    if any("error" in row for row in rows):
        raise typer.Exit(1)
