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
