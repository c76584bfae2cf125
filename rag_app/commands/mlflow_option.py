"""Gives commands the option --mlflow: what they measured or made is kept as a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from rag_app.commands import console
from vectorstore.errors import require_packages

if TYPE_CHECKING:
    from rag_app.experiments.evaluation.compare import Compared
    from rag_app.settings import Settings

LOCAL = "local"


class OptionalUri(TyperGroup):
    """Typer has no option whose value may be left out: `--mlflow` by itself becomes `--mlflow local`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, name_local(args))


def name_local(args: Sequence[str]) -> list[str]:
    named = []
    for argument, following in zip(args, [*args[1:], ""], strict=True):
        is_bare = argument == "--mlflow" and ":" not in following
        named += [argument, LOCAL] if is_bare else [argument]
    return named


def require_mlflow(mlflow: str | None) -> None:
    if mlflow is not None:
        require_packages("mlflow", needed_by="--mlflow", install="'rag-app[mlflow]'")


def track_run(
    mlflow: str | None,
    settings: "Settings",
    parameters: dict[str, Any],
    result: dict[str, Any],
    *,
    rows: Sequence[dict[str, Any]] = (),
    models: "Sequence[Compared]" = (),
) -> None:
    """Log an MLflow run where --mlflow was given, and say how it is looked at."""
    if mlflow is None:
        return
    from rag_app.experiments.evaluation.tracking import log_run

    uri = None if mlflow == LOCAL else mlflow
    where = log_run(parameters, result, rows, settings=settings, uri=uri, models=models)
    console.say(f"kept as an MLflow run; to look at it: mlflow ui --backend-store-uri {where}")
