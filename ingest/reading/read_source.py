"""Reads one file or web page into a document and its chunks, or says why not; runs in a worker process."""

import hashlib
import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.reading.file_types import ParseOptions, detect_kind
from ingest.reading.parsing import ParsedDocument, parse_document
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.types import Chunk, Picture

Outcome = Literal["read", "same", "skipped", "failed", "gone"]


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
    """`path` is None for a URL; with `known_hash`, content of that hash is not read again."""

    source: str
    path: Path | None
    known_hash: str | None = None


@dataclass(frozen=True, slots=True)
class ReadSource:
    """`document` is there where the outcome is `read`; `content_hash` and `n_bytes` too where it is `same`.

    `pictures` are those that the chunks name; `left_out` says what of the file was not read.

    `is_final` says of a file that was not read that it would not be read another time either, as long as it stays as
    it is; `is_breakdown` that the reader failed in a way that it did not foresee.
    """

    source: str
    outcome: Outcome
    reason: str | None = None
    content_hash: str = ""
    n_bytes: int = 0
    document: ParsedDocument | None = None
    chunks: tuple[Chunk, ...] = ()
    is_final: bool = False
    is_breakdown: bool = False
    pictures: tuple[Picture, ...] = ()
    left_out: str = ""


def read_source(request: ReadRequest, options: ReadOptions) -> ReadSource:
    """Never raises for what the bytes are: a file that cannot be read is an outcome."""
    is_file = request.path is not None
    try:
        return _read(request, options)
    except NothingToReadError as error:
        return ReadSource(request.source, "skipped", f"{error.message} ({error.hint})", is_final=True)
    except UnreadableFileError as error:
        if getattr(error, "gone", False):
            return ReadSource(request.source, "gone")
        return ReadSource(request.source, "failed", f"{error.message} ({error.hint})", is_final=is_file)
    except OSError as error:
        return ReadSource(request.source, "failed", f"cannot be read: {error.strerror or error}")
    except MemoryError:
        raise  # of a process at its bound nothing more is asked
    except Exception as error:  # noqa: BLE001 - whatever a reader makes of a broken file is that file's line
        reason = f"its reader failed: {type(error).__name__} (check that the file opens in its own program)"
        return ReadSource(request.source, "failed", reason, is_breakdown=True)


def _read(request: ReadRequest, options: ReadOptions) -> ReadSource:
    source = request.source
    name, data = _load(request, options)
    content_hash = hashlib.sha256(data).hexdigest()
    if content_hash == request.known_hash:
        return ReadSource(source, "same", None, content_hash, len(data))
    if data and detect_kind(name, data) is None:
        reason = f"a kind of file that is not read ({name.suffix or 'no suffix'})"
        return ReadSource(source, "skipped", reason, is_final=request.path is not None)
    if options.sees_pictures:
        from ingest.reading.pictures import read_pictured  # with OpenCV, an extra

        found = read_pictured(source, name, data, size=options.size, password=options.parse.password)
        document, chunks, pictures, left_out = found.document, found.chunks, found.pictures, found.left_out
    else:
        document = parse_document(name, data, options.parse)
        chunks = tuple(
            chunk_pages(
                source,
                document.title,
                document.pages,
                markdown=document.markdown,
                size=options.size,
                is_titled=document.is_titled,
            )
        )
        pictures, left_out = (), ""
    read = ReadSource(source, "read", None, content_hash, len(data), document, chunks)
    return replace(read, pictures=pictures, left_out=left_out)


def _load(request: ReadRequest, options: ReadOptions) -> tuple[Path, bytes]:
    """A name that says the kind, and the bytes."""
    if request.path is not None:
        return request.path, _load_file(request.path)
    from ingest.reading.web.fetch import fetch_page  # the only way to the network, taken where a URL was named

    page = fetch_page(
        request.source, max_bytes=options.max_bytes, timeout_s=60.0, allow_private=options.allow_private_urls
    )
    return Path(page.name), page.data


def _load_file(path: Path) -> bytes:
    # What was a file when the folder was walked may be a pipe by now, and opening that would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - by its descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableFileError("not a regular file", "name files and folders")
        return file.read()
