"""The errors that speak to a person: what happened, and the command that helps.

RagError
├── InputError           a path, question or argument that cannot be used
├── SettingsError        a setting that is unknown or has a value that cannot be used
├── UnreadableFileError  one file that cannot be read; a line in the report, never the end of a run
│   └── NothingToReadError   one that nothing is wrong with, and that has no text; skipped
├── CollectionError      a collection that is missing, was made otherwise, or cannot be opened
│   ├── CollectionNotFoundError
│   └── WrongModelError
├── StorageError         the data folder is read-only, full, or held by another process
├── MissingPackageError  an optional package is not installed; the hint is the exact pip command
└── ProviderError        an embedding or chat model that fails: key, quota, network, broken stream

Third-party exceptions are translated into these where they occur.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager


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
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(f"{needed_by} needs the package {package}", f"pip install {install}")
