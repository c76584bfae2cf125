"""What a collection's catalogue says, as the commands and the page show it, and what is done to single documents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag_app.console import print_line
from rag_app.settings import Settings
from vectorstore.collections import list_collections, open_store
from vectorstore.errors import InputError
from vectorstore.records import SourceRecord
from vectorstore.store import Store


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
            f"{text} is the end of {len(ending)} sources in {store.name}",
            "give more of the path: rag list",
        )
    raise InputError(
        f"{text} is not in the collection {store.name}",
        f"rag list --collection {store.name}",
    )


def find_page(store: Store, text: str, number: int | None) -> dict[str, Any]:
    """Source, title, page and stored text; without a number, the first page of a document that has pages."""
    record = find_source(store, text)
    if number is None:
        number = store.catalogue.pages(record.text_id)[0].number
    page_text = store.load_page(record.source, number)
    return {
        "source": record.source,
        "title": record.title,
        "page": number,
        "text": page_text,
    }


def describe_sources(store: Store) -> dict[str, Any]:
    fields = ("source", "title", "kind", "state", "chunks", "size", "ingested_at")
    sources = [{field: getattr(record, field) for field in fields} for record in store.catalogue.sources()]
    return {"collection": store.name, "sources": sources}


def print_sources(store: Store) -> None:
    for record in store.catalogue.sources():
        state = "" if record.state == "ready" else f"  {record.state}"
        print_line(f"{record.source}  {record.kind}, {record.chunks} chunks{state}")


def delete_sources(
    store: Store,
    texts: Sequence[str],
    *,
    on_wait: Callable[[str], None] = lambda message: None,
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
