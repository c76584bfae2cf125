"""A document taken out of a collection: hidden at once, brought back as it was, or forgotten for good."""

from collections.abc import Sequence
from pathlib import Path

from rag_app.settings import Settings
from vectorstore.errors import CollectionError
from vectorstore.records import REMOVED, SourceRecord
from vectorstore.store import Store


def remove_for_now(store: Store, sources: Sequence[str]) -> None:
    """Leave these out of every answer, even while another is writing; `bring_back` undoes it."""
    with store.own_change():
        store.catalogue.hide(sources)


def bring_back(store: Store, sources: Sequence[str]) -> None:
    """The same words at the same places, whatever has become of the files."""
    with store.own_change():
        store.catalogue.restore(sources)


def removed_records(store: Store) -> list[SourceRecord]:
    return [record for record in store.catalogue.sources() if record.state == REMOVED]


def forget(store: Store, sources: Sequence[str], *, settings: Settings) -> None:
    """Drop all that is stored of these, and the copies of those that were uploaded; other files stay on disk.

    Raises CollectionError where another is writing.
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
