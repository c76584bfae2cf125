"""Stops an action before its nth step, as the end of its process would."""

import sys
from collections.abc import Callable, Container
from types import CodeType, FrameType
from typing import Any

from vectorstore.storage import changes
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.vector_index import VectorIndex

# The functions by which a change of sources reaches the disk, in this order.
STEPS: dict[str, CodeType] = {
    one.__name__: one.__code__
    for one in (
        *(changes.announce, changes.put, VectorIndex.upsert, LexicalIndex.change),
        *(changes.swap, VectorIndex.delete, changes.settle),
    )
}


class Stopped(BaseException):
    """Stands for the process's end: nothing catches it."""


def stop_before(nth: int, action: Callable[[], object], *, steps: Container[CodeType]) -> bool:
    """Whether the action had so many steps, which are calls of these functions, and was stopped before the last."""
    begun = 0

    def look(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal begun
        if event == "call" and frame.f_code in steps:
            begun += 1
            if begun == nth:
                raise Stopped

    sys.setprofile(look)
    try:
        action()
    except Stopped:
        return True
    finally:
        sys.setprofile(None)
    return False
