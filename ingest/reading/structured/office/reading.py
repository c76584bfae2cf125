"""Reads Office documents by their kind; what cannot be read here is left to the general reader."""

from ingest.reading.file_types import BAD_ZIP
from ingest.reading.structured.office.hwpx import read_hwpx
from ingest.reading.structured.office.older.binary_slides import read_binary_slides
from ingest.reading.structured.office.older.binary_word import read_binary_word
from ingest.reading.structured.office.older.rtf import read_rtf
from ingest.reading.structured.office.open_document import read_flat, read_text_document
from ingest.reading.structured.office.parts.package import Element, Package, child, outermost, parse_xml, text_of
from ingest.reading.structured.office.slides import read_slides
from ingest.reading.structured.office.word import read_word
from vectorstore.types import Page

_READERS = {
    "docx": read_word,
    "pptx": read_slides,
    "odt": read_text_document,
    "odp": read_text_document,
    "sxw": read_text_document,
    "hwpx": read_hwpx,
}

_OLDER = {"doc": read_binary_word, "ppt": read_binary_slides, "rtf": read_rtf}


def read_office(data: bytes, *, kind: str) -> tuple[str | None, tuple[Page, ...]] | None:
    """Title and pages; None for other kinds and for files that are damaged."""
    try:
        if kind == "fodt":
            root = parse_xml(data)
            pages = None if root is None else read_flat(root)
            return None if pages is None else (_title(child(root, "meta")), pages)
        if kind in _OLDER:
            return _OLDER[kind](data)
        if kind not in _READERS:
            return None
        package = Package(data)
        pages = _READERS[kind](package)
    except (RecursionError, *BAD_ZIP):
        return None
    if pages is None:
        return None
    properties = next((part for _, part in package.related_parts("", "core-properties")), package.part("meta.xml"))
    return _title(properties), pages


def _title(properties: Element | None) -> str | None:
    return text_of(next(outermost(properties, "title"), None)).strip() or None
