"""Lists, opens, renames and deletes the collections of a data folder by name."""

import re
import shutil
import time
from pathlib import Path

from vectorstore.errors import CollectionError, CollectionNotFoundError, InputError, translated_storage_errors
from vectorstore.storage.database import CURRENT, FILE, OF_FORMAT_1
from vectorstore.storage.store import Store

# A folder's name has at most 255 bytes.
NAME = re.compile(r"(?!.*\.\.)[a-zA-Z0-9]([a-zA-Z0-9._-]{0,253}[a-zA-Z0-9])?")
# One of these files is in every collection: as it was made, after a rebuild, of an older format.
MARKS = (FILE, CURRENT, OF_FORMAT_1)


def collection_folder(data_dir: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a collection",
            "use up to 255 letters, digits, dots, dashes and underscores, with a letter or digit first and last",
        )
    return data_dir / "collections" / name


def list_collections(data_dir: Path) -> list[str]:
    folder = data_dir / "collections"
    return sorted({found.parent.name for mark in MARKS for found in folder.glob(f"*/{mark}")})


def create_store(data_dir: Path, name: str, *, chroma_url: str | None = None) -> Store:
    """Open a collection; an empty one is made where there is none."""
    folder = collection_folder(data_dir, name)
    with translated_storage_errors(data_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return Store(folder, name=name, chroma_url=chroma_url)


def open_store(data_dir: Path, name: str, *, chroma_url: str | None = None, hint: str | None = None) -> Store:
    """Open an existing collection. Raises CollectionNotFoundError, which names those that there are."""
    folder = collection_folder(data_dir, name)
    if not any((folder / mark).exists() for mark in MARKS):
        known = list_collections(data_dir)
        names = f" (there are: {', '.join(known)})" if known else ""
        raise CollectionNotFoundError(
            f"there is no collection {name}{names}",
            hint or f"rag ingest --collection {name} PATH",
        )
    return Store(folder, name=name, chroma_url=chroma_url)


def delete_collection(data_dir: Path, name: str, *, chroma_url: str | None = None) -> None:
    store = open_store(data_dir, name, chroma_url=chroma_url, hint="rag collections lists them")
    with store.writing():
        store.drop_vectors()
        store.close()
        # Moved away first, in one step: half a collection must never look like a whole one.
        going = data_dir / "deleted" / f"{name[:200]}-{time.time_ns()}"
        with translated_storage_errors(store.folder):
            going.parent.mkdir(exist_ok=True)
            store.folder.rename(going)
            shutil.rmtree(going.parent)


def rename_collection(data_dir: Path, name: str, new_name: str, *, chroma_url: str | None = None) -> None:
    store = open_store(data_dir, name, chroma_url=chroma_url, hint="rag collections lists them")
    target = collection_folder(data_dir, new_name)
    if target.exists():
        raise CollectionError(f"there is a collection {new_name} already", "choose another name")
    with store.writing():
        store.close()
        with translated_storage_errors(store.folder):
            # In one step; an embedded Chroma gets the new name when it is opened, a server has a name of its own.
            store.folder.rename(target)
