"""Rows of a catalogue made up for a test: sources whose chunks have a number each."""

from pathlib import Path

from vectorstore.storage import changes
from vectorstore.storage.catalogue import Catalogue
from vectorstore.types import Chunk, IngestedSource, Page, SourceRecord, hash_pages


def open_catalogue(folder: Path) -> Catalogue:
    catalogue = Catalogue(folder)
    catalogue.database.create()
    return catalogue


def record(source: str, pages: list[Page]) -> IngestedSource:
    kept = SourceRecord(source, "Title", True, "text", hash_pages(pages), "hash", 1, 2, 0, "ready", "2026-01-01")
    return IngestedSource(kept, pages, [])


def chunk(source: str, number: int) -> Chunk:
    return Chunk(source, "Title", None, number, number + 1, "x")


def ids(source: str, *numbers: int) -> set[str]:
    return {chunk(source, number).id for number in numbers}


def announce(catalogue: Catalogue, source: str, *numbers: int) -> None:
    chunks = [chunk(source, number) for number in numbers]
    changes.announce(catalogue.database, [IngestedSource(record(source, []).record, [], chunks)])


def swap(catalogue: Catalogue, source: str, pages: list[Page], *numbers: int) -> SourceRecord:
    """Announce and make live."""
    item = record(source, pages)
    announce(catalogue, source, *numbers)
    changes.swap(catalogue.database, [item])
    return item.record
