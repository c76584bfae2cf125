"""`rag eval compare`: embedding models side by side on one set of judged questions."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag_app.commands.evaluate import (
    LOCAL,
    DatasetArgument,
    LimitOption,
    MlflowOption,
    check_places,
    eval_app,
    write_rows,
)
from rag_app.commands.options import JsonOption, build_settings, example
from rag_app.commands.output import ingest_progress, print_json
from rag_app.terminal import out, say

if TYPE_CHECKING:
    from rag_app.experiments.evaluation.compare import Compared
    from rag_app.settings import Settings

__all__ = ["eval_app"]  # with this command


@eval_app.command(
    epilog=example(
        "rag eval compare ~/beir/scifact minilm huggingface:BAAI/bge-small-en-v1.5",
        "rag eval compare ~/beir/scifact minilm static:words.kv --label topic --json",
    )
)
def compare(
    dataset: DatasetArgument,
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Embedding models, each as RAG_EMBEDDINGS names it.")
    ],
    limit: LimitOption = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="FIELD", help="Cluster and classify by this field of the corpus' metadata."),
    ] = None,
    details: Annotated[
        Path | None,
        typer.Option("--details", metavar="FILE", help="Write each model's ranked documents for each query there."),
    ] = None,
    mlflow: MlflowOption = None,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            metavar="NAME",
            help="Keep the set in collections of this name and each model's; by default they are removed.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure embedding models side by side on a folder in BEIR form: quality, distances, labels, size, speed.

    Each is ingested into a collection of its own. hybrid is the product's search, words included;
    cosine, dot and euclidean are the vectors alone, compared one by one. Speed is this machine's, as it is at this
    moment. A model that fails is told with its reason, and the others go on.
    """
    from rag_app.experiments.evaluation.compare import Labelling, compare_model, load_labels, settings_for
    from rag_app.experiments.evaluation.datasets import load_retrieval_set

    began, settings, names = time.monotonic(), build_settings(collection), list(dict.fromkeys(models))
    check_places(mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    labelling = Labelling(label, load_labels(dataset, label) if label else {})
    compared = []
    for name in names:
        say(f"{name} ...")
        with ingest_progress() as show:
            own = settings_for(name, settings, keep=bool(collection))
            compared.append(
                compare_model(judged, labelling, own, keep=bool(collection), on_progress=show, on_message=say)
            )
    if details:
        write_rows(details, [row for one in compared for row in one.rows()])
    result = {
        "dataset": str(dataset.resolve()),
        "queries": len(judged.queries),
        "documents": len(judged.documents),
        "label": label,
        "models": [one.figures for one in compared],
        "seconds": time.monotonic() - began,
    }
    finish(dataset, result, compared, settings, mlflow, as_json)
    raise typer.Exit(1 if any(one.failed for one in compared) else 0)


def finish(
    dataset: Path,
    result: dict[str, Any],
    compared: "list[Compared]",
    settings: "Settings",
    mlflow: str | None,
    as_json: bool,
) -> None:
    if mlflow is not None:
        from rag_app.experiments.evaluation.tracking import log_comparison

        uri = None if mlflow == LOCAL else mlflow
        pairs = [(one.figures, one.rows()) for one in compared]
        where = log_comparison(dataset, pairs, settings=settings, uri=uri)
        say(f"kept as MLflow runs; to look at them: mlflow ui --backend-store-uri {where}")
    if as_json:
        print_json(result)
    else:
        print_side_by_side(result)


def print_side_by_side(result: dict[str, Any]) -> None:
    from rag_app.experiments.evaluation.compare import side_by_side, table_width

    measured = [model for model in result["models"] if "error" not in model]
    if measured:
        width = None if sys.stdout.isatty() else table_width(measured)
        out.print(side_by_side(measured), width=width, soft_wrap=False)
        if reason := measured[0].get("labels_skipped"):
            say(f"no clusters and no classes: {reason}")
    for model in result["models"]:
        if "error" in model:
            say(f"failed: {model['model']}: {model['error']}\n        {model['hint']}")
    say(f"{result['queries']} questions, {result['documents']:,} documents, {result['seconds']:.0f} s")
