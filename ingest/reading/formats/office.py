"""The bytes of an office document, web page, e-mail, book or table turned into pages of Markdown, by xberg."""

import asyncio
import io
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xberg

from ingest.reading.disguises import encrypted_error, is_encrypted_office, wrong_password_error
from ingest.reading.formats.document_tree import TreeNode, render_pages
from ingest.reading.formats.text import clean_markdown, html_title, read_text
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page


def decrypt_office(data: bytes, password: str | None) -> bytes:
    """The bytes as they are where they are not encrypted; raises UnreadableFileError where they stay so."""
    if not is_encrypted_office(data):
        return data
    if password is None:
        raise encrypted_error()
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    target = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=password)
        office.decrypt(target)
    except (InvalidKeyError, DecryptionError) as error:
        raise wrong_password_error() from error
    except (FileFormatError, ParseError, OSError, ValueError, NotImplementedError) as error:
        raise encrypted_error() from error
    return target.getvalue()


# Kinds whose numbered pages are in the file. Word processors lay pages out when they draw: what xberg counts there
# are the hand-made breaks, which would cite page 2 for what every reader sees on page 9.
_PAGED_KINDS = frozenset({"xlsx", "xls", "xlsb", "ods", "pptx", "ppt", "odp"})
_TABLE_KINDS = frozenset({"csv", "tsv"})
_TIMEOUT_S = 300.0


def read_structured(data: bytes, *, kind: str) -> tuple[str | None, tuple[Page, ...]]:
    """The document's own title, if it names one, and its pages; raises UnreadableFileError."""
    if kind in _TABLE_KINDS or kind == "srt":
        data = decode_text(data).encode()
    if kind == "srt":
        data, kind = _subrip_to_webvtt(data), "vtt"
    document = _extract(data, f"document.{kind}")
    if kind == "html":
        return html_title(data) or document.metadata.title, (Page(None, clean_markdown(document.content)),)
    title = document.metadata.title or (document.metadata.subject if kind == "msg" else None)
    nodes = [TreeNode.of(node) for node in (document.document.nodes if document.document else ())]
    if kind == "xml" and not any(node.text for node in nodes if node.type != "heading"):
        return title, read_text(data)  # all it says, it says in its attributes
    return title, render_pages(nodes, paged=kind in _PAGED_KINDS, lines=kind == "vtt")


def _extract(data: bytes, name: str) -> Any:
    source = xberg.ExtractInput(kind="bytes", bytes=data, filename=name)
    try:
        result = _run(asyncio.wait_for(xberg.extract(source, _config()), _TIMEOUT_S))
    except TimeoutError as error:
        raise UnreadableFileError(f"not read within {_TIMEOUT_S:.0f} s", "split it into smaller files") from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of xberg's Rust code is no Exception
        raise _refusal(error) from error
    if not result.results:
        raise _refusal(result.errors[0].message if result.errors else "nothing in it")
    return result.results[0]


def _refusal(error: object) -> UnreadableFileError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if "password" in lines[0].lower() or "encrypted" in lines[0].lower():
        return encrypted_error()
    detail = lines[0].removeprefix("Parsing error: ")[:200]
    message = f"damaged, or not what its name says: {detail}"
    return UnreadableFileError(message, "open it in its own program and save it again")


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own, since Jupyter and Streamlit may already run an event loop in this one."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


def _config() -> xberg.ExtractionConfig:
    return xberg.ExtractionConfig(
        use_cache=False,  # it would write into the home folder
        disable_ocr=True,
        enable_quality_processing=False,  # it rewrites the text
        max_archive_depth=0,  # attachments and embedded files are not this document's words
        output_format="markdown",
        html_options=_html_options(),
        include_document_structure=True,
        # By default it refuses 100,000 cells, and slides that compress 100 times.
        security_limits=xberg.SecurityLimits(
            max_archive_size=300_000_000, max_compression_ratio=2_000, max_table_cells=5_000_000
        ),
    )


def _html_options() -> xberg.ConversionOptions:
    """Every literal mark escaped, so that what is not is markup; one mark for all list items, no padding in tables."""
    return xberg.ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        escape_asterisks=True,
        escape_underscores=True,
        escape_misc=True,
        bullets="-",
        compact_tables=True,
        exclude_selectors=["iframe", "noscript", "template"],
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
