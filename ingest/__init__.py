"""Ingests files into a collection: finds, reads, chunks, embeds and stores what changed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.pipeline import IngestOptions, ingest_files, ingest_texts
    from ingest.reading.parsing import parse_document
    from ingest.report import IngestReport, Progress, Stopped

# Imported when they are first used: readers of the page need none of them.
MODULES = {
    **dict.fromkeys(("IngestReport", "Progress", "Stopped"), "ingest.report"),
    **dict.fromkeys(("IngestOptions", "ingest_files", "ingest_texts"), "ingest.pipeline"),
    "parse_document": "ingest.reading.parsing",
}
__all__ = ["IngestOptions", "IngestReport", "Progress", "Stopped", "ingest_files", "ingest_texts", "parse_document"]


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)
