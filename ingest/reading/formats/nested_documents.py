"""Reads archives, and writes the documents inside another document as sections of its one page of Markdown.

Nothing is written to disk: a name in an archive is a heading here, never a path.
"""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ingest.chunking.chunks import find_blocks
from ingest.reading.file_types import ParsedDocument, ParseOptions, has_markdown
from ingest.reading.markup.html_blocks import fence
from ingest.reading.structured.encryption import encrypted_error, wrong_password_error
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import EmptyDocumentError, NothingToReadError, UnreadableFileError
from vectorstore.types import Page

# A mail in an archive in a mail is seen in practice; what lies deeper is a quine or a bomb.
MAX_DEPTH = 3
# An archive of more files is a folder to unpack: its one page of text would be no help to a reader.
MAX_PARTS = 5_000
# The worker that reads a file has 2 GB; a document takes up to five times its size while it is read.
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_CHARACTERS = 20_000_000
_UNPACK = "unpack it and ingest the folder"
_MAX_NAME = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADING = re.compile(r"^( {0,3})(#{1,5})(?=[ \t])", re.MULTILINE)
_UNDERLINE = re.compile(r"(?<=\S)([ \t]*\n)(?= {0,3}(?:=+|-+)[ \t]*$)", re.MULTILINE)

_OPENERS: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_PIECE_BYTES = 1 << 20
_TAR_MAGIC = slice(257, 262)
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


@dataclass(slots=True)
class Nesting:
    """Reads the documents inside one file of the disk, at any depth, as far as its bounds allow.

    `read` raises UnreadableFileError; the other fields are what may still be unpacked.
    """

    read: Callable[[Path, bytes, "Nesting"], ParsedDocument]
    options: ParseOptions
    depth: int = 0
    parts: int = MAX_PARTS
    unpacked_bytes: int = MAX_UNPACKED_BYTES
    characters: int = MAX_CHARACTERS

    def read_part(self, name: str, data: bytes) -> ParsedDocument:
        if self.depth >= MAX_DEPTH:
            raise UnreadableFileError(f"nested more than {MAX_DEPTH} deep", _UNPACK)
        self.depth += 1
        try:
            return self.read(Path(name), data, self)
        finally:
            self.depth -= 1

    def count_part(self, size: int) -> None:
        self.parts -= 1
        if self.parts < 0:
            raise UnreadableFileError(f"holds more than {MAX_PARTS} files", _UNPACK)
        self.count_bytes(size)

    def count_bytes(self, size: int) -> None:
        self.unpacked_bytes -= size
        if self.unpacked_bytes < 0:
            raise UnreadableFileError(f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB", _UNPACK)

    def write_section(self, heading: str, pages: Sequence[Page], kind: str) -> str:
        text = "\n\n".join(page.text.strip("\n") for page in pages)
        section = f"# {section_name(heading)}\n\n{as_markdown(text, kind)}"
        self.characters -= len(section)
        if self.characters < 0:
            raise UnreadableFileError(f"holds more than {MAX_CHARACTERS} characters of text", _UNPACK)
        return section

    def write_attachment(self, name: str, data: bytes, heading: str = "") -> str:
        """A section under `# Attachment: name`, or the line that says why it has none."""
        self.count_part(len(data))
        try:
            part = self.read_part(section_name(name), data)
        except UnreadableFileError as error:
            return f"Attachment {section_name(name)} was not read: {error.message}"
        return self.write_section(f"Attachment: {heading or name}", part.pages, part.kind)


def section_name(name: str) -> str:
    """A name on one line and of bounded length: in an archive or a mail it is anything its writer wanted."""
    return " ".join(_CONTROLS.sub(" ", name).split())[:_MAX_NAME] or "without a name"


def as_markdown(text: str, kind: str) -> str:
    """The text as blocks that end where it ends, its headings one level below the section's own."""
    if has_markdown(kind):
        lowered = _lower_headings(text)
        return lowered if _is_closed(lowered) else fence(text)
    text = text if kind == "code" else _UNDERLINE.sub(r"\1\n", text)
    is_prose = all(block.kind not in ("heading", "code") for block in find_blocks(text, markdown=True))
    return text if is_prose and kind != "code" and _is_closed(text) else fence(text)


def _is_closed(text: str) -> bool:
    """Whether a heading after it would be one: not inside a fence or a comment that the text leaves open."""
    return find_blocks(f"{text}\n\n# end", markdown=True)[-1].kind == "heading"


def _lower_headings(text: str) -> str:
    pieces, end = [], 0
    for block in find_blocks(text, markdown=True):
        if block.kind == "heading":
            heading = _HEADING.sub(r"\1#\2", text[block.start : block.end], count=1)
            pieces += [text[end : block.start], heading]
            end = block.end
    return "".join([*pieces, text[end:]])


def read_archive(data: bytes, *, kind: str, name: str, nesting: Nesting) -> tuple[Page, ...]:
    """One page with a section for each file that can be read.

    Raises UnreadableFileError where there is none, and where it unpacks to more than is bearable.
    """
    sections = []
    refused = None
    try:
        for path, content in _members(data, kind=kind, name=name, nesting=nesting):
            try:
                part = nesting.read_part(PurePosixPath(path.replace("\\", "/")).name or path, content)
            except NothingToReadError:
                continue  # pictures, programs: passed over as quietly as in a folder
            except UnreadableFileError as error:
                refused = error
                continue
            sections.append(nesting.write_section(path, part.pages, part.kind))
    except _DAMAGED as error:
        if not sections:
            detail = " ".join(str(error).split())[:200] or type(error).__name__
            raise UnreadableFileError(f"a damaged archive: {detail}", "make the archive again") from error
    if refused and not sections:
        hint = f"unpack it and ingest what is in it; of the last file: {refused.message}"
        raise UnreadableFileError("an archive with no file in it that can be read", hint)
    if not sections:
        raise EmptyDocumentError("an archive with no text in it", "there is nothing to search in it")
    return (Page(None, "\n\n".join(sections)),)


def _members(data: bytes, *, kind: str, name: str, nesting: Nesting) -> Iterator[tuple[str, bytes]]:
    if kind == "zip":
        yield from _zip_members(data, nesting)
        return
    if kind != "tar":
        with _OPENERS[kind](io.BytesIO(data)) as stream:
            data = _read_bounded(stream, nesting)
    if kind == "tar" or data[_TAR_MAGIC] == b"ustar":
        yield from _tar_members(data, nesting)
    else:
        yield re.sub(r"\.(gz|bz2|xz)$", "", name, flags=re.IGNORECASE), data


def _zip_members(data: bytes, nesting: Nesting) -> Iterator[tuple[str, bytes]]:
    password = nesting.options.password
    locked = read = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            path = _zip_name(member)
            if member.is_dir() or _is_hidden(path):
                continue
            if member.flag_bits & _ENCRYPTED and password is None:
                locked += 1
                continue
            try:
                with archive.open(member, pwd=password.encode() if password else None) as stream:
                    content = _read_bounded(stream, nesting)
            except NotImplementedError:
                continue  # a way of compression or encryption that Python does not know
            except RuntimeError as error:
                raise wrong_password_error() from error
            read += 1
            yield path, content
    if locked and not read:
        raise encrypted_error()


def _zip_name(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    try:
        return decode_text(member.filename.encode("cp437"))
    except (UnicodeEncodeError, UnreadableFileError):
        return member.filename


def _tar_members(data: bytes, nesting: Nesting) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:  # links and devices name what is elsewhere
            if member.isreg() and not _is_hidden(member.name) and (stream := archive.extractfile(member)):
                yield member.name, _read_bounded(stream, nesting)


def _read_bounded(stream: IO[bytes], nesting: Nesting) -> bytes:
    """Piece by piece: what an archive says of its sizes is not to be trusted."""
    nesting.count_part(0)
    pieces = []
    while piece := stream.read(_PIECE_BYTES):
        nesting.count_bytes(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in path.split("/"))
