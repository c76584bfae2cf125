"""Defines the options that commands share; prints results on stdout, progress and messages on stderr, as plain text."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import rich.progress
import typer
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from rag_app.settings import WRITTEN_ANSWERS, Settings
from vectorstore.errors import InputError, RagError
from vectorstore.types import name_place

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from ingest.report import FileReport, IngestReport
    from ingest.report import Progress as IngestProgress
    from rag_app.types import Answer, Sentence, State
    from vectorstore import Store
    from vectorstore.types import Passage

CollectionOption = Annotated[
    str | None, typer.Option("--collection", metavar="NAME", help="The collection; RAG_COLLECTION or `default`.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
TopKOption = Annotated[
    int | None, typer.Option("--top-k", min=1, max=100, metavar="N", help="How many passages; RAG_TOP_K or 10.")
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
MlflowOption = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="[URI]",
        help="Keep the result as an MLflow run, at URI or in a database of the data folder (extra `mlflow`).",
    ),
]

# A document's bytes must not move the cursor, recolour the terminal or retitle the window, nor change the order in
# which a line is read (CVE-2021-42574, "Trojan Source").
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Rich would colour `[red]` and draw `:smile:` where a document has them.
out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
err = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
MOST_FILES_LISTED = 20
# What is said of one sentence, and of several.
COUNTED: "dict[State, tuple[str, str]]" = {
    "not proved": ("is not proved", "are not proved"),
    "similar": ("has only similar words in the documents", "have only similar words in the documents"),
    "contradicted": ("says otherwise than the documents", "say otherwise than the documents"),
}
Item = TypeVar("Item")


def example(*commands: str) -> str:
    return "Example: " + "   or: ".join(commands)


def build_settings(
    collection: str | None = None, *, top_k: int | None = None, file_password: str | None = None
) -> Settings:
    """Settings of the environment; options of the command line come first."""
    given = {"collection": collection, "top_k": top_k, "file_password": file_password}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def open_collection(collection: str | None) -> "Store":
    from rag_app.wiring import build_store  # LangChain and Chroma: `rag --help` does not wait for them

    return build_store(build_settings(collection))


def read_facts(where: list[str] | None) -> dict[str, str]:
    facts = {}
    for given in where or ():
        name, sign, value = given.partition("=")
        if not sign:
            raise InputError(f"--where {given} has no value", "write it as --where kind=pdf")
        facts[name.strip()] = value.strip()
    return facts


def clean(text: str) -> str:
    return CONTROL.sub(" ", text)


def say(message: str) -> None:
    err.print(clean(message))


def print_text(text: str) -> None:
    out.print(clean(text))


def print_line(text: str) -> None:
    """For titles and file names: one with a line break in it must not look like two."""
    out.print(" ".join(clean(text).splitlines()))


def print_result(result: Any, *, as_json: bool, as_text: Callable[[Any], object]) -> None:
    """One JSON object, or what `as_text` prints; `result` is a dictionary or has `to_json`."""
    if as_json:
        print_json(result if isinstance(result, dict) else result.to_json())
    else:
        as_text(result)


def print_json(value: dict[str, Any]) -> None:
    is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not is_utf8)
    # JSON itself leaves the control characters from DEL on, which terminals obey too.
    sys.stdout.write(CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n")


def print_page(text: str) -> None:
    """Without control characters on a terminal; as it is stored into a pipe, where offsets are counted."""
    if sys.stdout.isatty():
        print_text(text)
    else:
        sys.stdout.write(text + "\n")


def print_error(error: RagError) -> None:
    for name, text in (("error", error.message), ("hint", error.hint)):
        err.print(f"{name}: {' '.join(clean(text).splitlines())}")


@contextmanager
def ingest_progress() -> Iterator[Callable[["IngestProgress"], None]]:
    """A bar with files, chunks per second and time left; silent in a pipe."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[files]}  {task.completed:.0f}/{task.total:.0f} chunks  {task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("reading", total=1, files="", speed="")

        def show(progress: "IngestProgress") -> None:
            speed = bar.tasks[0].speed
            # The chunks of files not yet read are estimated from those that were.
            expected = progress.chunks * progress.files / max(progress.files_done, 1)
            bar.update(
                task,
                completed=progress.chunks_done,
                total=max(expected, progress.chunks, 1),
                files=f"{progress.files_done}/{progress.files} files",
                speed=f"{speed:.0f} chunks/s" if speed else "",
                description=clean(Path(progress.current).name)[:30],
            )

        yield show


def track(items: Iterable[Item], description: str, *, total: int) -> Iterable[Item]:
    """The items one by one, with a bar; silent in a pipe."""
    return rich.progress.track(
        items, description, total=total, console=err, transient=True, disable=not err.is_terminal
    )


def print_report(report: "IngestReport") -> None:
    for warning in report.warnings:
        say(f"warning: {warning}")
    listed = [file for file in report.files if file.status not in ("added", "updated", "unchanged")]
    for file in listed[:MOST_FILES_LISTED]:
        print_line(f"{file.status}: {describe_file(file)}")
    if len(listed) > MOST_FILES_LISTED:
        out.print(f"... and {len(listed) - MOST_FILES_LISTED} more (--json lists all)")
    reasons = report.reasons()
    if len(listed) > len(reasons) > 0:
        out.print("\nBy reason:")
        for reason, count in reasons.items():
            print_line(f"{count:>6}  {reason}")
        out.print()
    counts = ", ".join(f"{count} {status}" for status, count in report.counts().items()) or "no files"
    out.print(f"{counts} in the collection {report.collection}: {describe_work(report)}")


def describe_work(report: "IngestReport") -> str:
    if not report.chunks_embedded:
        return f"nothing had to be embedded ({report.seconds:.1f} s)"
    speed = report.chunks_embedded / report.seconds if report.seconds else 0
    sent = f", {report.tokens_sent:,} tokens sent" if report.tokens_sent else ""
    return f"{report.chunks_embedded:,} chunks embedded in {report.seconds:.1f} s ({speed:.0f} chunks/s){sent}"


def describe_file(file: "FileReport") -> str:
    return f"{file.source}: {file.reason}" if file.reason else file.source


def stream_answer(chain: "Runnable[Any, Answer]", question: str) -> "Answer":
    """The finished Answer; on a terminal the text is shown while it is written, then removed."""
    from rag_app.types import Answer

    text = ""
    with Live("", console=err, transient=True, auto_refresh=False) if err.is_terminal else nullcontext() as live:
        for update in chain.stream(question):
            if isinstance(update, Answer):
                return update
            text += str(update)
            if live is not None:
                live.update(Text(clean(text)), refresh=True)
    raise RuntimeError("the chain ended without an Answer")


def print_answer(answer: "Answer") -> None:
    if answer.search_note:
        say(f"{answer.search_note}\n")
    print_text("".join(sentence.shown for sentence in answer.sentences))
    if not answer.refused:
        out.print()
        for citation in answer.citations:
            place = name_place(citation.title, citation.page, citation.time)
            print_line(f"[{citation.marker}] {place} ({citation.source})")
    elif answer.passages:
        out.print("\nClosest passages:")
        print_passages(answer.passages[:3])
    if counts := count_states(answer.sentences):
        say(f"\n{counts}")
    say(f"\nAnswered by {answer.answered_by}." + (f" {WRITTEN_ANSWERS}" if answer.answered_by == "quotes" else ""))


def count_states(sentences: "Sequence[Sentence]") -> str:
    """How many have a remark, state by state; empty where none has."""
    counts = Counter(sentence.state for sentence in sentences if sentence.remark)
    parts = list[str]()
    for state, (one, more) in COUNTED.items():
        if count := counts[state]:
            among = "" if parts else f" of {len(sentences)} sentences"
            parts.append(f"{count}{among} {one if count == 1 else more}")
    return ", ".join(parts)


def print_passages(passages: Sequence["Passage"], reasons: Sequence[str] = ()) -> None:
    for number, passage in enumerate(passages, 1):
        chunk = passage.chunk
        place = name_place(chunk.title, chunk.page, chunk.time)
        print_line(f"{number}. {place}  {passage.score:.2f}  {chunk.source}")
        print_line("   " + " ".join(chunk.text.split())[:300])
        if number <= len(reasons):
            print_line("   " + reasons[number - 1])
