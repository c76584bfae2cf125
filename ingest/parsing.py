"""A file's bytes turned into a ParsedDocument: its title and its pages."""

import re
from dataclasses import dataclass
from pathlib import Path

from ingest.readers.disguises import refuse_encrypted, refuse_mislabelled
from ingest.readers.formats import detect_kind, is_supported, supported_suffixes
from ingest.readers.markdown import first_heading
from ingest.readers.pdf import read_pdf
from ingest.readers.structured import read_structured
from ingest.readers.text import read_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

__all__ = ["HEAD_BYTES", "ParsedDocument", "detect_kind", "is_supported", "parse_document", "supported_suffixes"]

HEAD_BYTES = 8192
_MAX_TITLE = 200
# What programs write where nobody gave a title.
_NO_TITLE = re.compile(
    r"(untitled.*|title|document\d*|slide 1|powerpoint presentation|presentation|microsoft (word|powerpoint) - .*"
    r"|\S*\.(docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf|odt|html?))",
    re.IGNORECASE,
)
# They have no headings, or such as are no titles: a tag, the name of the first sheet.
_WITHOUT_TITLE_HEADING = frozenset(("pdf", "text", "code", "csv", "tsv", "xml", "xlsx", "xls", "xlsb", "ods"))


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
        raise UnreadableFileError("the file is empty", "delete it, or restore it from a copy")
    kind = detect_kind(path, data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableFileError("not text: a kind of file that is not read", "convert it to PDF or text")
    title, pages = _read(data, kind)
    pages = tuple(page for page in pages if page.text.strip())
    if not pages:
        raise UnreadableFileError(*_nothing_in(kind))
    markdown = kind not in ("pdf", "text", "code")
    return ParsedDocument(_title(title, pages, kind=kind, path=path), pages, kind, markdown)


def _read(data: bytes, kind: str) -> tuple[str | None, tuple[Page, ...]]:
    if kind == "pdf":
        return read_pdf(data)
    if kind in ("markdown", "text", "code"):
        return None, read_text(data)
    refuse_encrypted(data)
    refuse_mislabelled(data, kind=kind)
    return read_structured(data, kind=kind)


def _nothing_in(kind: str) -> tuple[str, str]:
    if kind == "pdf":
        return "no text in it: scanned pages are images", "run it through OCR software first, such as ocrmypdf"
    return "no text in it", "check that the file holds what it should"


def _title(own: str | None, pages: tuple[Page, ...], *, kind: str, path: Path) -> str:
    """The document's own title, else its first heading, else the file's name; one line."""
    candidates = [None if own and _NO_TITLE.fullmatch(own.strip()) else own]
    if kind == "markdown":
        candidates.append(first_heading(pages[0].text, deepest=1))
    elif kind not in _WITHOUT_TITLE_HEADING:
        candidates.append(first_heading(pages[0].text, deepest=6))
    candidates.append(path.stem)
    lines = (" ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", candidate or "").split()) for candidate in candidates)
    return next((line[:_MAX_TITLE].rstrip() for line in lines if line), path.name)
