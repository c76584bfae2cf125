"""Runs the command line: the commands on one collection, and errors as two lines and an exit code."""

import atexit
import gc
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from rag_app.commands import console
from rag_app.commands.chat import CHAT_EXAMPLES, chat
from rag_app.commands.evaluate import eval_app
from rag_app.commands.search import SEARCH_EXAMPLES, search, similar
from rag_app.commands.train import train_app
from rag_app.commands.watch import WATCH_EXAMPLES, watch
from vectorstore.errors import InputError, RagError

# Objects made between two runs of the garbage collector; Python's default is 700 to 2,000.
GC_THRESHOLD = 100_000

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Answers questions about your own documents, every sentence proved by their exact words.",
)
collections_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the collections, rename or delete one.",
    epilog=console.example("rag collections", "rag collections rename papers law", "rag collections delete law"),
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The collection.")]
app.add_typer(collections_app, name="collections")
app.add_typer(eval_app, name="eval")
app.add_typer(train_app, name="train")


@app.command(
    epilog=console.example(
        "rag ingest ~/papers",
        "rag ingest --collection law contracts/ notes.md 'mail/*.eml' https://example.org/terms",
    )
)
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, patterns or web addresses.")],
    collection: console.CollectionOption = None,
    prune: console.PruneOption = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Rebuild the collection, with another model or chunk size if set so.")
    ] = False,
    password: Annotated[str | None, typer.Option("--password", help="Opens files that are encrypted with it.")] = None,
    include_all: console.AllOption = False,
    as_json: console.JsonOption = False,
) -> None:
    """Bring a collection in step with files, folders and web pages: what is new is added, what has changed replaced."""
    from rag_app.wiring import ingest_paths

    settings = console.build_settings(collection, file_password=password)
    with console.ingest_progress() as show:
        report = ingest_paths(
            paths,
            settings,
            prune=prune,
            rebuild=rebuild,
            include_all=include_all,
            on_progress=show,
            on_message=console.say,
        )
    console.print_result(report, as_json=as_json, as_text=console.print_report)
    raise typer.Exit(1 if report.failed else 0)


app.command(epilog=WATCH_EXAMPLES)(watch)


@app.command(epilog=console.example('rag ask "Who stayed in orbit?"', 'rag ask --json --top-k 10 "Who paid for it?"'))
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question, in words.")],
    collection: console.CollectionOption = None,
    top_k: console.TopKOption = None,
    source: console.SourceOption = None,
    where: console.WhereOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Answer a question from the documents, with the exact words that prove the answer."""
    from rag_app.answering.chain import AnswerError
    from rag_app.wiring import load_chain

    settings, facts = console.build_settings(collection, top_k=top_k), console.read_facts(where)
    try:
        chain = load_chain(sources=source or (), where=facts, settings=settings, on_message=console.say)
        answer = console.stream_answer(chain, question)
    except AnswerError as error:  # the model failed, but what was found is worth showing
        if as_json:
            passages = [passage.to_json() for passage in error.passages]
            console.print_json({"question": question, "error": error.message, "hint": error.hint, "passages": passages})
        else:
            console.print_passages(error.passages)
        raise
    console.print_result(answer, as_json=as_json, as_text=console.print_answer)


app.command(epilog=SEARCH_EXAMPLES)(search)
app.command(epilog=console.example("rag similar ~/papers/moon.pdf", "rag similar --top-k 3 --json moon.pdf"))(similar)


@app.command(epilog=console.example("rag show ~/papers/moon.pdf --page 2", "rag show moon.pdf --json"))
def show(
    source: console.SourceArgument,
    page: Annotated[int | None, typer.Option("--page", min=1, help="The page, counted from 1.")] = None,
    collection: console.CollectionOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Print the stored text of a page, which the offsets of citations point into."""
    from rag_app.library.documents import find_page

    found = find_page(console.open_collection(collection), source, page)
    console.print_result(found, as_json=as_json, as_text=lambda found: console.print_page(found["text"]))


app.command(epilog=CHAT_EXAMPLES)(chat)


@app.command("list", epilog=console.example("rag list", "rag list --collection samples --json"))
def list_sources(collection: console.CollectionOption = None, as_json: console.JsonOption = False) -> None:
    """List the documents of a collection with their state and number of chunks."""
    from rag_app.library.documents import describe_sources

    console.print_result(describe_sources(console.open_collection(collection)), as_json=as_json, as_text=print_sources)


def print_sources(listed: dict[str, Any]) -> None:
    for one in listed["sources"]:
        state = "" if one["state"] == "ready" else f"  {one['state']}"
        console.print_line(f"{one['source']}  {one['kind']}, {one['chunks']} chunks{state}")


@app.command(epilog=console.example("rag delete ~/papers/old.pdf", "rag delete old.pdf draft.docx"))
def delete(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="As `rag list` gives them.")],
    collection: console.CollectionOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Remove documents from a collection; the files themselves stay."""
    from rag_app.library.documents import delete_sources

    removed = delete_sources(console.open_collection(collection), sources, on_wait=console.say)
    console.print_result(removed, as_json=as_json, as_text=print_removed)


def print_removed(removed: dict[str, Any]) -> None:
    for source in removed["removed"]:
        console.print_line(f"removed: {source}")


@app.command(epilog=console.example("rag status", "rag status --collection samples --json"))
def status(collection: console.CollectionOption = None, as_json: console.JsonOption = False) -> None:
    """Show what a collection holds, what made it and how large it is."""
    from rag_app.library.documents import describe_collection

    facts = describe_collection(console.open_collection(collection), console.build_settings(collection))
    console.print_result(facts, as_json=as_json, as_text=print_facts)


def print_facts(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        console.print_line(f"{name.replace('_', ' ')}: {value}")


@app.command(epilog=console.example("rag doctor", "rag doctor --json"))
def doctor(collection: console.CollectionOption = None, as_json: console.JsonOption = False) -> None:
    """Check the installation, the settings and the collection, with a remedy for each finding."""
    from rag_app.library.doctor import run_checks

    checks = run_checks(console.build_settings(collection))
    if as_json:
        console.print_json({"checks": [check.to_json() for check in checks]})
    else:
        for check in checks:
            console.print_text(check.to_text())
    raise typer.Exit(1 if any(check.severity == "error" for check in checks) else 0)


@collections_app.callback()
def collections(context: typer.Context, as_json: console.JsonOption = False) -> None:
    """List the collections, rename or delete one."""
    if context.invoked_subcommand:
        return
    from rag_app.library.documents import describe_collections

    console.print_result(describe_collections(console.build_settings()), as_json=as_json, as_text=print_collections)


def print_collections(found: dict[str, Any]) -> None:
    for one in found["collections"]:
        console.print_line(
            f"{one['collection']}: {one['sources']} documents, {one['chunks']:,} chunks ({one['embeddings']})"
        )
    if not found["collections"]:
        console.print_line("no collections yet: rag ingest PATH makes the first")


@collections_app.command(epilog=console.example("rag collections rename papers law"))
def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="What it is to be called.")],
    as_json: console.JsonOption = False,
) -> None:
    """Give a collection another name."""
    from vectorstore.collections import rename_collection

    settings = console.build_settings()
    rename_collection(settings.data_dir, name, new_name, chroma_url=settings.chroma_url)
    renamed = {"collection": name, "renamed": new_name}
    console.print_result(
        renamed, as_json=as_json, as_text=lambda _: console.print_line(f"renamed: {name} is now {new_name}")
    )


@collections_app.command("delete", epilog=console.example("rag collections delete papers"))
def remove(name: NameArgument, as_json: console.JsonOption = False) -> None:
    """Delete a collection with all that was stored for it; the files it was made from stay."""
    from vectorstore.collections import delete_collection

    settings = console.build_settings()
    delete_collection(settings.data_dir, name, chroma_url=settings.chroma_url)
    console.print_result({"deleted": name}, as_json=as_json, as_text=lambda _: console.print_line(f"deleted: {name}"))


def main() -> None:
    """The entry point: errors for a person are two lines and exit code 2, never a traceback."""
    # A command's objects are mostly modules, which live to its end: collecting them again and again, and once more at
    # the exit, was a fifth of a short command's time.
    gc.set_threshold(GC_THRESHOLD)
    atexit.register(gc.freeze)
    arguments = sys.argv[1:] or ["--help"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # File names that are no UTF-8, and terminals that cannot show a letter, must not end in a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(arguments, prog_name="rag", standalone_mode=False)
    except RagError as error:
        console.print_error(error)
        code = 2
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "rag"
        console.print_error(InputError(error.format_message(), f"{command} --help"))
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        console.say("stopped; what was finished before is kept")
        code = 130
    except Exception as error:  # unexpected: the traceback is shown in Python's development mode alone
        if sys.flags.dev_mode:
            raise
        where = "rag doctor checks the installation; python -X dev -m rag_app.commands.main shows where it happened"
        console.print_error(RagError(f"{type(error).__name__}: {error}", where))
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
