"""A file's bytes turned into a ParsedDocument: its title and its pages."""

import re
from dataclasses import dataclass
from pathlib import Path

from ingest.readers.encryption import refuse_encrypted, refuse_mislabelled
from ingest.readers.formats import detect_kind, is_supported, supported_suffixes
from ingest.readers.pdf import read_pdf
from ingest.readers.structured import read_structured
from ingest.readers.text import read_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

__all__ = [
    "ParsedDocument",
    "detect_kind",
    "is_supported",
    "parse_document",
    "supported_suffixes",
]

HEAD_BYTES = 8192
_MAX_TITLE = 200
_FIRST_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
# What programs write into a PDF's title when no one gave it one.
_PROGRAM_TITLE = re.compile(
    r"^(untitled|untitled document|title|microsoft word - .*|.*\.(docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """`kind` is a short name of the format; `markdown` says whether the pages' text has Markdown structure."""

    title: str
    pages: tuple[Page, ...]
    kind: str
    markdown: bool


def parse_document(path: Path, data: bytes) -> ParsedDocument:
    """The pages of `data`, read as the kind that the name of `path` and the bytes say; `path` is not opened.

    Raises UnreadableFileError where there is nothing to read.
    """
    if not data:
        raise UnreadableFileError("the file is empty", "nothing to do, or restore it from a copy")
    kind = detect_kind(path, data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableFileError("not text: a kind of file that is not read", "convert it to PDF or text")
    title, pages, markdown = _read(path, data, kind)
    pages = tuple(page for page in pages if page.text.strip())
    if not pages:
        raise UnreadableFileError(*_nothing_in(kind))
    return ParsedDocument(_title(title, pages, path=path, markdown=markdown), pages, kind, markdown)


def _read(path: Path, data: bytes, kind: str) -> tuple[str | None, tuple[Page, ...], bool]:
    if kind == "pdf":
        return *read_pdf(data), False
    if kind in ("markdown", "text", "code"):
        return None, read_text(data), kind == "markdown"
    refuse_encrypted(data, kind=kind)
    refuse_mislabelled(data, kind=kind)
    return *read_structured(data, kind=kind, name=path.name), True


def _nothing_in(kind: str) -> tuple[str, str]:
    if kind == "pdf":
        return (
            "no text in it: scanned pages are images",
            "run it through OCR software first (ocrmypdf, for one)",
        )
    return "no text in it", "check that the file holds what it should"


def _title(own: str | None, pages: tuple[Page, ...], *, path: Path, markdown: bool) -> str:
    candidates = [own if own and not _PROGRAM_TITLE.match(own.strip()) else None]
    if markdown:
        heading = _FIRST_HEADING.search(pages[0].text)
        candidates.append(heading.group(1) if heading else None)
    candidates.append(path.stem)
    cleaned = (" ".join((candidate or "").replace("\0", "").split()) for candidate in candidates)
    return next((title[:_MAX_TITLE].rstrip() for title in cleaned if title), path.name)
