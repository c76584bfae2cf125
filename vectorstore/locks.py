"""A lock file that readers share and a writer has alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Wait until no process holds the lock alone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        yield  # in a folder that cannot be written to nobody writes
        return
    with held(handle, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Wait until nobody holds the lock, in this process or another."""
    with held(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666), fcntl.LOCK_EX):
        yield


@contextmanager
def held(handle: int, operation: int) -> Iterator[None]:
    try:
        fcntl.flock(handle, operation)
        yield
    finally:
        os.close(handle)
