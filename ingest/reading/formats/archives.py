"""Reads archives: one page of Markdown with a section for each document in them.

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
from contextlib import suppress
from pathlib import PurePosixPath
from typing import IO, Any

from ingest.reading.formats.nested_documents import UNPACK, Nesting, section_name
from ingest.reading.office_package import encrypted_error, wrong_password_error
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import EmptyDocumentError, NothingToReadError, UnreadableFileError
from vectorstore.types import Page

_OPENERS: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_PIECE_BYTES = 1 << 20
_TAR_MAGIC = slice(257, 262)
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_UTF8_NAME_FIELD = re.compile(rb"up(..)\x01....", re.DOTALL)
_DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)
_LISTED = 3  # of the files that were not read


def read_archive(data: bytes, *, kind: str, name: str, nesting: Nesting) -> tuple[Page, ...]:
    """One page with a section for each file that can be read.

    Raises UnreadableFileError where there is none, and where it unpacks to more than is bearable.
    """
    sections, unread = [], []
    path = ""
    try:
        for path, content in _members(data, kind=kind, name=name, nesting=nesting):
            try:
                sections.append(_read_member(path, content, nesting))
            except UnreadableFileError as error:
                unread += _bear(error, path, nesting)
    except _DAMAGED as error:
        if not sections:
            raise UnreadableFileError("a damaged archive, or none", "make or download it again") from error
        nesting.left_out.append(f"damaged: what comes after {section_name(path)} in it was not read")
    if not sections:
        raise _refusal(unread)
    if unread:
        nesting.left_out.append(f"of the files in it were not read: {_list_names(unread)}")
    return (Page(None, "\n\n".join(sections)),)


def _read_member(path: str, content: bytes | None, nesting: Nesting) -> str:
    if content is None:
        raise UnreadableFileError("locked by a password, or packed in a way that is not read", UNPACK)
    part = nesting.read_part(PurePosixPath(path.replace("\\", "/")).name or path, content)
    return nesting.write_section(path, part.pages, part.kind)


def _bear(error: UnreadableFileError, path: str, nesting: Nesting) -> list[str]:
    """What the report says of a member that was not read; raises the error where no other may be read either."""
    if nesting.is_exhausted:
        raise error
    # Pictures, programs: passed over as quietly as in a folder.
    return [] if isinstance(error, NothingToReadError) else [f"{section_name(path)} ({error.message})"]


def _refusal(unread: Sequence[str]) -> UnreadableFileError:
    if not unread:
        return EmptyDocumentError("an archive with no text in it", "there is nothing to search in it")
    hint = f"unpack it and ingest what is in it; not read: {_list_names(unread)}"
    return UnreadableFileError("an archive with no file in it that can be read", hint)


def _list_names(names: Sequence[str]) -> str:
    more = f", and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"


def _members(data: bytes, *, kind: str, name: str, nesting: Nesting) -> Iterator[tuple[str, bytes | None]]:
    """The path and the bytes of each, or None where it cannot be unpacked."""
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


def _zip_members(data: bytes, nesting: Nesting) -> Iterator[tuple[str, bytes | None]]:
    password = nesting.options.password
    locked = read = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            path = _zip_name(member)
            if member.is_dir() or _is_hidden(path):
                continue
            if member.flag_bits & _ENCRYPTED and password is None:
                locked += 1
                yield path, None
                continue
            try:
                with archive.open(member, pwd=password.encode() if password else None) as stream:
                    content = _read_bounded(stream, nesting)
            except NotImplementedError:  # a way of compression or encryption that Python does not know
                yield path, None
                continue
            except RuntimeError as error:
                raise wrong_password_error() from error
            read += 1
            yield path, content
    if locked and not read:
        raise encrypted_error()


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name in UTF-8 where it says so or is; else in the encoding of old Windows, or of what it looks like."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return member.filename
    raw = member.filename.encode("cp437")
    if extra := _UTF8_NAME_FIELD.search(member.extra):
        raw = member.extra[extra.end() : extra.start() + 4 + int.from_bytes(extra[1], "little")]
    with suppress(UnicodeDecodeError):
        return raw.decode()
    western = raw.decode("cp850")
    is_western = all(letter.isalpha() for letter in western if letter > "\x7f")
    if is_western and sum(byte > 0x7F for byte in raw) * 3 < len(raw):
        return western
    try:
        return decode_text(raw)
    except UnreadableFileError:
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
