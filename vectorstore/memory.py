"""Memory that was freed, given back to the system."""

import ctypes
from contextlib import suppress


def release_freed_memory() -> None:
    """What Chroma and tantivy free glibc keeps for itself, a little more with every change; other systems do not."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
