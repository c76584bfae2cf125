"""What was read from a SQLite file, remembered until the file changes, whichever process changes it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

Value = TypeVar("Value")
# The file change counter, a big-endian number that SQLite increments with each transaction that is not in WAL mode:
# https://www.sqlite.org/fileformat.html#file_change_counter
COUNTER_AT, COUNTER_BYTES = 24, 4


class Remembered:
    """Answers by name. Reading the counter takes microseconds, opening the file as a database a hundred times that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, tuple[tuple[int, bytes], object]] = {}

    def get(self, name: str, read: Callable[[], Value]) -> Value:
        """The value of `read`, which is called only if the file has changed since it was called for this name."""
        before = self._version()
        version, value = self._values.get(name, (None, None))
        if before is not None and version == before:
            return cast("Value", value)
        found = read()
        # A writer that was killed had counted already: the reading has rolled that back, and the next counts the same.
        if before is not None and self._version() == before:
            self._values[name] = before, found
        return found

    def _version(self) -> tuple[int, bytes] | None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return os.fstat(descriptor).st_ino, os.pread(descriptor, COUNTER_BYTES, COUNTER_AT)
        finally:
            os.close(descriptor)
