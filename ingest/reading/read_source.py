"""Reads one file or web page into a document and its chunks, or says why not; runs in a worker process."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Literal

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.reading.file_types import ParsedDocument, ParseOptions, detect_kind
from ingest.reading.parsing import parse_document
from vectorstore.errors import EmptyDocumentError, NothingToReadError, UnreadableFileError
from vectorstore.types import READY, Chunk, IngestedSource, Picture, SourceRecord, hash_pages

Outcome = Literal["read", "same", "empty", "skipped", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What holds for every file of a run; `max_bytes` bounds a file or a download, `sees_pictures` says that the
    collection is one of pictures."""

    size: ChunkSize
    max_bytes: int
    parse: ParseOptions = field(default_factory=ParseOptions)
    allow_private_urls: bool = False
    sees_pictures: bool = False


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """`path` is None for a URL; with `known_hash`, content of that hash is not read again.

    `file_size` in bytes and `stamp` are those of the file when it was found.
    """

    source: str
    path: Path | None
    known_hash: str | None = None
    file_size: int = 0
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class ReadSource:
    """`item` is there where the outcome is `read`; `left_out` says what of the file was not read.

    `is_final` says of a file that was not read that it would not be read another time either, as long as it stays as
    it is; `is_breakdown` that the reader failed in a way that it did not foresee.
    """

    request: ReadRequest
    outcome: Outcome
    reason: str | None = None
    item: IngestedSource | None = None
    left_out: str = ""
    is_final: bool = False
    is_breakdown: bool = False


def read_source(request: ReadRequest, options: ReadOptions) -> ReadSource:
    """Never raises for what the bytes are: a file that cannot be read is an outcome."""
    is_file = request.path is not None
    try:
        return _read(request, options)
    except UnreadableFileError as error:
        reason = f"{error.message} ({error.hint})"
        return ReadSource(request, _judge(error, is_file=is_file), reason, is_final=is_file)
    except OSError as error:
        return ReadSource(request, "failed", f"cannot be read: {error.strerror or error}")
    except MemoryError:
        raise  # the process is at its memory limit: the next file gets a new one
    except Exception as error:  # noqa: BLE001 - whatever a reader makes of a broken file is that file's line
        reason = f"its reader failed: {type(error).__name__} (check that the file opens in its own program)"
        return ReadSource(request, "failed", reason, is_breakdown=True)


def _judge(error: UnreadableFileError, *, is_file: bool) -> Outcome:
    if isinstance(error, EmptyDocumentError):
        return "empty" if is_file else "failed"  # a web page without text is one that scripts write, or out of order
    if isinstance(error, NothingToReadError):
        return "skipped"
    return "gone" if getattr(error, "gone", False) else "failed"


def _read(request: ReadRequest, options: ReadOptions) -> ReadSource:
    name, data = _load(request, options)
    if request.known_hash == hashlib.sha256(data).hexdigest():
        return ReadSource(request, "same")
    if data and detect_kind(name, data) is None:
        reason = f"a kind of file that is not read ({name.suffix or 'no suffix'})"
        return ReadSource(request, "skipped", reason, is_final=request.path is not None)
    pictures: Sequence[Picture] = ()
    left_out = ""
    if options.sees_pictures:
        from ingest.reading.pictures import read_pictured  # with OpenCV, an extra

        found = read_pictured(request.source, name, data, size=options.size, password=options.parse.password)
        document, chunks, pictures, left_out = found
    else:
        document = parse_document(name, data, options.parse)
        left_out = document.left_out
        chunks = chunk_document(request.source, document, options.size)
    record = make_record(request.source, document, chunks, data)
    if request.path is not None:
        record = replace(record, size=request.file_size, stamp=request.stamp)
    item = IngestedSource(record, document.pages, chunks, {picture.hash: picture for picture in pictures})
    return ReadSource(request, "read", None, item, left_out)


def chunk_document(source: str, document: ParsedDocument, size: ChunkSize) -> list[Chunk]:
    return chunk_pages(
        source, document.title, document.pages, markdown=document.markdown, size=size, is_titled=document.is_titled
    )


def make_record(source: str, document: ParsedDocument, chunks: Sequence[Chunk], data: bytes) -> SourceRecord:
    """The record of a source that was read from these bytes just now."""
    return SourceRecord(
        source=source,
        title=document.title,
        is_titled=document.is_titled,
        kind=document.kind,
        text_id=hash_pages(document.pages),
        content_hash=hashlib.sha256(data).hexdigest(),
        size=len(data),
        stamp=0,
        chunks=len(chunks),
        state=READY,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _load(request: ReadRequest, options: ReadOptions) -> tuple[Path, bytes]:
    """A name that says the kind, and the bytes."""
    if request.path is not None:
        with _opened(request.path) as file:
            return request.path, file.read()
    from ingest.reading.web.fetch import fetch_page  # the only way to the network, only for a URL

    name, data = fetch_page(
        request.source, max_bytes=options.max_bytes, timeout_s=60.0, allow_private=options.allow_private_urls
    )
    return Path(name), data


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    # What was a file when the folder was walked may be a pipe by now, and opening that would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - by its descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableFileError("not a regular file", "name files and folders")
        yield file


def hash_file(path: Path) -> str | None:
    """The `content_hash` that a file's record would have now; None where the file cannot be read."""
    try:
        with _opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, UnreadableFileError):
        return None
