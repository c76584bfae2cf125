"""The bytes of a ZIP, tar or compressed file turned into one page: a section for each file in it that can be read.

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
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import IO, Any

from ingest.reading.disguises import encrypted_error, wrong_password_error
from ingest.reading.formats.nested_documents import Allowance, Nesting, write_section
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

_OPENERS: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_PIECE_BYTES = 1 << 20
_TAR_MAGIC = slice(257, 262)
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)
_HINT = "unpack it and ingest what is in it"
Member = tuple[str, bytes]


def read_archive(data: bytes, *, kind: str, name: str, nesting: Nesting) -> tuple[Page, ...]:
    """Raises UnreadableFileError where no file in it can be read, and where it unpacks to more than is bearable."""
    sections = []
    try:
        for path, content in _members(data, kind=kind, name=name, nesting=nesting):
            section = _section(path, content, nesting)
            sections += [section] if section else []
    except _DAMAGED as error:
        if not sections:
            raise UnreadableFileError(f"a damaged archive: {_one_line(error)}", "make the archive anew") from error
    if not sections:
        raise UnreadableFileError("an archive with no file in it that can be read", _HINT)
    return (Page(None, "\n\n".join(sections)),)


def _section(path: str, content: bytes, nesting: Nesting) -> str | None:
    try:
        part = nesting.read_part(PurePosixPath(path.replace("\\", "/")).name or path, content)
    except UnreadableFileError:
        return None  # pictures, programs: what a folder has too, where it is passed over as quietly
    return write_section(path, part, nesting.allowance)


def _members(data: bytes, *, kind: str, name: str, nesting: Nesting) -> Iterator[Member]:
    allowance = nesting.allowance
    if kind == "zip":
        yield from _zip_members(data, nesting.options.password, allowance)
    elif kind == "tar":
        yield from _tar_members(data, allowance)
    else:
        with _OPENERS[kind](io.BytesIO(data)) as stream:
            content = _read_bounded(stream, allowance)
        if content[_TAR_MAGIC] == b"ustar":
            yield from _tar_members(content, allowance)
        else:
            yield re.sub(r"\.(gz|bz2|xz)$", "", name, flags=re.IGNORECASE), content


def _zip_members(data: bytes, password: str | None, allowance: Allowance) -> Iterator[Member]:
    locked = read = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            path = _zip_name(member)
            if member.is_dir() or _is_hidden(path):
                continue
            if member.flag_bits & _ENCRYPTED and password is None:
                locked += 1
                continue
            content = _zip_content(archive, member, password, allowance)
            if content is not None:
                read += 1
                yield path, content
    if locked and not read:
        raise encrypted_error()


def _zip_content(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: str | None, allowance: Allowance
) -> bytes | None:
    """None where the member's way of compression or encryption is none that Python knows."""
    try:
        with archive.open(member, pwd=password.encode() if password else None) as stream:
            return _read_bounded(stream, allowance)
    except NotImplementedError:
        return None
    except RuntimeError as error:
        raise wrong_password_error() from error


def _zip_name(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    try:
        return decode_text(member.filename.encode("cp437"))
    except (UnicodeEncodeError, UnreadableFileError):
        return member.filename


def _tar_members(data: bytes, allowance: Allowance) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:  # links and devices name what is elsewhere
            if member.isreg() and not _is_hidden(member.name):
                stream = archive.extractfile(member)
                if stream:
                    yield member.name, _read_bounded(stream, allowance)


def _read_bounded(stream: IO[bytes], allowance: Allowance) -> bytes:
    """Piece by piece: what an archive says of its sizes is not to be trusted."""
    allowance.take_part(0)
    pieces = []
    while piece := stream.read(_PIECE_BYTES):
        allowance.unpacked_bytes -= len(piece)
        if allowance.unpacked_bytes < 0:
            allowance.take_part(0)
        pieces.append(piece)
    return b"".join(pieces)


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in path.split("/"))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
