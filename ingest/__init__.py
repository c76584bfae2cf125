"""Ingests files into a collection: finds, reads, chunks, embeds and stores what changed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.chunking.chunks import ChunkSize as ChunkSize
    from ingest.chunking.sentences import ITEM_MARK as ITEM_MARK
    from ingest.chunking.sentences import Split as Split
    from ingest.chunking.sentences import load_find_sentences as load_find_sentences
    from ingest.chunking.sentences import load_split as load_split
    from ingest.chunking.sentences import split_sentences as split_sentences
    from ingest.pipeline import IngestOptions as IngestOptions
    from ingest.pipeline import ingest_files as ingest_files
    from ingest.pipeline import ingest_texts as ingest_texts
    from ingest.reading.file_types import describe_readers as describe_readers
    from ingest.reading.file_types import has_markdown as has_markdown
    from ingest.reading.parsing import parse_document as parse_document
    from ingest.reading.pdf.characters import PDFIUM_LOCK as PDFIUM_LOCK
    from ingest.reading.pdf.characters import open_pdf as open_pdf
    from ingest.reading.pdf.document import Box as Box
    from ingest.reading.pdf.document import PdfPageMap as PdfPageMap
    from ingest.reading.pdf.document import map_pdf_page as map_pdf_page
    from ingest.report import IngestReport as IngestReport
    from ingest.report import Progress as Progress
    from ingest.report import Stopped as Stopped

# Imported when first used: what only answers needs no reader of files.
MODULES = {
    "ChunkSize": "ingest.chunking.chunks",
    **dict.fromkeys(
        ("ITEM_MARK", "Split", "load_find_sentences", "load_split", "split_sentences"), "ingest.chunking.sentences"
    ),
    **dict.fromkeys(("IngestOptions", "ingest_files", "ingest_texts"), "ingest.pipeline"),
    **dict.fromkeys(("describe_readers", "has_markdown"), "ingest.reading.file_types"),
    "parse_document": "ingest.reading.parsing",
    **dict.fromkeys(("PDFIUM_LOCK", "open_pdf"), "ingest.reading.pdf.characters"),
    **dict.fromkeys(("Box", "PdfPageMap", "map_pdf_page"), "ingest.reading.pdf.document"),
    **dict.fromkeys(("IngestReport", "Progress", "Stopped"), "ingest.report"),
}
__all__ = list(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
