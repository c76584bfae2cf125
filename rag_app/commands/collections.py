"""Runs `rag collections`: lists all collections, renames or deletes one."""

from typing import Annotated, Any

import typer

from rag_app.commands.options import JsonOption, build_settings, example
from rag_app.commands.output import print_result
from rag_app.terminal import print_line

collections_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the collections, rename or delete one.",
    epilog=example("rag collections", "rag collections rename papers law", "rag collections delete law"),
)


@collections_app.callback()
def collections(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the collections, rename or delete one."""
    if context.invoked_subcommand:
        return
    from rag_app.library.documents import describe_collections

    print_result(describe_collections(build_settings()), as_json=as_json, as_text=print_collections)


def print_collections(found: dict[str, Any]) -> None:
    for one in found["collections"]:
        print_line(f"{one['collection']}: {one['sources']} documents, {one['chunks']:,} chunks ({one['embeddings']})")
    if not found["collections"]:
        print_line("no collections yet: rag ingest PATH makes the first")


@collections_app.command(epilog=example("rag collections rename papers law"))
def rename(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The collection.")],
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="What it is to be called.")],
    as_json: JsonOption = False,
) -> None:
    """Give a collection another name."""
    from vectorstore.collections import rename_collection

    settings = build_settings()
    rename_collection(settings.data_dir, name, new_name, chroma_url=settings.chroma_url)
    renamed = {"collection": name, "renamed": new_name}
    print_result(renamed, as_json=as_json, as_text=lambda _: print_line(f"renamed: {name} is now {new_name}"))


@collections_app.command(epilog=example("rag collections delete papers"))
def delete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The collection.")], as_json: JsonOption = False
) -> None:
    """Delete a collection with all that was stored for it; the files it was made from stay."""
    from vectorstore.collections import delete_collection

    settings = build_settings()
    delete_collection(settings.data_dir, name, chroma_url=settings.chroma_url)
    print_result({"deleted": name}, as_json=as_json, as_text=lambda _: print_line(f"deleted: {name}"))
