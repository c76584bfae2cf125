"""What is asked of a reader, and what it answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest.chunking import ChunkSize
from ingest.kinds import ParseOptions
from vectorstore.types import Chunk, Picture

if TYPE_CHECKING:
    from ingest.parsing import ParsedDocument  # imports every reader

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
    document: "ParsedDocument | None" = None
    chunks: tuple[Chunk, ...] = ()
    is_final: bool = False
    is_breakdown: bool = False
    pictures: tuple[Picture, ...] = ()
    left_out: str = ""
