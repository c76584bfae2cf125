"""Defines the options that several commands share, and builds settings and filters from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.settings import Settings
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from vectorstore.types import SourceFilter

CollectionOption = Annotated[
    str | None, typer.Option("--collection", metavar="NAME", help="The collection; RAG_COLLECTION or `default`.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
TopKOption = Annotated[
    int | None, typer.Option("--top-k", min=1, max=100, metavar="N", help="How many passages; RAG_TOP_K or 6.")
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="GLOB",
        help="Only documents whose path or URL fits, or that are in this folder; may be repeated.",
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="KEY=VALUE", help="Only documents of this kind, title or source; may be repeated."),
]
PruneOption = Annotated[bool, typer.Option("--prune", help="Forget documents that are gone from disk.")]
AllOption = Annotated[bool, typer.Option("--all", help="Read hidden and git-ignored files too.")]
SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A path or URL as `rag list` gives it; the end of it will do.")
]
DatasetArgument = Annotated[Path, typer.Argument(metavar="DATASET", help="The folder of the set.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N questions.")]
DetailsOption = Annotated[
    Path | None,
    typer.Option("--details", metavar="FILE", help="Write a JSON line a question there: ranked documents or quotes."),
]
KeepOption = Annotated[
    str | None,
    typer.Option("--collection", metavar="NAME", help="Keep the set in this collection; by default it is removed."),
]
MlflowOption = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="[URI]",
        help="Keep the result as an MLflow run, at URI or in a database of the data folder (extra `mlflow`).",
    ),
]


def build_settings(
    collection: str | None = None, *, top_k: int | None = None, file_password: str | None = None
) -> Settings:
    """Settings of the environment; options of the command line come first."""
    given = {"collection": collection, "top_k": top_k, "file_password": file_password}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def example(*commands: str) -> str:
    return "Example: " + "   or: ".join(commands)


def read_filter(sources: list[str] | None, where: list[str] | None) -> "SourceFilter":
    from vectorstore.types import SourceFilter

    facts = {}
    for given in where or ():
        name, sign, value = given.partition("=")
        if not sign:
            raise InputError(f"--where {given} has no value", "write it as --where kind=pdf")
        facts[name.strip()] = value.strip()
    return SourceFilter.of(sources or (), facts)
