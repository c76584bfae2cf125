"""Finds the files to read under paths, folders and patterns, each with its size and stamp."""

import errno
import glob
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from vectorstore.errors import InputError, UnreadableFileError
from vectorstore.types import SourceRecord

URL = re.compile(r"https?://", re.IGNORECASE)
GLOB_SIGNS = frozenset("*?[")
# To git `build/**` is all that is in build and not build itself, so that `!build/keep.md` can follow it; pathspec would
# take the folder too.
ALL_INSIDE = re.compile(r"/\*\*(?=/?\s*$)")
# File systems count time in ticks, those of memory cards of two seconds. A second change within a tick shows nowhere.
TICK_NS = 2_000_000_000
BROKEN_LINK = "a link that leads nowhere"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a folder; `skip_reason` says why it is not to be read. `size` is in bytes, `stamp` is 0 for a file that
    changed so shortly before that it may change once more and have the same stamp."""

    path: Path
    size: int
    stamp: int
    skip_reason: str | None = None

    @property
    def source(self) -> str:
        # Bytes in a name that are no UTF-8 are spelled out: no database and no terminal takes them as they are.
        return str(self.path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that were found, the folders that were named, and the named paths that are not there."""

    files: tuple[FoundFile, ...]
    folders: tuple[Path, ...]
    absent: tuple[Path, ...]


def find_files(paths: Sequence[str | Path], *, include_all: bool, max_bytes: int) -> FoundFiles:
    """Files, each once, in the order of the paths; folders are walked by name. A link to a file that is found itself,
    or by another link, is no file of its own.

    Hidden files, version-control folders and what `.gitignore` names are passed over unless `include_all`; a file
    that is named itself is always read. Raises InputError for a pattern that matches nothing.
    """
    files: dict[Path, Path] = {}
    folders, absent = [], []
    for path in expand(paths):
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above may not be entered
            folders.append(path)
            found = walk(path, include_all=include_all)
        elif os.path.lexists(path):
            found = iter([path])
        else:
            absent.append(path)
            continue
        for file in found:
            is_link = file.is_symlink() and os.path.exists(file)  # noqa: PTH110 - Path.exists raises where it may not look
            target = resolve(file) if is_link else file
            if target == file or target not in files:
                files[target] = file
    described = (describe(file, max_bytes=max_bytes) for file in files.values())
    return FoundFiles(tuple(described), tuple(folders), tuple(absent))


def split_urls(paths: Sequence[str | Path]) -> tuple[list[str], list[str | Path]]:
    """The web addresses among what was named, each once and without its fragment, and the rest."""
    urls = [name_url(str(path)) for path in paths if URL.match(str(path))]
    return list(dict.fromkeys(urls)), [path for path in paths if not URL.match(str(path))]


def name_url(url: str) -> str:
    from ingest.reading.web.fetch import normalize_url  # only for a URL: it imports what speaks HTTP

    try:
        return normalize_url(url)
    except UnreadableFileError:
        return url  # its reader says what is wrong with it


def expand(paths: Sequence[str | Path]) -> Iterator[Path]:
    for given in paths:
        path = Path(os.path.expanduser(given))  # noqa: PTH111 - Path.expanduser raises for a user there is none of
        if GLOB_SIGNS.isdisjoint(str(given)) or os.path.lexists(path):
            yield resolve(path)
            continue
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - takes absolute patterns, pathlib does not
        if not matches:
            raise InputError(f"nothing matches {given}", "check the pattern, or name a folder: rag ingest FOLDER")
        yield from (resolve(Path(match)) for match in matches)


def resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve raises for a link that leads to itself


def walk(folder: Path, *, include_all: bool) -> Iterator[Path]:
    """Files below a folder, sorted, without following links to folders."""
    rules = () if include_all else inherited_rules(folder)
    if any(is_ignored(path, rules, is_folder=True) for path in (folder, *folder.parents)):
        rules = ()  # a folder that is named itself is read, as a file is
    yield from walk_below(folder, rules, include_all=include_all)


Rules = tuple[tuple[Path, tuple[GitIgnoreSpecPattern, ...]], ...]


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
    path = folder / ".gitignore"
    try:
        # Opening a named pipe would wait for ever.
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
    except OSError:
        return ()
    return ((folder, tuple(parse_rules(lines))),)


def parse_rules(lines: Iterable[str]) -> Iterator[GitIgnoreSpecPattern]:
    for line in lines:
        # What git passes over too, such as a lone `!`, is no reason to stop.
        with suppress(GitIgnorePatternError, re.error):
            yield GitIgnoreSpecPattern(ALL_INSIDE.sub("/**/*", line))


def is_ignored(path: Path, rules: Rules, *, is_folder: bool) -> bool:
    """Whether git would ignore it: the last rule for it of the innermost file that has one decides."""
    for base, patterns in reversed(rules):
        if base not in path.parents:
            continue
        name = path.relative_to(base).as_posix() + ("/" if is_folder else "")
        for pattern in reversed(patterns):
            if pattern.include is not None and is_meant(name, pattern):
                return pattern.include
    return False


def is_meant(name: str, pattern: GitIgnoreSpecPattern) -> bool:
    """Whether a rule is for this path itself; pathspec's whole matcher takes what is below a match for a match too."""
    found = pattern.regex.finditer(name) if pattern.regex else ()
    return any(match.end() == len(name) for match in found)


def describe(path: Path, *, max_bytes: int) -> FoundFile:
    try:
        str(path).encode()
        status = path.stat()
    except UnicodeEncodeError:
        return FoundFile(path, 0, 0, "cannot be read: its name is not UTF-8 (rename it)")
    except OSError as error:
        if path.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return FoundFile(path, 0, 0, BROKEN_LINK)
        return FoundFile(path, 0, 0, f"cannot be read: {error.strerror}")
    reason = None
    if stat.S_ISDIR(status.st_mode):
        reason = "cannot be read: its files may not be listed"
    elif not stat.S_ISREG(status.st_mode):
        reason = "not a regular file"
    elif status.st_size > max_bytes:
        reason = f"over the size bound of {max_bytes // 1_000_000} MB (RAG_MAX_FILE_MB)"
    is_settled = status.st_ctime_ns < time.time_ns() - TICK_NS
    return FoundFile(path, status.st_size, stamp_file(status) if is_settled else 0, reason)


def stamp_file(status: os.stat_result) -> int:
    """A number that becomes another with every change of a file.

    Size and time of modification alone do not: copies and backups bring the time along. When the inode changed last,
    no program can set; where one file takes the place of another, the inode itself is another.
    """
    values = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    return int.from_bytes(hashlib.blake2b(repr(values).encode(), digest_size=7).digest(), "big")


def judge_absent(found: FoundFiles, known: dict[str, SourceRecord]) -> tuple[list[str], list[str]]:
    """The known sources that are gone from disk, and warnings about folders that may only be unmounted."""
    present = {file.source for file in found.files if file.skip_reason != BROKEN_LINK}
    absent, warnings = [], []
    for folder in found.folders:
        inside = [source for source in known if is_below(source, folder) and source not in present]
        if not any(is_below(source, folder) for source in present):
            kept = f"; its {len(inside)} documents are kept" if inside else ""
            warnings.append(f"there is nothing to ingest in {folder}{kept}")
        else:
            # Hidden and ignored files that were named one by one are not found by walking, and yet are there.
            absent += [source for source in inside if is_gone(source) or os.path.realpath(source) in present]
    for path in found.absent:
        inside = [source for source in known if is_below(source, path)]
        if str(path) in known:
            absent.append(str(path))
        elif inside:
            warnings.append(f"{path} is not there; its {len(inside)} documents are kept")
        else:
            raise InputError(f"there is no file or folder {path}", "check the path; rag ingest --help shows examples")
    return absent, warnings


def is_gone(source: str) -> bool:
    """False too where it cannot be known, such as in a folder that may not be entered."""
    try:
        Path(source).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_below(source: str, folder: Path) -> bool:
    return source.startswith(f"{folder}/") or folder in Path(source).parents
