"""Watches files and folders and ingests what changes in them, until it is stopped."""

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import watchfiles

from ingest.discovery import GLOB_SIGNS, FoundFile, FoundFiles, find_files, split_urls
from ingest.report import FileReport, IngestReport, Progress
from rag_app.settings import Settings
from rag_app.wiring import Tell, ingest_paths, silent
from vectorstore.errors import InputError, ProviderError, RagError, StorageError

# A file is read once it has kept its size and time for so long; one that never rests is read after a minute.
REST_S = 0.7
MOST_UNREST_S = 60.0
# Systems drop events when there are too many, and network folders send none: a scan a minute, for 1 % of the time.
SCAN_S = 60.0
SCAN_SHARE = 0.01
RETRY_S = 30.0
POLL_MS = 2_000
IN_COLLECTION = ("added", "updated", "unchanged")


def watch(  # noqa: PLR0913 - the arguments of an ingest, and when to stop
    paths: Sequence[str | Path],
    settings: Settings,
    *,
    prune: bool = False,
    include_all: bool = False,
    on_report: Callable[[IngestReport], None] = lambda report: None,
    on_message: Tell = silent,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop_event: threading.Event | None = None,
    rest_s: float = REST_S,
) -> None:
    """Keep the collection in step with these files and folders until `stop_event` is set.

    The first report covers all files, the later ones what has changed since. URLs are read once, at the start.
    Raises what an ingest cannot start with. A full disk or a provider that is down is reported and tried again at the
    next change or after half a minute.
    """
    given = tuple(map(str, paths))
    on_disk = tuple(map(str, split_urls(given)[1]))
    if not on_disk:
        raise InputError("web pages cannot be watched", f"read them again now and then: rag ingest {' '.join(given)}")
    ingest = partial(
        ingest_paths,
        settings=settings,
        prune=prune,
        include_all=include_all,
        on_progress=on_progress,
        on_message=on_message,
    )
    find = partial(find_files, include_all=include_all, max_bytes=settings.max_file_mb * 1_000_000)
    own = tuple(f"{os.path.realpath(folder)}/" for folder in (settings.data_dir, settings.cache_dir))
    Watch(on_disk, own, find, ingest, on_report, on_message, rest_s).run(given, stop_event or threading.Event())


@dataclass(frozen=True, slots=True)
class Scan:
    """The files that the watched paths lead to, and the paths that lead nowhere."""

    files: frozenset[FoundFile]
    waiting: tuple[str, ...]


@dataclass(slots=True)
class Watch:
    """A running watch: `synced` is the scan before the last ingest, `seen` the last scan.

    `own_folders` are written to by the ingest itself; `named` are files that a path or pattern names by itself.
    """

    paths: tuple[str, ...]
    own_folders: tuple[str, ...]
    find: Callable[[Sequence[str]], FoundFiles]
    ingest: Callable[[Sequence[str]], IngestReport]
    on_report: Callable[[IngestReport], None]
    on_message: Tell
    rest_s: float
    synced: Scan | None = None
    seen: Scan | None = None
    seen_since: float = 0.0
    restless_since: float | None = None
    next_scan: float = 0.0
    polls: bool = False
    named: set[str] = field(default_factory=set)
    reported: dict[str, FileReport] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def run(self, given: Sequence[str], stop_event: threading.Event) -> None:
        self.synced = self.seen = self.scan()  # before the ingest: the next scan finds what changes during it
        self.sync(given, is_first=True)
        while not stop_event.is_set():
            roots = self.root_states()
            self.next_scan = 0.0
            for changed in self.events(stop_event):
                if any(map(self.concerns, changed)) or time.monotonic() >= self.next_scan:
                    self.check()
                if self.root_states() != roots:  # a root has come or gone: other folders are to be watched
                    break

    def events(self, stop_event: threading.Event) -> Iterator[list[str]]:
        """The changed paths, at the latest every `rest_s` and then perhaps none. Raises KeyboardInterrupt."""
        try:
            for changes in watchfiles.watch(
                *(place for path in self.paths if os.path.isdir(place := watched_place(path))),  # noqa: PTH112
                watch_filter=None,
                rust_timeout=int(self.rest_s * 1000),
                yield_on_timeout=True,
                stop_event=stop_event,
                force_polling=self.polls or None,
                poll_delay_ms=POLL_MS,
                ignore_permission_denied=True,
            ):
                yield [path for _, path in changes]
        except FileNotFoundError:
            return  # a folder that has gone just now
        except (OSError, RuntimeError) as error:
            if self.polls:
                raise
            self.polls = True
            self.on_message(f"the system cannot report changes ({error}): looking every few seconds instead")

    def concerns(self, changed: str) -> bool:
        return not changed.startswith(self.own_folders)

    def root_states(self) -> list[tuple[int, ...] | None]:
        """The identity of each watched folder, and also size and time of each file that is named."""
        return [state_of(watched_place(path)) for path in self.paths]

    def scan(self) -> Scan:
        files: set[FoundFile] = set()
        waiting = []
        for path in self.paths:
            try:
                found = self.find([path])
            except InputError:  # a pattern that matches nothing at present
                waiting.append(path)
                continue
            waiting += [path] if found.absent else []
            kept = [file for file in found.files if self.concerns(str(file.path))]
            files.update(kept)
            inside = tuple(f"{folder}/" for folder in found.folders)
            self.named |= {file.source for file in kept if not str(file.path).startswith(inside)}
        return Scan(frozenset(files), tuple(waiting))

    def check(self) -> None:
        """Ingest if the files are others than at the last ingest and have rested."""
        began = time.monotonic()
        found = self.scan()
        if found != self.seen:
            self.seen, self.seen_since = found, began
        self.next_scan = time.monotonic() + max(SCAN_S, (time.monotonic() - began) / SCAN_SHARE)
        if found == self.synced:
            self.restless_since = None
            return
        self.restless_since = self.restless_since or began
        if began - self.seen_since < self.rest_s and began - self.restless_since < MOST_UNREST_S:
            self.next_scan = began + self.rest_s
            return
        self.report_waiting(found)
        self.synced, self.restless_since = found, None
        if paths := [path for path in self.paths if path not in found.waiting] + self.gone():
            self.sync(paths)

    def report_waiting(self, now: Scan) -> None:
        before = self.synced.waiting if self.synced else ()
        for path in set(now.waiting).symmetric_difference(before):
            self.on_message(f"{path} is there again" if path in before else f"{path} is not there; waiting for it")

    def gone(self) -> list[str]:
        """Files that were named by themselves and are gone from a folder that is still there."""
        ingested = {source for source, file in self.reported.items() if file.status in IN_COLLECTION}
        named = sorted(self.named & ingested)
        return [path for path in named if not os.path.lexists(path) and Path(path).parent.is_dir()]

    def sync(self, paths: Sequence[str], *, is_first: bool = False) -> None:
        try:
            report = self.ingest(paths)
        except RagError as error:
            if is_first and not isinstance(error, (ProviderError, StorageError)):
                raise
            self.on_message(f"error: {error.message}")
            self.on_message(f"hint: {error.hint}")
            self.synced, self.next_scan = None, time.monotonic() + RETRY_S
            return
        self.on_report(report if is_first else self.only_news(report))
        self.reported |= {file.source: file for file in report.files}
        self.warnings = report.warnings

    def only_news(self, report: IngestReport) -> IngestReport:
        """Without what was reported before: a file that cannot be read fails at every ingest."""
        known = {(source, file.status, file.reason) for source, file in self.reported.items()}
        files = tuple(
            file
            for file in report.files
            if file.status in ("added", "updated")
            or (file.status != "unchanged" and (file.source, file.status, file.reason) not in known)
        )
        warnings = tuple(warning for warning in report.warnings if warning not in self.warnings)
        return replace(report, files=files, warnings=warnings)


def watched_place(given: str) -> str:
    """A path itself, or for a pattern the folder below which its matches come and go."""
    path = os.path.expanduser(given)  # noqa: PTH111 - Path.expanduser raises for a user there is none of
    if not GLOB_SIGNS.isdisjoint(given) and not os.path.lexists(path):
        path = os.path.dirname(re.split(r"[*?\[]", path, maxsplit=1)[0]) or "."  # noqa: PTH120
    return os.path.realpath(path)


def state_of(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    identity = (status.st_dev, status.st_ino)
    return identity if stat.S_ISDIR(status.st_mode) else (*identity, status.st_size, status.st_mtime_ns)
