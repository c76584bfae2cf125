"""Reads Office documents, web pages, books and tables into pages of Markdown; what no reader here reads, by xberg."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xberg

from ingest.reading.formats.text_files import read_subtitles
from ingest.reading.markup.html import read_html
from ingest.reading.markup.xml import read_xml
from ingest.reading.office_package import Package, child, encrypted_error, parse_xml, title_of
from ingest.reading.structured.document_tree import TreeNode, render_pages
from ingest.reading.structured.epub import read_epub
from ingest.reading.structured.notebooks import read_notebook
from ingest.reading.structured.office.hwpx import read_hwpx
from ingest.reading.structured.office.older.binary_slides import read_binary_slides
from ingest.reading.structured.office.older.binary_word import read_binary_word
from ingest.reading.structured.office.older.rtf import read_rtf
from ingest.reading.structured.office.open_document import read_flat, read_text_document
from ingest.reading.structured.office.slides import read_slides
from ingest.reading.structured.office.word import read_word
from ingest.reading.tables.ods import read_fods, read_ods
from ingest.reading.tables.records import read_dbf, read_delimited
from ingest.reading.tables.xls import read_xls
from ingest.reading.tables.xlsx import read_xlsx
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

_MARKUP: dict[str, Callable[[bytes], tuple[str | None, str]]] = {
    "html": read_html,
    **dict.fromkeys(("xml", "fb2", "opml"), read_xml),
    "epub": read_epub,
    "ipynb": read_notebook,
    **dict.fromkeys(("vtt", "srt"), read_subtitles),
}


# Title and pages; None where the main part is missing or damaged, and for Word before 97.
_Read = tuple[str | None, tuple[Page, ...]] | None


def read_structured(data: bytes, *, kind: str) -> tuple[str | None, tuple[Page, ...]]:
    """The document's own title, if it names one, and its pages; raises UnreadableFileError."""
    if kind in ("csv", "tsv", "dbf"):
        return None, (Page(None, read_dbf(data) if kind == "dbf" else read_delimited(data, kind=kind)),)
    if kind in _MARKUP:
        title, text = _MARKUP[kind](data)
        return title, (Page(None, text),)
    if kind in _OFFICE:
        # What these refuse is never left to xberg: on a hostile file it ends the process.
        try:
            read = _OFFICE[kind](data)
        except (MemoryError, RecursionError, UnreadableFileError):
            raise
        except Exception as error:
            raise _refusal(error) from error
        if read is not None:
            return read
        if kind != "doc":
            raise _refusal()
    document = _extract(data, f"document.{kind}")
    title = document.metadata.title
    nodes = [TreeNode.of(node) for node in (document.document.nodes if document.document else ())]
    # Sheets are numbered in the file. Word processors lay pages out when they draw: what xberg counts there are the
    # hand-made breaks, which would cite page 2 for what every reader sees on page 9.
    return title, render_pages(nodes, paged=kind == "xlsb")


def _in_package(read: Callable[[Package], tuple[Page, ...] | None]) -> Callable[[bytes], _Read]:
    def read_package(data: bytes) -> _Read:
        package = Package(data)
        pages = read(package)
        return None if pages is None else (package.title(), pages)

    return read_package


def _read_flat(data: bytes) -> _Read:
    root = parse_xml(data)
    pages = None if root is None else read_flat(root)
    return None if pages is None else (title_of(child(root, "meta")), pages)


_OFFICE: dict[str, Callable[[bytes], _Read]] = {
    "xlsx": read_xlsx,
    "ods": read_ods,
    "fods": read_fods,
    "xls": read_xls,
    "docx": _in_package(read_word),
    "pptx": _in_package(read_slides),
    **dict.fromkeys(("odt", "odp", "sxw"), _in_package(read_text_document)),
    "hwpx": _in_package(read_hwpx),
    "fodt": _read_flat,
    "fodp": _read_flat,
    "doc": read_binary_word,
    "ppt": read_binary_slides,
    "rtf": read_rtf,
}


def _extract(data: bytes, name: str) -> Any:
    source = xberg.ExtractInput(kind="bytes", bytes=data, filename=name)
    try:
        # In a thread of its own, since Jupyter and Streamlit may already run an event loop in this one.
        with ThreadPoolExecutor(max_workers=1) as executor:
            result = executor.submit(asyncio.run, xberg.extract(source, _config())).result()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of xberg's Rust code is no Exception
        raise _refusal(error) from error
    if not result.results:
        raise _refusal(result.errors[0].message if result.errors else "nothing in it")
    return result.results[0]


def _refusal(error: object = "") -> UnreadableFileError:
    if re.search("password|encrypted", str(error), re.IGNORECASE):
        return encrypted_error()
    return UnreadableFileError("damaged, or not what its name says", "open it in its own program and save it again")


def _config() -> xberg.ExtractionConfig:
    return xberg.ExtractionConfig(
        use_cache=False,  # it would write into the home folder
        disable_ocr=True,
        enable_quality_processing=False,  # it rewrites the text
        max_archive_depth=0,  # attachments and embedded files are not this document's words
        output_format="markdown",
        include_document_structure=True,
        # By default it refuses 100,000 cells, and slides that compress 100 times.
        security_limits=xberg.SecurityLimits(
            max_archive_size=300_000_000, max_compression_ratio=2_000, max_table_cells=5_000_000
        ),
    )
