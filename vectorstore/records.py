"""What is remembered of a file: as it was read, or why it was not."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vectorstore.types import Chunk, Page, Picture

READY, MISSING, REMOVED = "ready", "missing", "removed"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A file or URL as it was when it was read.

    `source` is its absolute path or URL, `content_hash` the SHA-256 of its bytes, `is_titled` is a Chunk's, `text_id`
    names the stored text of its pages (see `hash_pages`), `state` is `ready`, `missing` when it is gone from disk, or
    `removed` while a removal by hand can still be undone: its chunks are kept, and nothing finds them.
    """

    source: str
    title: str
    is_titled: bool
    kind: str
    text_id: str
    content_hash: str
    size: int
    mtime_ns: int
    chunks: int
    state: str
    ingested_at: str


@dataclass(frozen=True, slots=True)
class IngestedSource:
    """A source ready to be embedded and stored: its record, its pages, its chunks, and the pictures that those name,
    by hash."""

    record: SourceRecord
    pages: Sequence[Page]
    chunks: Sequence[Chunk]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that could not be read as it was, and need not be tried again until it or the reader changes."""

    source: str
    size: int
    mtime_ns: int
    status: str
    reason: str


def hash_pages(pages: Sequence[Page]) -> str:
    """A name for the text of pages: sources share it only if every page reads the same, whichever reader read it."""
    digest = hashlib.sha256()
    for page in pages:
        text = page.text.encode("utf-8", "surrogatepass")
        digest.update(f"{page.number} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def describe_pages(numbers: Sequence[int | None]) -> str:
    counted = [number for number in numbers if number is not None]
    return f"{counted[0]} to {counted[-1]}" if counted else "it has none; leave --page out"
