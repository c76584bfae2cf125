"""What happens to a collection on a small disk of its own, as JSON: python -m tests.vectorstore.on_a_disk FOLDER.

To be run where mounting is allowed, such as in `unshare -rm`.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.hash_embedding import hash_model
from tests.ingest.library import check_alike
from tests.vectorstore.storage.stopping import STEPS
from tests.vectorstore.texts import found_texts, put
from vectorstore.collections import create_store
from vectorstore.errors import RagError
from vectorstore.storage.store import Store

MODEL = hash_model()
CLOSED_WITHIN_S = 20.0
Facts = dict[str, Any]
Texts = dict[str, list[str]]


def open_store(disk: Path) -> Store:
    return create_store(disk, "library")


def store_on_a_disk(disk: Path, size: str) -> Store:
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    store = open_store(disk)
    put(store, MODEL, **texts(0, files=0))
    return store


def mount_again(disk: Path, option: str) -> None:
    """A thread of tantivy or Chroma may keep a file open for a moment after the store has been closed."""
    command = ["mount", "-o", f"remount,{option}", str(disk)]
    until = time.monotonic() + CLOSED_WITHIN_S
    while subprocess.run(command, check=False).returncode != 0 and time.monotonic() < until:
        time.sleep(0.1)
    subprocess.run(command, check=True)


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


def is_like_a_clean_build(store: Store, disk: Path, documents: Texts) -> bool:
    clean = open_store(disk.with_name(f"{disk.name}-clean"))
    put(clean, MODEL, **documents)
    check_alike(store, clean)
    return True


def fills_up(disk: Path) -> Facts:
    """More documents than there is space for, after one that fitted."""
    store, documents = store_on_a_disk(disk, "3m"), texts(0, files=8)
    facts: Facts = {"ingest": outcome(partial(put, store, MODEL, **documents)), "found": found(store)}
    store.close()
    facts["found in a new Store"] = found(open_store(disk))
    mount_again(disk, "size=40m")
    put(store, MODEL, **documents)
    return facts | {"alike": is_like_a_clean_build(store, disk, documents)}


def is_filled(disk: Path) -> Facts:
    """The disk shrinks to what is on it at each moment of a change in turn."""
    store = store_on_a_disk(disk, "12m")
    facts: Facts = {}
    for version, step in enumerate(STEPS):
        documents = texts(version, files=2)
        facts[step] = outcome(partial(put_while_the_disk_shrinks, store, documents, disk, STEPS[step]))
        facts[f"{step}, found while full"] = found(store)
        mount_again(disk, "size=12m")
        store.close()
        store = open_store(disk)
        facts[f"{step}, found before"] = found(store)
        put(store, MODEL, **documents)
        facts[f"{step}, found"] = found(store)
    return facts | {"alike": is_like_a_clean_build(store, disk, documents)}


def put_while_the_disk_shrinks(store: Store, documents: Texts, disk: Path, step: CodeType) -> None:
    def shrink(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is step:
            sys.setprofile(None)
            mount_again(disk, f"size={shutil.disk_usage(disk).used}")

    sys.setprofile(shrink)
    try:
        put(store, MODEL, **documents)
    finally:
        sys.setprofile(None)


def is_read_only(disk: Path) -> Facts:
    store, documents = store_on_a_disk(disk, "6m"), texts(0, files=1)
    store.close()
    mount_again(disk, "ro")
    facts: Facts = {
        "ingest": outcome(partial(put, store, MODEL, **documents)),
        "search": outcome(partial(found, store)),
    }
    facts["sources"] = [record.source for record in open_store(disk).catalogue.sources()]
    mount_again(disk, "rw")
    put(store, MODEL, **documents)
    return facts | {"alike": is_like_a_clean_build(store, disk, documents)}


if __name__ == "__main__":
    cases = (fills_up, is_filled, is_read_only)
    sys.stdout.write(json.dumps({case.__name__: case(Path(sys.argv[1]) / case.__name__) for case in cases}))
