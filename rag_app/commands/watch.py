"""Runs `rag watch`: prints a line a file for each change on disk that the collection follows."""

import signal
import sys
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.commands import console

if TYPE_CHECKING:  # so that help does not wait for the readers
    from ingest.report import IngestReport

WATCH_EXAMPLES = console.example("rag watch ~/papers", "rag watch --collection law --prune contracts/ notes.md")


def watch(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or patterns.")],
    collection: console.CollectionOption = None,
    prune: console.PruneOption = False,
    include_all: console.AllOption = False,
    as_json: console.JsonOption = False,
) -> None:
    """Keep a collection in step with files and folders as they change, until Ctrl-C."""
    from rag_app.library.watch import watch as keep_in_step

    reports = 0

    def show(report: "IngestReport") -> None:
        nonlocal reports
        bar.close()
        print_watched(report, is_first=reports == 0, as_json=as_json)
        if reports == 0:
            console.say(f"watching {', '.join(paths)}; Ctrl-C ends it")
        reports += 1

    settings = console.build_settings(collection)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        # The bar is for the first ingest, which may take long; afterwards it would never end.
        with ExitStack() as bar:
            keep_in_step(
                paths,
                settings,
                prune=prune,
                include_all=include_all,
                on_progress=bar.enter_context(console.ingest_progress()),
                on_report=show,
                on_message=lambda message: console.say(" ".join(console.clean(message).split())),
            )
    except KeyboardInterrupt:
        console.say("stopped watching; what was finished before is kept")


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the watch wherever it is, also in the middle of an ingest, which the next one finishes."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)  # who asks twice does not want to wait
    raise KeyboardInterrupt


def print_watched(report: "IngestReport", *, is_first: bool, as_json: bool) -> None:
    """The first report as `rag ingest` prints it, then a line a changed file; or an object a line."""
    if as_json:
        console.print_json(report.to_json())
        sys.stdout.flush()
    elif is_first:
        console.print_report(report)
    else:
        for warning in report.warnings:
            console.say(f"warning: {warning}")
        for file in report.files:
            chunks = f" ({file.chunks} chunks)" if file.status in ("added", "updated") else ""
            console.print_line(f"{file.status}: {console.describe_file(file)}{chunks}")
