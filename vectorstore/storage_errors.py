"""Translates what the disk, SQLite, tantivy and Chroma raise into errors for a person."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vectorstore.errors import RagError, StorageError

FULL = ("no space left", "disk is full", "disk full", "os error 28")
READ_ONLY = ("read-only", "readonly", "permission denied", "os error 13", "os error 30")
# What SQLite and Chroma need to do anything at all, merging their files included.
SPARE_BYTES = 1_000_000


@contextmanager
def translated_storage_errors(folder: Path) -> Iterator[None]:
    """Raise StorageError for what the libraries raise inside; a RagError passes as it is."""
    try:
        yield
    except RagError:
        raise
    except (OSError, sqlite3.Error, ValueError, RuntimeError) as error:
        translated = explain_storage_error(error, folder)
        if translated is None:
            raise
        raise translated from error
    except Exception as error:
        # Chroma's errors share no base class with anything but Exception; a Chroma server's are its client's too.
        if not type(error).__module__.startswith(("chromadb", "httpx")):
            raise
        raise explain_storage_error(error, folder) or StorageError(
            f"the collection in {folder} cannot be read: {error}", "rag doctor"
        ) from error


@contextmanager
def translated_index_errors(folder: Path) -> Iterator[None]:
    """The same for tantivy, which raises ValueError for whatever happens; `folder` is the collection's."""
    try:
        yield
    except ValueError as error:
        raise explain_storage_error(error, folder) or StorageError(
            f"the lexical index in {folder} cannot be used: {error}", "make it anew: rag ingest --rebuild PATH"
        ) from error


def explain_storage_error(error: Exception, folder: Path) -> StorageError | None:
    text = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    # On a full or read-only disk SQLite and Chroma also say "disk I/O error", "unable to open database file" and
    # "failed to apply logs", and tantivy reports a failed write by the thread that it ended: there the disk is asked.
    is_of_database = isinstance(error, (sqlite3.Error, ValueError)) or type(error).__module__.startswith("chromadb")
    if number == errno.ENOSPC or any(sign in text for sign in FULL) or (is_of_database and is_full(folder)):
        return disk_full(folder)
    is_denied = number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(sign in text for sign in READ_ONLY)
    if is_denied or (is_of_database and folder.exists() and not os.access(folder, os.W_OK)):
        return StorageError(
            f"the data folder {folder} cannot be written to",
            "make it writable, or set RAG_DATA_DIR to a folder that is",
        )
    if isinstance(error, sqlite3.Error):
        return StorageError(f"the catalogue in {folder} cannot be used: {error}", "rag doctor")
    if isinstance(error, OSError):
        return StorageError(
            f"the data folder {folder} cannot be used: {error.strerror or error}",
            "set RAG_DATA_DIR to a folder that can be written to",
        )
    return None


def disk_full(folder: Path) -> StorageError:
    return StorageError(
        f"the disk that holds {folder} is full; what was finished before is kept",
        "free some space and run the same command again, or set RAG_DATA_DIR to another disk",
    )


def require_space(folder: Path, n_bytes: int) -> None:
    """Raise StorageError unless so many bytes can be written, and some to spare."""
    if shutil.disk_usage(folder).free < n_bytes + SPARE_BYTES:
        raise disk_full(folder)


def is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < SPARE_BYTES
    except OSError:
        return False
