"""From folders to the moments at which something changes in them."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from ingest.discovery import inherited_rules, is_ignored, read_rules

# Changes are told together once it has been quiet so long, at the latest after so long.
QUIET_MS = 300
LATEST_MS = 1_500
POLL_S = 2.0

Identity = tuple[int, int]
Folders = Mapping[Path, Identity]


class FolderEvents:
    """Waits for changes in folders, each watched by itself.

    Not watchfiles' own recursion: it follows links out of the folder and watches `.git` and all that is ignored.
    """

    def __init__(self, on_message: Callable[[str], None]) -> None:
        self._on_message = on_message
        self._notify: RustNotify | None = None
        self._folders: Folders = {}
        self._polls = False

    def follow(self, folders: Folders) -> bool:
        """Watch these folders from now on; True where they are others than before, so that a new look is due."""
        if self._polls or folders == self._folders:
            return False
        self.close()
        try:
            self._notify = _watch_each(folders) if folders else None
            self._folders = dict(folders)
        except FileNotFoundError:  # gone since it was listed: the next look lists anew
            self._folders = {}
        except (OSError, WatchfilesRustInternalError) as error:
            self._polls = True
            self._on_message(f"the system cannot tell of changes ({error}): looking every few seconds instead")
        return not self._polls

    def wait(self, seconds: float, stop_event: threading.Event) -> bool:
        """Whether something has changed, or may have; False after `seconds`. Raises KeyboardInterrupt."""
        if self._notify is None:
            stop_event.wait(min(seconds, POLL_S) if self._polls else seconds)
            return self._polls
        found = self._notify.watch(LATEST_MS, QUIET_MS, int(seconds * 1000), stop_event)
        if found == "signal":  # watchfiles has swallowed what the signal's handler raised
            raise KeyboardInterrupt
        return not isinstance(found, str)

    def close(self) -> None:
        if self._notify is not None:
            self._notify.close()
            self._notify = None


def _watch_each(folders: Folders) -> RustNotify:
    # Places as in the signature, which takes no keywords in every version: debug, force_polling, poll_delay_ms,
    # recursive, ignore_permission_denied.
    return RustNotify([str(folder) for folder in folders], False, False, 0, False, True)  # noqa: FBT003


def identity(path: Path) -> Identity | None:
    """The same for the same file or folder only: a folder that is unmounted, or replaced by another, has another."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def list_folders(folder: Path, *, include_all: bool) -> Iterator[tuple[Path, Identity]]:
    """A folder and those below it that an ingest would enter."""
    rules = () if include_all else inherited_rules(folder)
    if any(is_ignored(path, rules, is_folder=True) for path in (folder, *folder.parents)):
        rules = ()
    pending = [(folder, rules)]
    while pending:
        current, rules = pending.pop()
        found = identity(current)
        if found is None:
            continue
        yield current, found
        if not include_all:
            rules = rules + read_rules(current)
        for name in _folder_names(current):
            path = current / name
            if include_all or not (name.startswith(".") or is_ignored(path, rules, is_folder=True)):
                pending.append((path, rules))


def _folder_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
