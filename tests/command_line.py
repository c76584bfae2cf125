"""Runs `rag` in this process, where its imports and models are loaded already."""

import gc
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag_app.commands.main import main

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_rag(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run `rag` with these arguments; `environment` is added to this process's."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with everything_restored() as patch:
        patch.chdir(cwd)
        os.environ.update(environment)
        for name, value in {"argv": ["rag", *arguments], "stdin": io.StringIO(), "stdout": out, "stderr": err}.items():
            patch.setattr(sys, name, value)
        with pytest.raises(SystemExit) as ended:
            main()
    for stream in (out, err):
        stream.seek(0)
    return subprocess.CompletedProcess(["rag", *arguments], int(ended.value.code or 0), out.read(), err.read())


@contextmanager
def everything_restored() -> Iterator[pytest.MonkeyPatch]:
    """What a command changes of its process, which usually ends with it: settings, signals, the collector, warnings."""
    environment, threshold = dict(os.environ), gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield patch
    for number, handler in handlers.items():
        signal.signal(number, handler)
    gc.set_threshold(*threshold)
    os.environ.clear()
    os.environ.update(environment)
