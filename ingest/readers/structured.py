"""The bytes of an office document, web page, e-mail, book or table turned into pages of Markdown, by xberg."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xberg

from ingest.readers.markdown import clean_markdown, html_title
from ingest.readers.text import decode_text
from ingest.readers.tree import TreeNode, render_pages
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# Kinds whose numbered pages are in the file. Word processors lay pages out when they draw: what xberg counts there
# are the hand-made breaks, which would cite page 2 for what every reader sees on page 9.
_PAGED_KINDS = frozenset({"xlsx", "xls", "xlsb", "ods", "pptx", "ppt", "odp"})
_TABLE_KINDS = frozenset({"csv", "tsv"})
_TIMEOUT_S = 300.0


def read_structured(data: bytes, *, kind: str, name: str) -> tuple[str | None, tuple[Page, ...]]:
    """The document's own title, if it names one, and its pages; raises UnreadableFileError."""
    if kind in _TABLE_KINDS or kind == "srt":
        data = decode_text(data).encode()
    if kind == "srt":
        data, name = _subrip_to_webvtt(data), f"{name}.vtt"
    document = _extract(data, name)
    if kind == "html":
        return html_title(data) or document.metadata.title, (Page(None, clean_markdown(document.content)),)
    nodes = [TreeNode.of(node) for node in (document.document.nodes if document.document else ())]
    return document.metadata.title, render_pages(nodes, paged=kind in _PAGED_KINDS, lines=kind in ("vtt", "srt"))


def _extract(data: bytes, name: str) -> Any:
    source = xberg.ExtractInput(kind="bytes", bytes=data, filename=name)
    try:
        result = _run(asyncio.wait_for(xberg.extract(source, _config()), _TIMEOUT_S))
    except TimeoutError:
        raise UnreadableFileError(
            f"reading it took over {_TIMEOUT_S:.0f} s",
            "split the file into smaller ones",
        ) from None
    except Exception as error:  # xberg raises RuntimeError, its own errors and what its Rust code panics with
        raise UnreadableFileError(_first_line(error), "open the file in its program and save it again") from error
    if not result.results:
        raise UnreadableFileError(
            _first_line(result.errors[0] if result.errors else "nothing in it"),
            "check the file",
        )
    return result.results[0]


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own, since Jupyter and Streamlit may already run an event loop in this one."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


def _config() -> xberg.ExtractionConfig:
    escapes = xberg.ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        escape_asterisks=True,
        escape_underscores=True,
        escape_misc=True,
    )
    return xberg.ExtractionConfig(
        use_cache=False,  # it would write into the home folder
        disable_ocr=True,
        enable_quality_processing=False,  # it rewrites the text
        max_archive_depth=0,  # attachments and embedded files are not this document's words
        output_format="markdown",
        html_options=escapes,  # all of them, so that what is unescaped is structure
        include_document_structure=True,
    )


def _subrip_to_webvtt(data: bytes) -> bytes:
    """SubRip is WebVTT with commas in its times; xberg reads the times of SubRip as words."""
    lines = data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        [
            "WEBVTT",
            "",
            *(line.replace(",", ".") if "-->" in line else line for line in lines),
        ]
    ).encode()


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].removeprefix("Parsing error: ") if lines else type(error).__name__
