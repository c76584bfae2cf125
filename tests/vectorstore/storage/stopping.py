"""Stops an action before its nth step, as the end of its process would."""

import sys
from collections.abc import Callable, Container
from types import CodeType, FrameType
from typing import Any


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
