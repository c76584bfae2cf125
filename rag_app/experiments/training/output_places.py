"""What training needs before minutes of work: its packages, and a place for the result."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from vectorstore.errors import InputError, MissingPackageError

MODEL_FILE = "config.json"


def require_packages(packages: Sequence[str], *, extra: str) -> None:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(f"this needs the package {missing[0]}", f"pip install 'rag-app[{extra}]'")


def prepare_file(output: Path) -> Path:
    """Raises InputError where the file cannot be written; its folder is made."""
    return prepare(output, is_refused=output.is_dir(), why="is a folder")


def prepare_folder(output: Path) -> Path:
    """The same for a model's folder: an older model may be replaced, other things may not."""
    is_foreign = output.exists() and not (output / MODEL_FILE).is_file() and not is_empty(output)
    return prepare(output, is_refused=is_foreign, why="holds something other than a model")


def is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def prepare(output: Path, *, is_refused: bool, why: str) -> Path:
    if is_refused:
        raise InputError(f"{output} {why}", "name another place with --output")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}", "name another place with --output") from error
    return output.resolve()
