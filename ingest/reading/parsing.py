"""Parses the bytes of a file into a ParsedDocument: its title and its pages.

The readers of PDF and of pictures take a tenth of a second to import, so a file that needs them imports them.
"""

import re
from dataclasses import replace
from pathlib import Path

from ingest.reading.file_types import (
    ARCHIVE_KINDS,
    MAIL_KINDS,
    SEQUENCE_KINDS,
    TEXT_KINDS,
    ParsedDocument,
    ParseOptions,
    detect_kind,
    has_reader,
    install_hint,
    refuse_mislabelled,
)
from ingest.reading.formats.archives import read_archive
from ingest.reading.formats.messages import read_mail
from ingest.reading.formats.nested_documents import Nesting
from ingest.reading.formats.outlook import read_outlook
from ingest.reading.formats.recordings import read_recording
from ingest.reading.formats.sequences import read_sequences
from ingest.reading.formats.text_files import read_text
from ingest.reading.office_package import decrypt_office
from ingest.reading.structured.extraction import read_structured
from vectorstore.errors import EmptyDocumentError, NothingToReadError, UnreadableFileError
from vectorstore.types import Page

DEFAULT = ParseOptions()
_BLANK = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*")
_NOTHING = "there is nothing to search in it"
_MAX_TITLE = 200
# What programs write where nobody gave a title.
_NO_TITLE = re.compile(
    r"(untitled.*|title|document\d*|slide 1|powerpoint presentation|presentation|microsoft (word|powerpoint) - .*"
    r"|\S*\.(docx?|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|rtf|odt|html?))",
    re.IGNORECASE,
)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
# Places where a word may be parted at a line's end, or may not: they are within words, and nobody types them.
_UNSEEN = re.compile("\xad(?:\n(?=[^\\W\\d_]))?|[\u2060\ufeff]|(?<=[a-zA-Zà-ɏ])\u200b(?=[a-zA-Zà-ɏ])")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_FRONT_TITLE = re.compile(
    r"---\n(?:(?!---)[^\n]*\n){0,50}?title:[ \t]*[\"']?([^\n]*?)[\"']?[ \t]*\n(?:[^\n]*\n)*?---\s"
)
# They have no headings, or such as are no titles: a tag, the name of the first sheet.
_WITHOUT_TITLE_HEADING = (
    ARCHIVE_KINDS
    | SEQUENCE_KINDS
    | MAIL_KINDS
    | frozenset(
        ("pdf", "text", "code", "image", "recording", "csv", "tsv", "dbf", "xml", "xlsx", "xls", "xlsb", "ods", "fods")
    )
)


def parse_document(path: Path, data: bytes, options: ParseOptions = DEFAULT) -> ParsedDocument:
    """The pages of `data`, read as the kind that the name of `path` and the bytes say; `path` is not opened.

    Raises UnreadableFileError where there is nothing to read.
    """
    nesting = Nesting(_parse, options)
    document = _parse(path, data, nesting)
    return replace(document, left_out="; ".join(nesting.left_out)) if nesting.left_out else document


def _parse(path: Path, data: bytes, nesting: Nesting) -> ParsedDocument:
    kind = detect_kind(path, data)
    if not data and kind and kind not in TEXT_KINDS:
        raise UnreadableFileError(f"the file is empty, which no {path.suffix} file is", "copy or download it again")
    if _BLANK.fullmatch(data):
        raise EmptyDocumentError("no text in it" if data else "the file is empty", _NOTHING)
    if kind is None:
        raise NothingToReadError("not text: a kind of file that is not read", "convert it to PDF or text")
    try:
        title, pages = _read(path, data, kind=kind, nesting=nesting)
    except RecursionError as error:
        raise UnreadableFileError("nested too deeply", "save what is inside it as files of their own") from error
    if kind != "pdf":  # whose reader knows where lines end
        pages = tuple(replace(page, text=_UNSEEN.sub("", page.text)) for page in pages)
    pages = tuple(page for page in pages if page.text.strip())
    if not pages:
        raise _nothing_in(data, kind, nesting.options.password)
    own = _title(title, pages[0].text, kind=kind)
    return ParsedDocument(own or _clean_title(path.stem) or path.name, pages, kind, own is not None)


def _read(path: Path, data: bytes, *, kind: str, nesting: Nesting) -> tuple[str | None, tuple[Page, ...]]:
    if kind == "pdf":
        return _read_pdf(data, nesting.options.password)
    if kind in ("markdown", "text", "code"):
        text = read_text(path, data, kind=kind)
        front = _FRONT_TITLE.match(text) if kind == "markdown" else None
        return (front[1] if front else None), (Page(None, text),)
    if kind == "image":
        from ingest.reading.formats.scans import read_image

        return None, read_image(data)
    if kind == "recording":
        return None, read_recording(data, nesting.options.speech_model)
    if kind in ARCHIVE_KINDS:
        return None, read_archive(data, kind=kind, name=path.name, nesting=nesting)
    data = decrypt_office(data, nesting.options.password)
    refuse_mislabelled(data, kind=kind)
    if kind in MAIL_KINDS:
        return read_outlook(data, nesting) if kind == "msg" else read_mail(data, kind=kind, nesting=nesting)
    if kind in SEQUENCE_KINDS:
        return None, read_sequences(data, kind=kind, most_letters=nesting.options.letters)
    return read_structured(data, kind=kind)


def _read_pdf(data: bytes, password: str | None) -> tuple[str | None, tuple[Page, ...]]:
    """Its own text; the pages that have none are read as pictures, where that is possible."""
    from ingest.reading.formats.scans import read_scanned_pages
    from ingest.reading.pdf.document import read_pdf

    title, pages = read_pdf(data, password)
    if has_reader("ocr"):
        have_text = {page.number for page in pages if page.text.strip()}
        scanned = read_scanned_pages(data, skip=have_text, password=password)
        numbers = sorted({page.number or 0 for page in (*scanned, *pages)})
        both = {number: [page.text for page in (*scanned, *pages) if page.number == number] for number in numbers}
        pages = tuple(Page(number, "\n\n".join(texts)) for number, texts in both.items())
    return title, pages


def _nothing_in(data: bytes, kind: str, password: str | None) -> UnreadableFileError:
    if kind == "pdf" and not has_reader("ocr"):
        from ingest.reading.pdf.document import is_blank

        if not is_blank(data, password):
            return UnreadableFileError(
                "no text in it: its pages are images, or their letters have no codes", install_hint("ocr")
            )
    seen = ", and none in its pictures" if kind in ("pdf", "image") else ""
    return EmptyDocumentError(f"no text in it{seen}", _NOTHING)


def _title(own: str | None, text: str, *, kind: str) -> str | None:
    """The document's own title, else its first heading; one line."""
    candidates = [] if own and _NO_TITLE.fullmatch(own.strip()) else [own]
    if kind not in _WITHOUT_TITLE_HEADING:
        deepest = 1 if kind == "markdown" else 6
        candidates.append(_first_heading(text, deepest))
    return next(filter(None, map(_clean_title, candidates)), None)


def _first_heading(text: str, deepest: int) -> str | None:
    """Outside of code; line by line, since a line may be as long as the file."""
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            is_end = mark and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if is_end else fence
        elif mark:
            fence = mark[1]
        elif (found := _HEADING.match(line)) and len(found[1]) <= deepest:
            words = found[2].rstrip()
            bare = words.rstrip("#")
            return bare if bare.endswith((" ", "\t")) else words
    return None


def _clean_title(candidate: str | None) -> str:
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", _UNSEEN.sub("", candidate or "")).split())
    return line[:_MAX_TITLE].rstrip()
