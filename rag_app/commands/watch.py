"""Runs `rag watch`: prints a line a file for each change on disk that the collection follows."""

import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.commands.options import AllOption, CollectionOption, JsonOption, PruneOption, build_settings, example
from rag_app.commands.output import describe_file, ingest_progress, print_json, print_report
from rag_app.terminal import clean, print_line, say

if TYPE_CHECKING:  # so that help does not wait for the readers
    from ingest.report import IngestReport

WATCH_EXAMPLES = example("rag watch ~/papers", "rag watch --collection law --prune contracts/ notes.md")


def watch(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or patterns.")],
    collection: CollectionOption = None,
    prune: PruneOption = False,
    include_all: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Keep a collection in step with files and folders as they change, until Ctrl-C."""
    from rag_app.library.watch import watch as keep_in_step

    settings = build_settings(collection)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        # The bar is for the first sync, which may take long; on the screen it would go on for ever.
        with ExitStack() as bar:
            keep_in_step(
                paths,
                settings,
                prune=prune,
                include_all=include_all,
                on_progress=bar.enter_context(ingest_progress()),
                on_report=ReportPrinter(", ".join(paths), as_json=as_json, before=bar.close),
                on_message=say_line,
            )
    except KeyboardInterrupt:
        say("stopped watching; what was finished before is kept")


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the watch wherever it is, also in the middle of a sync, which the next one finishes."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)  # who asks twice does not want to wait
    raise KeyboardInterrupt


def say_line(message: str) -> None:
    say(" ".join(clean(message).split()))


class ReportPrinter:
    """Prints the first report as `rag ingest` does, then what changes; with `as_json` an object a line."""

    def __init__(self, watched: str, *, as_json: bool, before: Callable[[], None]) -> None:
        self._watched, self._as_json, self._before = watched, as_json, before
        self._is_first = True

    def __call__(self, report: "IngestReport") -> None:
        self._before()
        if self._as_json:
            print_json(report.to_json())
            sys.stdout.flush()
        elif self._is_first:
            print_report(report)
        else:
            print_changes(report)
        if self._is_first:
            say(f"watching {self._watched}; Ctrl-C ends it")
        self._is_first = False


def print_changes(report: "IngestReport") -> None:
    for warning in report.warnings:
        say(f"warning: {warning}")
    for file in report.files:
        chunks = f" ({file.chunks} chunks)" if file.status in ("added", "updated") else ""
        print_line(f"{file.status}: {describe_file(file)}{chunks}")
