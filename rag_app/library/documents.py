"""Describes collections and their documents, shows stored pages, and removes, restores and deletes documents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag_app.settings import Settings
from vectorstore import Store
from vectorstore.collections import list_collections, open_store
from vectorstore.errors import CollectionError, InputError
from vectorstore.types import REMOVED, SourceRecord


def remove_for_now(store: Store, sources: Sequence[str]) -> None:
    """Hide these from every answer, even while another process is writing; `bring_back` undoes it."""
    with store.own_change():
        store.catalogue.hide(sources)


def bring_back(store: Store, sources: Sequence[str]) -> None:
    """With the same text at the same places, whatever has become of the files."""
    with store.own_change():
        store.catalogue.restore(sources)


def removed_records(store: Store) -> list[SourceRecord]:
    return [record for record in store.catalogue.sources() if record.state == REMOVED]


def forget(store: Store, sources: Sequence[str], *, settings: Settings) -> None:
    """Delete all that is stored of these, and the copies of those that were uploaded; other files stay on disk.

    Raises CollectionError where another process is writing.
    """
    with store.writing(on_wait=refuse_to_wait):
        removed = {record.source for record in removed_records(store)} & set(sources)
        store.remove(sorted(removed), forget=True)
    for source in removed:
        if is_uploaded(source, settings):
            Path(source).unlink(missing_ok=True)


def is_uploaded(source: str, settings: Settings) -> bool:
    return settings.data_dir / "uploads" in Path(source).parents


def refuse_to_wait(message: str) -> None:  # noqa: ARG001 (what `writing` would say)
    raise CollectionError("documents are being read just now", "wait until that has ended and try again")


def find_source(store: Store, text: str) -> SourceRecord:
    """The source of that path or URL, or the only one whose path ends with it. Raises InputError."""
    exact = store.catalogue.source(text) or store.catalogue.source(str(Path(text).expanduser().resolve()))
    if exact:
        return exact
    ending = [record for record in store.catalogue.sources() if record.source.endswith(f"/{text}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise InputError(
            f"{text} is the end of {len(ending)} sources in {store.name}", "give more of the path: rag list"
        )
    raise InputError(f"{text} is not in the collection {store.name}", f"rag list --collection {store.name}")


def find_page(store: Store, text: str, number: int | None) -> dict[str, Any]:
    """Source, title, page and stored text; without a number, the first page of a document that has pages."""
    record = find_source(store, text)
    if number is None:
        number = store.catalogue.pages(record.text_id)[0].number
    text_of_page = store.load_page(record.source, number)
    return {"source": record.source, "title": record.title, "page": number, "text": text_of_page}


def describe_sources(store: Store) -> dict[str, Any]:
    fields = ("source", "title", "kind", "state", "chunks", "size", "ingested_at")
    sources = [{field: getattr(record, field) for field in fields} for record in store.catalogue.sources()]
    return {"collection": store.name, "sources": sources}


def delete_sources(
    store: Store, texts: Sequence[str], *, on_wait: Callable[[str], None] = lambda message: None
) -> dict[str, Any]:
    """Remove these sources from the collection; nothing is removed if one of them is not there."""
    sources = list(dict.fromkeys(find_source(store, text).source for text in texts))
    with store.writing(on_wait=on_wait):
        store.remove(sources, forget=True)
    return {"collection": store.name, "removed": sources}


def describe_collection(store: Store, settings: Settings) -> dict[str, Any]:
    made_by = store.fingerprint
    records = store.catalogue.sources()
    return {
        "collection": store.name,
        "embeddings": made_by.model if made_by else settings.embeddings,
        "distance": made_by.distance if made_by else settings.distance,
        "sources": len(records),
        "missing": sum(record.state == "missing" for record in records),
        "chunks": len(store.catalogue.chunk_ids()),
        "bytes": sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file()),
        "folder": str(store.folder),
        "answered_by": settings.llm,
    }


def describe_collections(settings: Settings) -> dict[str, Any]:
    stores = (open_store(settings.data_dir, name) for name in list_collections(settings.data_dir))
    return {"collections": [describe_collection(store, settings) for store in stores]}
