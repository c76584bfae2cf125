"""What happens to a collection on a small disk of its own, as JSON: python -m tests.vectorstore.on_a_disk FOLDER.

To be run where mounting is allowed, such as in `unshare -rm`.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.hash_embedding import hash_model
from tests.ingest.library import check_alike
from tests.vectorstore.texts import found_texts, put
from vectorstore.collections import create_store
from vectorstore.errors import RagError
from vectorstore.storage import changes
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.store import Store
from vectorstore.storage.vector_index import VectorIndex

STEPS: dict[str, CodeType] = {
    "announce": changes.announce.__code__,
    "put": changes.put.__code__,
    "upsert": VectorIndex.upsert.__code__,
    "change": LexicalIndex.change.__code__,
    "swap": changes.swap.__code__,
    "delete": VectorIndex.delete.__code__,
    "settle": changes.settle.__code__,
}
MODEL = hash_model()
Facts = dict[str, Any]
Texts = dict[str, list[str]]


def open_store(disk: Path) -> Store:
    return create_store(disk, "library")


def store_on_a_disk(folder: Path, size: str) -> Store:
    disk = folder / "disk"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    store = open_store(disk)
    put(store, MODEL, **texts(0, files=0))
    return store


def texts(version: int, *, files: int) -> Texts:
    documents = {str(n): [f"Part {part + version}: the words of {n}." for part in range(20)] for n in range(files)}
    return documents | {"small": [f"Apples grow on trees, version {version}."]}


def found(store: Store) -> str:
    return found_texts(store, MODEL, "apples, version")[0]


def outcome(action: Callable[[], Any]) -> Any:
    """The result of an action, or the two lines that its error has for a person."""
    try:
        return action()
    except RagError as error:
        return [type(error).__name__, error.message, error.hint]


def is_like_a_clean_build(store: Store, folder: Path, documents: Texts) -> bool:
    clean = open_store(folder / "clean")
    put(clean, MODEL, **documents)
    check_alike(store, clean)
    return True


def fills_up(folder: Path) -> Facts:
    """More documents than there is space for, after one that fitted."""
    store, documents = store_on_a_disk(folder, "3m"), texts(0, files=8)
    facts: Facts = {"ingest": outcome(partial(put, store, MODEL, **documents)), "found": found(store)}
    store.close()
    store = open_store(folder / "disk")
    facts["found in a new Store"] = found(store)
    store.close()
    subprocess.run(["mount", "-o", "remount,size=40m", folder / "disk"], check=True)
    put(store, MODEL, **documents)
    return facts | {"alike": is_like_a_clean_build(store, folder, documents)}


def is_filled(folder: Path) -> Facts:
    """Somebody else fills the disk to its last byte at each moment of a change in turn."""
    store, filler = store_on_a_disk(folder, "12m"), folder / "disk" / "filler"
    facts: Facts = {}
    for version, step in enumerate(STEPS):
        documents = texts(version, files=2)
        facts[step] = outcome(partial(put_with_filled_disk, store, documents, filler, STEPS[step]))
        facts[f"{step}, found while full"] = found(store)
        filler.unlink()
        store.close()
        store = open_store(folder / "disk")
        facts[f"{step}, found before"] = found(store)
        put(store, MODEL, **documents)
        facts[f"{step}, found"] = found(store)
    return facts | {"alike": is_like_a_clean_build(store, folder, documents)}


def put_with_filled_disk(store: Store, documents: Texts, filler: Path, step: CodeType) -> None:
    def fill(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is step and not filler.exists():
            fill_up(filler)

    sys.setprofile(fill)
    try:
        put(store, MODEL, **documents)
    finally:
        sys.setprofile(None)


def fill_up(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in (1_000_000, 10_000, 100, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def is_read_only(folder: Path) -> Facts:
    store, documents = store_on_a_disk(folder, "6m"), texts(0, files=1)
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", folder / "disk"], check=True)
    facts: Facts = {
        "ingest": outcome(partial(put, store, MODEL, **documents)),
        "search": outcome(partial(found, store)),
    }
    opened = open_store(folder / "disk")
    facts["sources"] = outcome(lambda: [record.source for record in opened.catalogue.sources()])
    subprocess.run(["mount", "-o", "remount,rw", folder / "disk"], check=True)
    put(store, MODEL, **documents)
    return facts | {"alike": is_like_a_clean_build(store, folder, documents)}


if __name__ == "__main__":
    cases = (fills_up, is_filled, is_read_only)
    sys.stdout.write(json.dumps({case.__name__: case(Path(sys.argv[1]) / case.__name__) for case in cases}))
