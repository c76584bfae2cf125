"""Prints results on stdout, and progress and messages on stderr."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from rag_app.settings import WRITTEN_ANSWERS
from rag_app.terminal import CONTROL, clean, err, out, print_line, print_text, say
from vectorstore.errors import RagError
from vectorstore.types import name_place

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from ingest.report import FileReport, IngestReport
    from ingest.report import Progress as IngestProgress
    from rag_app.types import Answer, Sentence
    from vectorstore.types import Passage

MOST_FILES_LISTED = 20
Item = TypeVar("Item")


def print_result(result: dict[str, Any], *, as_json: bool, as_text: Callable[[dict[str, Any]], object]) -> None:
    """One JSON object, or what `as_text` prints of it."""
    if as_json:
        print_json(result)
    else:
        as_text(result)


def print_page(text: str) -> None:
    """Without control characters on a terminal; as it is stored into a pipe, where offsets are counted."""
    if sys.stdout.isatty():
        print_text(text)
    else:
        sys.stdout.write(text + "\n")


def print_json(value: dict[str, Any]) -> None:
    is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not is_utf8)
    # JSON itself leaves the control characters from DEL on, which terminals obey too.
    sys.stdout.write(CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n")


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
            # What the files not yet read will bring is guessed from those that were.
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


def track(items: Iterable[Item], description: str, *, total: int) -> Iterator[Item]:
    """The items one by one, with a bar; silent in a pipe."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        yield from bar.track(items, total=total, description=description)


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
    print_text(answer.text if answer.refused else "".join(map(with_support, answer.sentences)))
    if not answer.refused:
        out.print()
        for citation in answer.citations:
            place = name_place(citation.title, citation.page, citation.time)
            print_line(f"[{citation.marker}] {place} ({citation.source})")
    elif answer.passages:
        out.print("\nClosest passages:")
        print_passages(answer.passages[:3])
    unsupported = sum(not sentence.supported for sentence in answer.sentences)
    if unsupported and not answer.refused:
        say(f"\n{unsupported} of {len(answer.sentences)} sentences have no support in the documents")
    say(f"\nAnswered by {answer.answered_by}." + (f" {WRITTEN_ANSWERS}" if answer.answered_by == "quotes" else ""))


def with_support(sentence: "Sentence") -> str:
    """The sentence, marked where nothing in the documents proves it; what has no word claims nothing."""
    if sentence.supported or not re.search(r"\w", sentence.text):
        return sentence.text
    shown = sentence.text.rstrip()
    return f"{shown} (unsupported){sentence.text[len(shown) :]}"


def print_passages(passages: Sequence["Passage"], reasons: Sequence[str] = ()) -> None:
    for number, passage in enumerate(passages, 1):
        chunk = passage.chunk
        place = name_place(chunk.title, chunk.page, chunk.time)
        print_line(f"{number}. {place}  {passage.score:.2f}  {chunk.source}")
        print_line("   " + " ".join(chunk.text.split())[:300])
        if number <= len(reasons):
            print_line("   " + reasons[number - 1])
