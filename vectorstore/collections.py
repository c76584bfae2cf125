"""The collections of a data folder: found, opened, renamed and deleted by name."""

import re
import shutil
from pathlib import Path

from vectorstore.errors import CollectionError, CollectionNotFoundError, InputError
from vectorstore.storage_errors import translated_storage_errors
from vectorstore.store import Store

# Chroma's own rule for names.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]")


def collection_folder(data_dir: Path, name: str) -> Path:
    if not NAME.fullmatch(name) or ".." in name:
        raise InputError(
            f"{name!r} cannot be the name of a collection",
            "use 3 to 512 letters, digits, dots, dashes and underscores, with a letter or digit first and last",
        )
    return data_dir / "collections" / name


def list_collections(data_dir: Path) -> list[str]:
    folder = data_dir / "collections"
    return sorted(found.parent.name for found in folder.glob("*/catalogue.sqlite3"))


def create_store(data_dir: Path, name: str, *, chroma_url: str | None = None) -> Store:
    """Open a collection, made empty if there is none."""
    folder = collection_folder(data_dir, name)
    with translated_storage_errors(data_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return Store(folder, name=name, chroma_url=chroma_url)


def open_store(data_dir: Path, name: str, *, chroma_url: str | None = None) -> Store:
    """Open a collection that is there; CollectionNotFoundError names those that are."""
    folder = collection_folder(data_dir, name)
    if not (folder / "catalogue.sqlite3").exists():
        there = list_collections(data_dir)
        names = f" (there are: {', '.join(there)})" if there else ""
        raise CollectionNotFoundError(
            f"there is no collection {name}{names}",
            f"rag ingest --collection {name} PATH",
        )
    return Store(folder, name=name, chroma_url=chroma_url)


def delete_collection(data_dir: Path, name: str, *, chroma_url: str | None = None) -> None:
    store = open_store(data_dir, name, chroma_url=chroma_url)
    with store.writing():
        if chroma_url and store.fingerprint:
            store.open_vectors().drop()
        store.close()
        with translated_storage_errors(store.folder):
            shutil.rmtree(store.folder)


def rename_collection(data_dir: Path, name: str, new_name: str, *, chroma_url: str | None = None) -> None:
    store = open_store(data_dir, name, chroma_url=chroma_url)
    target = collection_folder(data_dir, new_name)
    if target.exists():
        raise CollectionError(
            f"there is a collection {new_name} already",
            f"rag collections delete {new_name}",
        )
    with store.writing():
        if store.fingerprint:
            store.open_vectors().rename(new_name)
        store.close()
        with translated_storage_errors(store.folder):
            store.folder.rename(target)
