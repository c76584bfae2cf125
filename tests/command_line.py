"""`rag` in processes of their own that are forked where its imports are done: a second less each than a new Python."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# Read when Python starts: a process that was forked has those of the one it is forked from.
OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG")
TIMEOUT_S = 300


def run_rag(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run `rag` with these arguments; `environment` is added to this process's."""
    whole = {**os.environ, **environment}
    if any(name.startswith(OF_THE_INTERPRETER) for name in environment):
        return subprocess.run(
            [sys.executable, "-m", "rag_app.commands.main", *arguments],
            cwd=cwd,
            env=whole,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        outputs = [str(Path(folder, name)) for name in ("out", "err")]
        code = _fork(arguments, str(cwd), whole, outputs)
        out, err = (Path(output).read_text(encoding="utf-8") for output in outputs)
    return subprocess.CompletedProcess(["rag", *arguments], code, out, err)


def _fork(arguments: Sequence[str], cwd: str, environment: Mapping[str, str], outputs: Sequence[str]) -> int:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.imported"])
    process = context.Process(target=_be_rag, args=(list(arguments), cwd, dict(environment), list(outputs)))
    process.start()
    process.join(TIMEOUT_S)
    if process.exitcode is None:
        process.kill()
        raise subprocess.TimeoutExpired(["rag", *arguments], TIMEOUT_S)
    return process.exitcode


def _be_rag(arguments: list[str], cwd: str, environment: dict[str, str], outputs: list[str]) -> None:
    for descriptor, output in enumerate(outputs, 1):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["rag", *arguments]
    from rag_app.commands.main import main

    main()
