"""Defines the errors for a person, and translates those of libraries and of the disk into them.

RagError
├── InputError           a path, question or argument that cannot be used
├── SettingsError        a setting that is unknown or has a value that cannot be used
├── UnreadableFileError  one file that cannot be read; a line in the report, never the end of a run
│   └── NothingToReadError   one that nothing is wrong with, and that no reader here gets text from; skipped
│       └── EmptyDocumentError   one that has no text at all: what it had before goes
├── CollectionError      a collection that is missing, was made otherwise, or cannot be opened
│   ├── CollectionNotFoundError
│   └── WrongModelError
├── StorageError         the data folder is read-only, full, or held by another process
├── MissingPackageError  an optional package is not installed; the hint is the exact pip command
└── ProviderError        an embedding or chat model that fails: key, quota, network, broken stream

Each has a message and the command that helps. Third-party exceptions are translated into these where they occur.
"""

import errno
import importlib.util
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = ("no space left", "disk is full", "disk full", "os error 28")
READ_ONLY = ("read-only", "readonly", "permission denied", "os error 13", "os error 30")
# Bytes that SQLite and Chroma need free for any work, merging their files included.
SPARE_BYTES = 1_000_000


class RagError(Exception):
    """An error for a person: `message` says what happened, `hint` which command or setting helps."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(RagError):
    pass


class SettingsError(RagError):
    pass


class UnreadableFileError(RagError):
    pass


class NothingToReadError(UnreadableFileError):
    pass


class EmptyDocumentError(NothingToReadError):
    pass


class CollectionError(RagError):
    pass


class CollectionNotFoundError(CollectionError):
    pass


class WrongModelError(CollectionError):
    pass


class StorageError(RagError):
    pass


class MissingPackageError(RagError):
    pass


class ProviderError(RagError):
    pass


def first_line(error: BaseException) -> str:
    """The first line of an error's text; the name of its class where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def translated_errors(message: str, hint: str, *, error_class: type[RagError] = ProviderError) -> Iterator[None]:
    """Raises whatever fails inside as `error_class` with `message` and its first line; a RagError stays as it is.

    For libraries of which each raises its own exceptions.
    """
    try:
        yield
    except RagError:
        raise
    except Exception as error:
        raise error_class(f"{message}: {first_line(error)}", hint) from error


def require_packages(*packages: str, needed_by: str, install: str) -> None:
    """Raises MissingPackageError for the first package that is not installed; `install` is what pip installs."""
    for package in packages:
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            raise missing_package(package, needed_by=needed_by, remedy=f"pip install {install}")


def missing_package(package: str, *, needed_by: str, remedy: str) -> MissingPackageError:
    return MissingPackageError(f"{needed_by} needs the package {package}, which is not installed", remedy)


@contextmanager
def translated_storage_errors(folder: Path) -> Iterator[None]:
    """Raises StorageError for failures of the disk, SQLite, Chroma and its server; all else stays as it is."""
    try:
        yield
    except RagError:
        raise
    except Exception as error:
        if explained := explain_storage_error(error, folder):
            raise explained from error
        raise


@contextmanager
def translated_index_errors(folder: Path) -> Iterator[None]:
    """The same for tantivy, which raises ValueError for whatever happens; `folder` is the collection's."""
    try:
        yield
    except ValueError as error:
        raise explain_storage_error(error, folder) or StorageError(
            f"the lexical index in {folder} cannot be used: {error}", "ingest it again: rag ingest --rebuild PATH"
        ) from error


def explain_storage_error(error: Exception, folder: Path) -> StorageError | None:
    # Chroma's errors share no base class with anything but Exception; a Chroma server's are its client's too.
    is_of_chroma = type(error).__module__.startswith(("chromadb", "httpx"))
    if not is_of_chroma and not isinstance(error, (OSError, sqlite3.Error, ValueError, RuntimeError)):
        return None
    text = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    # On a full or read-only disk SQLite and Chroma also say "disk I/O error", "unable to open database file" and
    # "failed to apply logs", and tantivy reports a failed write by the thread that it ended: there the disk is asked.
    is_of_database = isinstance(error, (sqlite3.Error, ValueError)) or is_of_chroma
    if number == errno.ENOSPC or any(sign in text for sign in FULL) or (is_of_database and not has_space(folder, 0)):
        return disk_full(folder)
    is_denied = number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(sign in text for sign in READ_ONLY)
    if is_denied or (is_of_database and folder.exists() and not os.access(folder, os.W_OK)):
        why = "" if isinstance(error, (OSError, sqlite3.Error)) else ", which its indexes need even for a search"
        return StorageError(
            f"the data folder {folder} cannot be written to{why}",
            "make it writable, or set RAG_DATA_DIR to a folder that is",
        )
    if isinstance(error, sqlite3.Error):
        return StorageError(f"the catalogue in {folder} cannot be used: {error}", "rag doctor")
    if isinstance(error, OSError):
        return StorageError(
            f"the data folder {folder} cannot be used: {error.strerror or error}",
            "set RAG_DATA_DIR to a folder that can be written to",
        )
    if is_of_chroma:
        return StorageError(f"the collection in {folder} cannot be read: {error}", "rag doctor")
    return None


def disk_full(folder: Path) -> StorageError:
    return StorageError(
        f"the disk that holds {folder} is full; what was finished before is kept",
        "free some space and run the same command again, or set RAG_DATA_DIR to another disk",
    )


def require_space(folder: Path, n_bytes: int) -> None:
    """Raises StorageError unless this many bytes can be written, with a reserve."""
    if not has_space(folder, n_bytes):
        raise disk_full(folder)


def has_space(folder: Path, n_bytes: int) -> bool:
    try:
        return shutil.disk_usage(folder).free >= n_bytes + SPARE_BYTES
    except OSError:  # no such folder
        return True
