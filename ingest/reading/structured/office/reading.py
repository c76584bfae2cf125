"""Reads Office documents by their kind; what cannot be read here is left to the general reader."""

from ingest.reading.file_types import BAD_ZIP
from ingest.reading.structured.office.parts.package import Package, child, text_of
from ingest.reading.structured.office.slides import read_slides
from ingest.reading.structured.office.word import read_word
from vectorstore.types import Page

_READERS = {"docx": read_word, "pptx": read_slides}


def read_office(data: bytes, *, kind: str) -> tuple[str | None, tuple[Page, ...]] | None:
    """Title and pages; None for other kinds and for packages that are damaged."""
    read = _READERS.get(kind)
    if read is None:
        return None
    try:
        package = Package(data)
        pages = read(package)
    except (RecursionError, *BAD_ZIP):
        return None
    return None if pages is None else (_title(package), pages)


def _title(package: Package) -> str | None:
    properties = next((part for _, part in package.related_parts("", "core-properties")), None)
    return text_of(child(properties, "title")).strip() or None
