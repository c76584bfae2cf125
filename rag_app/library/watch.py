"""From files that change to a collection in step with them, sync after sync, until told to stop."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.report import FileReport, IngestReport, Progress
from rag_app.library.disk_state import DiskState, Scope, look_at, root_states
from rag_app.library.folder_events import FolderEvents
from rag_app.settings import Settings
from rag_app.wiring import Tell, run_ingest, silent
from vectorstore.errors import InputError, ProviderError, RagError, StorageError

# Between two of these a few `stat` calls tell whether a root was unmounted or a single file has changed.
TICK_S = 2.0
# A file is read once it has kept its size and time so long; one that never rests is read after all, at last.
REST_S = 0.7
MOST_UNREST_S = 60.0
# Systems drop events when too many come, and network folders tell none: all is looked at anew, for 1 % of the time.
SWEEP_S = 60.0
SWEEP_SHARE = 0.01
RETRY_S = 30.0
IN_COLLECTION = ("added", "updated", "unchanged")


def watch(  # noqa: PLR0913 - what an ingest takes, and when to stop
    paths: Sequence[str | Path],
    settings: Settings,
    *,
    prune: bool = False,
    include_all: bool = False,
    on_report: Callable[[IngestReport], None] = lambda report: None,
    on_message: Tell = silent,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop_event: threading.Event | None = None,
) -> None:
    """Keep the collection in step with these files and folders until `stop_event` is set.

    The first report is a whole one, the later ones hold what has changed since. URLs are read once, at the start.
    Raises what an ingest cannot start with; a full disk or a provider that is down is told and tried again, at the
    next change or after half a minute.
    """
    given = tuple(map(str, paths))
    on_disk = tuple(path for path in given if not is_url(path))
    if not on_disk:
        raise InputError("web pages cannot be watched", f"read them again now and then: rag ingest {' '.join(given)}")
    scope = Scope(on_disk, include_all, settings.max_file_mb * 1_000_000, (settings.data_dir, settings.cache_dir))

    def ingest(some: Sequence[str]) -> IngestReport:
        return run_ingest(
            some,
            settings,
            prune=prune,
            include_all=include_all,
            on_progress=on_progress,
            on_message=on_message,
        )

    events = FolderEvents(on_message)
    try:
        Watch(scope, ingest, on_report, on_message, events).run(given, stop_event or threading.Event())
    finally:
        events.close()


def is_url(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


@dataclass(slots=True)
class Watch:
    """A watch under way: `synced` is what was there before the last sync, `seen` what the last look found."""

    scope: Scope
    ingest: Callable[[Sequence[str]], IngestReport]
    on_report: Callable[[IngestReport], None]
    on_message: Tell
    events: FolderEvents
    synced: DiskState = field(init=False)
    seen: DiskState = field(init=False)
    named: set[str] = field(default_factory=set)
    roots: tuple[object, ...] = ()
    restless_since: float | None = None
    retry_at: float | None = None
    next_sweep: float = 0.0
    told: dict[str, FileReport] = field(default_factory=dict)
    warned: tuple[str, ...] = ()

    def run(self, given: Sequence[str], stop_event: threading.Event) -> None:
        self.synced = self.seen = self.look()  # before the sync: what changes during it is found by the next look
        self.named |= self.seen.named
        self.sync(given, is_first=True)
        while not stop_event.is_set():
            patience = TICK_S if self.restless_since is None else REST_S
            if self.events.wait(patience, stop_event) or self.is_due():
                self.take_look()

    def look(self) -> DiskState:
        began = time.monotonic()
        self.roots = root_states(self.scope.paths)
        found = look_at(self.scope)
        for _ in range(3):  # what came while the new folders were not watched yet is found by looking again
            if not self.events.follow(found.folders):
                break
            found = look_at(self.scope)
        now = time.monotonic()
        self.next_sweep = now + max(SWEEP_S, (now - began) / SWEEP_SHARE)
        return found

    def is_due(self) -> bool:
        now = time.monotonic()
        retries = self.retry_at is not None and now >= self.retry_at
        changed = self.roots != root_states(self.scope.paths)
        return retries or changed or self.restless_since is not None or now >= self.next_sweep

    def take_look(self) -> None:
        now, before = self.look(), self.seen
        self.seen = now
        at = time.monotonic()
        is_other = (now.files, now.waiting) != (self.synced.files, self.synced.waiting)
        if not is_other and (self.retry_at is None or at < self.retry_at):
            self.restless_since = None
            return
        if self.restless_since is None:
            self.restless_since = at
        if now.files == before.files or at - self.restless_since > MOST_UNREST_S:
            self.tell_waiting(now)
            paths = [path for path in self.scope.paths if path not in now.waiting] + self.gone(now)
            self.synced, self.restless_since = now, None
            if paths:
                self.sync(paths)

    def gone(self, now: DiskState) -> list[str]:
        """Files that were named themselves, by a path or a pattern, and are gone from a folder that is there."""
        self.named |= now.named
        known = {source for source in self.named if (told := self.told.get(source)) and told.status in IN_COLLECTION}
        return [path for path in sorted(known) if not os.path.lexists(path) and Path(path).parent.is_dir()]

    def tell_waiting(self, now: DiskState) -> None:
        for path in now.waiting:
            if path not in self.synced.waiting:
                self.on_message(f"{path} is not there; waiting for it")
        for path in self.synced.waiting:
            if path not in now.waiting:
                self.on_message(f"{path} is there again")

    def sync(self, paths: Sequence[str], *, is_first: bool = False) -> None:
        try:
            report = self.ingest(paths)
        except RagError as error:
            if is_first and not isinstance(error, (ProviderError, StorageError)):
                raise
            self.on_message(f"error: {error.message}")
            self.on_message(f"hint: {error.hint}")
            self.retry_at = time.monotonic() + RETRY_S
            return
        self.retry_at = None
        self.on_report(report if is_first else self.news(report))
        self.told.update((file.source, file) for file in report.files)
        self.warned = report.warnings

    def news(self, report: IngestReport) -> IngestReport:
        """The report without what was said before: a file that cannot be read is tried, and failed, at every sync."""
        files = tuple(file for file in report.files if self.is_news(file))
        warnings = tuple(warning for warning in report.warnings if warning not in self.warned)
        return replace(report, files=files, warnings=warnings)

    def is_news(self, file: FileReport) -> bool:
        if file.status in ("added", "updated"):
            return True
        told = self.told.get(file.source)
        return file.status != "unchanged" and (told is None or (told.status, told.reason) != (file.status, file.reason))
