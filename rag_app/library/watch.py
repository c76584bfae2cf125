"""Watches files and folders and ingests them again whenever something in them changes, until it is stopped."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import watchfiles

from ingest import IngestReport as IngestReport
from ingest import Progress
from ingest.discovery import GLOB_SIGNS, expand, split_urls
from rag_app.settings import Settings
from rag_app.wiring import Tell, ingest_paths, silent
from vectorstore.errors import InputError, ProviderError, RagError, StorageError

# Changes are read once no other has come for so long; where there is no end of them, after a minute.
REST_S = 0.7
MOST_UNREST_S = 60.0
# Systems drop events when there are too many, and network folders send none: an ingest a minute, for 1 % of the time.
LOOK_S = 60.0
LOOK_SHARE = 0.01
RETRY_S = 30.0
POLL_S = 2.0
IN_COLLECTION = ("added", "updated", "unchanged")
HIDDEN = re.compile(r"/\.(?!gitignore$)")


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
    own = tuple(f"{os.path.realpath(folder)}/" for folder in (settings.data_dir, settings.cache_dir))
    Watch(on_disk, own, include_all, ingest, on_report, on_message, rest_s).run(given, stop_event or threading.Event())


@dataclass(slots=True)
class Watch:
    """A running watch; each change is followed by an ingest of all paths, in which unchanged files cost little.

    `own_folders` are written to by the ingest itself; `named` are the files in the collection that a path or pattern
    names by itself, `waiting` the paths that lead nowhere at present, `last` the last report.
    """

    paths: tuple[str, ...]
    own_folders: tuple[str, ...]
    include_all: bool
    ingest: Callable[[Sequence[str]], IngestReport]
    on_report: Callable[[IngestReport], None]
    on_message: Tell
    rest_s: float
    next_look: float = 0.0
    polls: bool = False
    named: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    last: IngestReport | None = None

    def run(self, given: Sequence[str], stop_event: threading.Event) -> None:
        self.sync(given, is_first=True)
        # When the first change came that is not read yet: one may have come before the system was asked to report them.
        since: float | None = time.monotonic()
        while not stop_event.is_set():
            roots = self.roots()
            for changed in self.events(roots, stop_event):
                now, is_same = time.monotonic(), self.roots() == roots and roots.isdisjoint(changed)
                is_quiet = is_same and not any(map(self.concerns, changed))
                if not is_quiet:
                    since = since or now
                if (since and is_quiet) or now >= (since + MOST_UNREST_S if since else self.next_look):
                    since = None
                    self.sync()
                if not is_same:  # the system reports changes below what was there before
                    break

    def roots(self) -> set[str]:
        """The watched files and folders that are there, symbolic links resolved."""
        return {place for place in map(watched_place, self.paths) if os.path.lexists(place)}

    def events(self, roots: Iterable[str], stop_event: threading.Event) -> Iterator[list[str]]:
        """The changed paths; none after `rest_s` without a change. Raises KeyboardInterrupt."""
        try:
            for changes in watchfiles.watch(
                *roots,
                watch_filter=None,
                rust_timeout=int(1000 * (2 * POLL_S if self.polls else self.rest_s)),
                yield_on_timeout=True,
                stop_event=stop_event,
                force_polling=self.polls or None,
                poll_delay_ms=int(1000 * POLL_S),
                ignore_permission_denied=True,
            ):
                yield [path for _, path in changes]
        except FileNotFoundError:
            return  # a root that has gone just now
        except (OSError, RuntimeError) as error:
            if self.polls:
                raise
            self.polls = True
            self.on_message(f"the system cannot report changes ({error}): looking every few seconds instead")

    def concerns(self, changed: str) -> bool:
        """Whether a changed path can matter: not what the ingest itself writes, and no hidden file."""
        places = (place for place in map(watched_place, self.paths) if changed.startswith(place))
        is_seen = self.include_all or any(not HIDDEN.search(changed, len(place)) for place in places)
        return is_seen and not changed.startswith(self.own_folders)

    def sync(self, given: Sequence[str] = (), *, is_first: bool = False) -> None:
        there = self.find_paths()
        # A file that has gone with its folder may only be on a disk that is not mounted.
        gone = sorted(path for path in self.named - there if Path(path).parent.is_dir())
        paths, began = given or [*sorted(there), *gone], time.monotonic()
        try:
            report = self.ingest(paths) if paths else None
        except RagError as error:
            if is_first and not isinstance(error, (ProviderError, StorageError)):
                raise
            self.on_message(f"error: {error.message}")
            self.on_message(f"hint: {error.hint}")
            self.next_look = time.monotonic() + RETRY_S
            return
        self.next_look = time.monotonic() + max(LOOK_S, (time.monotonic() - began) / LOOK_SHARE)
        if report:
            is_in = {file.source: file.status in IN_COLLECTION for file in report.files}
            self.named = {path for path in self.named | there if is_in.get(path, path in self.named)}
            self.report(report)

    def find_paths(self) -> set[str]:
        """The files and folders that the paths lead to at present."""
        found = {path: matches(path) for path in self.paths}
        waiting = {path for path, there in found.items() if not there}
        for path in sorted(waiting ^ self.waiting) if self.last else ():
            self.on_message(f"{path} is not there; waiting for it" if path in waiting else f"{path} is there again")
        self.waiting = waiting
        return set().union(*found.values())

    def report(self, report: IngestReport) -> None:
        """Report what is new since the last report: a file that cannot be read fails at every ingest."""
        last, self.last = self.last, report
        if last is None:
            self.on_report(report)
            return
        known = {(file.source, file.status, file.reason) for file in last.files}
        changed = [file for file in report.files if file.status in ("added", "updated")]
        others = [file for file in report.files if file.status not in IN_COLLECTION]
        files = (*changed, *(file for file in others if (file.source, file.status, file.reason) not in known))
        warnings = tuple(warning for warning in report.warnings if warning not in last.warnings)
        if files or warnings:
            self.on_report(replace(report, files=files, warnings=warnings))


def matches(given: str) -> set[str]:
    try:
        return {str(path) for path in expand([given]) if os.path.lexists(path)}
    except InputError:  # a pattern that matches nothing
        return set()


def watched_place(given: str) -> str:
    """A path itself, or for a pattern the folder below which its matches come and go."""
    path = os.path.expanduser(given)  # noqa: PTH111 - Path.expanduser raises for a user there is none of
    if not GLOB_SIGNS.isdisjoint(given) and not os.path.lexists(path):
        path = os.path.dirname(re.split(r"[*?\[]", path, maxsplit=1)[0]) or "."  # noqa: PTH120
    return os.path.realpath(path)
