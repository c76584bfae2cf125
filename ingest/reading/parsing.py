"""A file's bytes turned into a ParsedDocument: its title and its pages.

Readers that take a tenth of a second and more to import are imported when a file needs them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ingest.reading.disguises import refuse_encrypted, refuse_mislabelled, true_kind
from ingest.reading.file_types import (
    ARCHIVE_KINDS,
    MAIL_KINDS,
    SEQUENCE_KINDS,
    ParseOptions,
    detect_kind,
    has_markdown,
    is_supported,
    supported_suffixes,
)
from ingest.reading.formats.archives import read_archive
from ingest.reading.formats.nested_documents import Allowance, Nesting, Part
from ingest.reading.formats.office import decrypt_office
from ingest.reading.formats.recordings import read_recording
from ingest.reading.formats.sequences import read_sequences
from ingest.reading.formats.text import first_heading, read_text
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.types import Page

__all__ = ["HEAD_BYTES", "ParsedDocument", "detect_kind", "is_supported", "parse_document", "supported_suffixes"]

HEAD_BYTES = 8192
DEFAULT = ParseOptions()
_MAX_TITLE = 200
# What programs write where nobody gave a title.
_NO_TITLE = re.compile(
    r"(untitled.*|title|document\d*|slide 1|powerpoint presentation|presentation|microsoft (word|powerpoint) - .*"
    r"|\S*\.(docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf|odt|html?))",
    re.IGNORECASE,
)
# They have no headings, or such as are no titles: a tag, the name of the first sheet.
_WITHOUT_TITLE_HEADING = (
    ARCHIVE_KINDS
    | SEQUENCE_KINDS
    | MAIL_KINDS
    | frozenset(("pdf", "text", "code", "image", "recording", "csv", "tsv", "dbf", "xml", "xlsx", "xls", "xlsb", "ods"))
)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """`kind` is a short name of the format; `markdown` says whether the pages' text has Markdown structure.

    `is_titled` is False where the document names no title and `title` is the file's name.
    """

    title: str
    pages: tuple[Page, ...]
    kind: str
    markdown: bool
    is_titled: bool = True


def parse_document(path: Path, data: bytes, options: ParseOptions = DEFAULT) -> ParsedDocument:
    """The pages of `data`, read as the kind that the name of `path` and the bytes say; `path` is not opened.

    Raises UnreadableFileError where there is nothing to read.
    """
    return _parse(path, data, Nesting(_read_part, 0, Allowance(), options))


def _parse(path: Path, data: bytes, nesting: Nesting) -> ParsedDocument:
    if not data:
        raise UnreadableFileError("the file is empty", "delete it, or restore it from a copy")
    kind = detect_kind(path, data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableFileError("not text: a kind of file that is not read", "convert it to PDF or text")
    kind = true_kind(data, kind)
    title, pages = _read(path, data, kind=kind, nesting=nesting)
    pages = tuple(page for page in pages if page.text.strip())
    if not pages:
        raise _nothing_in(kind)
    own = _title(title, pages, kind=kind)
    return ParsedDocument(own or _clean_title(path.stem) or path.name, pages, kind, has_markdown(kind), own is not None)


def _read_part(name: str, data: bytes, nesting: Nesting) -> Part:
    document = _parse(Path(name), data, nesting)
    return Part(document.pages, document.markdown, document.kind == "code")


def _read(path: Path, data: bytes, *, kind: str, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    if kind == "pdf":
        return _read_pdf(data, nesting.options.password)
    if kind in ("markdown", "text", "code"):
        return None, read_text(data)
    if kind == "image":
        from ingest.reading.formats.scans import read_image

        return None, read_image(data)
    if kind == "recording":
        return None, read_recording(data, nesting.options.speech_model)
    if kind in ARCHIVE_KINDS:
        return None, read_archive(data, kind=kind, name=path.name, nesting=nesting)
    data = decrypt_office(data, nesting.options.password)
    refuse_encrypted(data)
    refuse_mislabelled(data, kind=kind)
    if kind in MAIL_KINDS:
        from ingest.reading.formats.mail import read_mail

        return read_mail(data, kind=kind, nesting=nesting)
    if kind in SEQUENCE_KINDS:
        return None, read_sequences(data, kind=kind, most_letters=nesting.options.letters)
    from ingest.reading.formats.office import read_structured

    return read_structured(data, kind=kind)


def _read_pdf(data: bytes, password: str | None) -> tuple[str | None, tuple[Page, ...]]:
    """Its own text; the pages that have none are looked at as pictures, where that is possible."""
    from ingest.reading.formats.scans import has_ocr, read_scanned_pages
    from ingest.reading.pdf.document import read_pdf

    title, pages = read_pdf(data, password)
    if not has_ocr():
        return title, pages
    have_text = {page.number for page in pages if page.text.strip()}
    scanned = read_scanned_pages(data, skip=have_text, password=password)
    found = [Page(number, text) for number, text in scanned.items()]
    return title, tuple(sorted([*pages, *found], key=lambda page: page.number or 0))


def _nothing_in(kind: str) -> UnreadableFileError:
    from ingest.reading.formats.scans import INSTALL_HINT, has_ocr

    if kind == "pdf" and not has_ocr():
        return UnreadableFileError("no text in it: its pages are images", INSTALL_HINT)
    if kind in ("pdf", "image"):
        return NothingToReadError("no text in it, and none in its pictures", "there is nothing to search in it")
    return UnreadableFileError("no text in it", "check that the file holds what it should")


def _title(own: str | None, pages: tuple[Page, ...], *, kind: str) -> str | None:
    """The document's own title, else its first heading; one line."""
    candidates = [None if own and _NO_TITLE.fullmatch(own.strip()) else own]
    if kind == "markdown":
        candidates.append(first_heading(pages[0].text, deepest=1))
    elif kind not in _WITHOUT_TITLE_HEADING:
        candidates.append(first_heading(pages[0].text, deepest=6))
    return next(filter(None, map(_clean_title, candidates)), None)


def _clean_title(candidate: str | None) -> str:
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", candidate or "").split())
    return line[:_MAX_TITLE].rstrip()
