"""From the paths that are watched to what is there now: files with size and time, folders, and what is not there."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.discovery import GLOB_SIGNS, FoundFile, find_files
from rag_app.library.folder_events import Identity, list_folders
from vectorstore.errors import InputError


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched, and how it is looked at; `not_below` are folders that a sync itself writes to."""

    paths: tuple[str, ...]
    include_all: bool
    max_bytes: int
    not_below: tuple[Path, ...]

    def has(self, path: Path) -> bool:
        return not any(path == folder or folder in path.parents for folder in self.not_below)


@dataclass(frozen=True, slots=True)
class DiskState:
    """`named` are the files that a path or pattern names itself; `waiting` the paths with nothing there."""

    files: frozenset[FoundFile]
    named: frozenset[str]
    folders: dict[Path, Identity]
    waiting: tuple[str, ...]


def look_at(scope: Scope) -> DiskState:
    files: set[FoundFile] = set()
    named: set[str] = set()
    folders: dict[Path, Identity] = {}
    waiting = []
    for given in scope.paths:
        try:
            found = find_files([given], include_all=scope.include_all, max_bytes=scope.max_bytes)
        except InputError:  # a pattern that matches nothing, today
            waiting.append(given)
            folders.update(below(scope, pattern_base(given)))
            continue
        if found.absent:
            waiting.append(given)
        files.update(file for file in found.files if scope.has(file.path))
        named.update(file.source for file in found.files if not is_inside(file.path, found.folders))
        roots = [*found.folders, *pattern_base(given)]
        folders.update(below(scope, roots))
    return DiskState(frozenset(files), frozenset(named), folders, tuple(waiting))


def below(scope: Scope, roots: Sequence[Path]) -> Iterator[tuple[Path, Identity]]:
    for root in roots:
        for folder, found in list_folders(root, include_all=scope.include_all):
            if scope.has(folder):
                yield folder, found


def is_inside(path: Path, folders: Sequence[Path]) -> bool:
    return any(folder in path.parents for folder in folders)


def is_pattern(given: str) -> bool:
    return not GLOB_SIGNS.isdisjoint(given) and not os.path.lexists(Path(given).expanduser())


def pattern_base(given: str) -> list[Path]:
    """The folder below which a pattern's matches come and go; none for a path that is no pattern."""
    if not is_pattern(given):
        return []
    plain = re.split(r"[*?\[]", str(Path(given).expanduser()), maxsplit=1)[0]
    return [Path(os.path.realpath(plain if plain.endswith("/") else os.path.dirname(plain) or "."))]  # noqa: PTH120


def root_states(paths: Sequence[str]) -> tuple[object, ...]:
    """What tells at no cost that a named file has changed, or that a folder has come or gone."""
    return tuple(root_state(Path(os.path.expanduser(path))) for path in paths if not is_pattern(path))  # noqa: PTH111


def root_state(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    place = (status.st_dev, status.st_ino)
    return place if path.is_dir() else (*place, status.st_size, status.st_mtime_ns)
