"""From paths, folders and patterns to the files to read, each with its size and time."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from vectorstore.errors import InputError

GLOB_SIGNS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a folder; `skip_reason` says why it is not to be read. `size` is in bytes."""

    path: Path
    size: int
    mtime_ns: int
    skip_reason: str | None = None

    @property
    def source(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What was found, the folders that were asked for, and the asked-for paths that are not there."""

    files: tuple[FoundFile, ...]
    folders: tuple[Path, ...]
    absent: tuple[Path, ...]


def find_files(paths: Sequence[str | Path], *, include_all: bool, max_bytes: int) -> FoundFiles:
    """Files, each once, in the order of the paths; folders are walked by name.

    Hidden files, version-control folders and what `.gitignore` names are passed over unless `include_all`; a file
    that is named itself is always taken. Raises InputError for a pattern that matches nothing.
    """
    files: dict[Path, FoundFile] = {}
    folders, absent = [], []
    for path in expand(paths):
        if path.is_dir():
            folders.append(path)
            found = walk(path, include_all=include_all)
        elif os.path.lexists(path):
            found = iter([path])
        else:
            absent.append(path)
            continue
        for file in found:
            files.setdefault(file, describe(file, max_bytes=max_bytes))
    return FoundFiles(tuple(files.values()), tuple(folders), tuple(absent))


def expand(paths: Sequence[str | Path]) -> Iterator[Path]:
    for given in paths:
        path = Path(given).expanduser()
        if GLOB_SIGNS.isdisjoint(str(given)) or os.path.lexists(path):
            yield path.resolve()
            continue
        matches = sorted(glob.glob(str(path), recursive=True))
        if not matches:
            raise InputError(
                f"nothing matches {given}",
                "check the pattern, or name a folder: rag ingest FOLDER",
            )
        yield from (Path(match).resolve() for match in matches)


def walk(folder: Path, *, include_all: bool) -> Iterator[Path]:
    """Files below a folder, sorted, without following links to folders."""
    ignored = () if include_all else inherited_rules(folder)
    yield from walk_below(folder, ignored, include_all=include_all)


Rules = tuple[tuple[Path, GitIgnoreSpec], ...]


def walk_below(folder: Path, rules: Rules, *, include_all: bool) -> Iterator[Path]:
    if not include_all:
        rules = rules + read_rules(folder)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder  # described as a file that cannot be read: a line in the report
        return
    for entry in entries:
        path = folder / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if not include_all and (entry.name.startswith(".") or is_ignored(path, rules, is_folder=is_folder)):
            continue
        if is_folder:
            yield from walk_below(path, rules, include_all=include_all)
        elif not (entry.is_symlink() and path.is_dir()):
            yield path


def inherited_rules(folder: Path) -> Rules:
    """The rules of the folders above, up to the root of the repository that the folder is in, if any."""
    for top in folder.parents:
        if (top / ".git").exists() and not (folder / ".git").exists():
            between = [parent for parent in reversed(folder.parents) if parent == top or top in parent.parents]
            return tuple(rule for parent in between for rule in read_rules(parent))
    return ()


def read_rules(folder: Path) -> Rules:
    try:
        lines = (folder / ".gitignore").read_text(errors="replace").splitlines()
    except OSError:
        return ()
    return ((folder, GitIgnoreSpec.from_lines(lines)),)


def is_ignored(path: Path, rules: Rules, *, is_folder: bool) -> bool:
    """Whether git would ignore it: the innermost file with a rule for it decides."""
    for base, spec in reversed(rules):
        name = path.relative_to(base).as_posix() + ("/" if is_folder else "")
        decided = spec.check_file(name).include
        if decided is not None:
            return decided
    return False


def describe(path: Path, *, max_bytes: int) -> FoundFile:
    try:
        status = path.stat()
    except OSError as error:
        return FoundFile(path, 0, 0, f"cannot be read: {error.strerror}")
    reason = None
    if not stat.S_ISREG(status.st_mode):
        reason = "not a regular file"
    elif status.st_size > max_bytes:
        reason = f"over the size bound of {max_bytes // 1_000_000} MB (RAG_MAX_FILE_MB)"
    return FoundFile(path, status.st_size, status.st_mtime_ns, reason)
