"""What the disk, SQLite, tantivy and Chroma raise when a data folder cannot be used, in words for a person."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vectorstore.errors import RagError, StorageError

FULL = (
    "no space left",
    "disk is full",
    "disk full",
    "database or disk is full",
    "os error 28",
)
READ_ONLY = ("read-only", "readonly", "permission denied", "os error 13", "os error 30")


@contextmanager
def translated_storage_errors(folder: Path) -> Iterator[None]:
    """Turn what the libraries raise inside into StorageError; errors that speak already pass as they are."""
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
        # Chroma's errors share no base class with anything but Exception.
        if not type(error).__module__.startswith("chromadb"):
            raise
        raise explain_storage_error(error, folder) or StorageError(
            f"the collection in {folder} cannot be read: {error}", "rag doctor"
        ) from error


def explain_storage_error(error: Exception, folder: Path) -> StorageError | None:
    text = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC or any(sign in text for sign in FULL):
        return StorageError(
            f"the disk that holds {folder} is full; what was finished before is kept",
            "free some space and run the same command again, or set RAG_DATA_DIR to another disk",
        )
    if number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(sign in text for sign in READ_ONLY):
        return StorageError(
            f"the data folder {folder} cannot be written to",
            "make it writable, or set RAG_DATA_DIR to a folder that is",
        )
    if isinstance(error, sqlite3.Error):
        return StorageError(f"the catalogue in {folder} cannot be used: {error}", "rag doctor")
    return None
