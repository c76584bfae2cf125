"""What an ingest did, file by file."""

import html
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["added", "updated", "unchanged", "missing", "removed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's outcome; `chunks` is how many it has in the collection now, `reason` why it was skipped or failed."""

    source: str
    status: Status
    chunks: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """A finished ingest; `warnings` are lines about folders and about what was left out of files, `seconds`
    is wall time; `tokens_sent` is how many a provider has read, where the model is one's."""

    collection: str
    files: tuple[FileReport, ...]
    chunks_embedded: int
    characters_embedded: int
    seconds: float
    warnings: tuple[str, ...] = ()
    tokens_sent: int | None = None

    @property
    def failed(self) -> tuple[FileReport, ...]:
        return tuple(file for file in self.files if file.status == "failed")

    def counts(self) -> dict[str, int]:
        return dict(Counter(file.status for file in self.files))

    def reasons(self) -> dict[str, int]:
        """How many files were skipped, failed or are gone, by status and reason, the most frequent first."""
        told = Counter(f"{file.status}: {file.reason}" for file in self.files if file.reason)
        return dict(told.most_common())

    def to_json(self) -> dict[str, Any]:
        """`tokens_sent` is there for providers alone."""
        return {name: value for name, value in asdict(self).items() if name != "tokens_sent" or value is not None}

    def _repr_html_(self) -> str:
        """What a notebook shows: how many files came to what, and why those that were not read were not."""
        counts = ", ".join(f"{count} {status}" for status, count in self.counts().items()) or "no files"
        told = [f"{count} {reason}" for reason, count in self.reasons().items()]
        lines = [f"{counts} in the collection {self.collection}", f"{self.chunks_embedded:,} chunks embedded", *told]
        return "<br>".join(html.escape(line) for line in [*lines, *self.warnings])


FileState = Literal["waiting", "reading", "embedding"] | Status


@dataclass(frozen=True, slots=True)
class FileProgress:
    """Where one file of an ingest is; `chunks_done` of its `chunks` are embedded, `reason` as in its report."""

    source: str
    state: FileState
    chunks_done: int = 0
    chunks: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files looked at, of how many; chunks embedded, of how many known so far.

    `changed` is the file whose state has changed just now, if it is one.
    """

    files_done: int
    files: int
    chunks_done: int
    chunks: int
    current: str
    changed: FileProgress | None = None


class Stopped(Exception):  # noqa: N818 - nothing has gone wrong
    """Raised by whoever is told of the progress, to end the ingest: what is finished stays, all else is as it was."""
