"""Options that several commands share, and the settings they make."""

from typing import Annotated

import typer

from rag_app.settings import Settings

CollectionOption = Annotated[
    str | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="The collection; RAG_COLLECTION or `default`.",
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on stdout and nothing else there."),
]
TopKOption = Annotated[
    int | None,
    typer.Option(
        "--top-k",
        min=1,
        max=100,
        metavar="N",
        help="How many passages; RAG_TOP_K or 6.",
    ),
]


def build_settings(
    collection: str | None = None, *, top_k: int | None = None, file_password: str | None = None
) -> Settings:
    """Settings of the environment, with what was said on the command line before them."""
    said = {"collection": collection, "top_k": top_k, "file_password": file_password}
    return Settings(**{name: value for name, value in said.items() if value is not None})


def example(*commands: str) -> str:
    return "Example: " + "   or: ".join(commands)
