"""From an ingest of the page to what is seen of it: how far it is, and afterwards what came of it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from ingest.report import FileProgress, FileReport, IngestReport
from rag_app.web.jobs import Job

# Of so many files each is shown where it stands; of more, first those that something happens to.
MOST_ROWS = 12
MOST_REASONS = 100
TO_BE_READ = ("waiting", "reading")
ORDER = {"embedding": 0, "reading": 1, "failed": 2, "skipped": 3, "waiting": 4}
REASONED = ("failed", "skipped", "missing", "removed")


def job_values(job: Job) -> dict[str, Any]:
    """What the component draws: a heading, then a bar and files, or the report's lines."""
    if job.error:
        return {"heading": job.error.message, "hint": job.error.hint, "isFailure": True}
    if job.report:
        return report_values(job.report)
    return running_values(job)


def running_values(job: Job) -> dict[str, Any]:
    files = job.files()
    progress = job.progress
    done, expected = expect_chunks(files)
    return {
        "heading": "Cancelling …" if job.is_cancelled else heading(files, len(job.inputs)),
        "detail": describe_speed(done, expected, job.chunks_per_second()) if progress else job.message or "Waiting …",
        "share": done / expected if expected else 0.0,
        **file_rows(files),
    }


def heading(files: Sequence[FileProgress], inputs: int) -> str:
    count = len(files) or inputs
    finished = sum(file.state not in (*TO_BE_READ, "embedding") for file in files)
    noun = "document" if count == 1 else "documents"
    return f"Adding {count:,} {noun}, {finished:,} finished" if finished else f"Adding {count:,} {noun}"


def expect_chunks(files: Sequence[FileProgress]) -> tuple[int, int]:
    """How many chunks are embedded, and of how many: what files not yet read will bring is guessed from the others."""
    read = [file for file in files if file.state not in TO_BE_READ and file.state != "unchanged"]
    unread = sum(file.state in TO_BE_READ for file in files)
    known = sum(file.chunks for file in read)
    done = sum(file.chunks_done for file in read)
    return done, known + round(unread * known / len(read)) if read else 0


def describe_speed(done: int, expected: int, per_second: float | None) -> str:
    if not expected:
        return "Reading …"
    if done >= expected:
        return f"{done:,} chunks embedded, being stored"
    embedded = f"{done:,} of {expected:,} chunks embedded"
    if not per_second:
        return embedded
    left = describe_seconds((expected - done) / per_second)
    return f"{embedded}, {per_second:,.0f} a second, {left} left"


def describe_seconds(seconds: float) -> str:
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s"
    if seconds < 3600:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def file_rows(files: Sequence[FileProgress]) -> dict[str, Any]:
    shown = list(files)
    if len(files) > MOST_ROWS:
        shown = sorted(files, key=lambda file: ORDER.get(file.state, len(ORDER)))[:MOST_ROWS]
    hidden = Counter(file.state for file in files) - Counter(file.state for file in shown)
    return {
        "rows": [file_row(file) for file in shown],
        "more": "and " + ", ".join(f"{count:,} {state}" for state, count in hidden.items()) if hidden else None,
    }


def file_row(file: FileProgress) -> dict[str, Any]:
    return {
        "name": short_name(file.source),
        "source": file.source,
        "state": file.state,
        "words": state_words(file),
        "reason": file.reason,
    }


def state_words(file: FileProgress) -> str:
    if file.state == "embedding":
        return f"{file.chunks_done:,} of {file.chunks:,} chunks embedded"
    if file.state in ("added", "updated", "unchanged"):
        return f"{file.state}, {file.chunks:,} chunk{'' if file.chunks == 1 else 's'}"
    return file.state


def short_name(source: str) -> str:
    return source if "://" in source else PurePath(source).name


def report_values(report: IngestReport) -> dict[str, Any]:
    told = [file for file in report.files if file.status in REASONED]
    told.sort(key=lambda file: REASONED.index(file.status))
    return {
        "heading": describe_counts(report),
        "detail": " ".join(warning_line(warning) for warning in report.warnings) or None,
        "rows": [report_row(file) for file in told[:MOST_REASONS]],
        "more": f"and {len(told) - MOST_REASONS:,} more" if len(told) > MOST_REASONS else None,
    }


def describe_counts(report: IngestReport) -> str:
    """`added` first, `unchanged` last: `3 added, 1 failed, 12 unchanged`."""
    counts = report.counts()
    order = ["added", "updated", *REASONED, "unchanged"]
    words = [f"{counts[status]:,} {status}" for status in order if status in counts]
    return ", ".join(words).capitalize() or "Nothing was added"


def warning_line(warning: str) -> str:
    return f"{warning[0].upper()}{warning[1:]}."


def report_row(file: FileReport) -> dict[str, Any]:
    return file_row(FileProgress(file.source, file.status, reason=file.reason))
