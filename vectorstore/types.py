"""Defines the values that travel from a file to an answer: page, chunk, passage, source, and the filter of a search.

All are frozen. Offsets (`start`, `end`) count Unicode code points in the text of one page,
and `page_text[start:end] == text` always holds.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from vectorstore.errors import InputError

if TYPE_CHECKING:
    from langchain_core.documents import Document

# Titles of papers, which say most of what they are about, have 100 characters and more: cut at 80, dense search loses
# one point of nDCG@10 on SciFact's training queries.
TITLE_CHARACTERS = 200
TIME = re.compile(r"(\d+:)?\d{1,2}:\d\d")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, sheet or slide as read; `number` counts from 1, or is None where the format has no pages."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of one page. `headings` is the path of headings above it, outermost first.

    `is_titled` is False where `title` is only the file's name: that is not embedded, so that a renamed file embeds
    nothing. `picture` names the picture that the text describes, by its hash (see `Picture`); empty for mere text.
    """

    source: str
    title: str
    page: int | None
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    is_titled: bool = True
    picture: str = ""

    @property
    def id(self) -> str:
        """A hash of source, page, start, text and picture: the same place with the same words is the same chunk."""
        parts = [self.source, self.page, self.start, self.text, *filter(None, [self.picture])]
        place = json.dumps(parts, ensure_ascii=False)
        return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def time(self) -> str | None:
        """Of a recording, when it is said: `12:34`, as its heading has it."""
        return self.headings[-1] if self.page is None and self.headings and TIME.fullmatch(self.headings[-1]) else None

    @property
    def embedded_text(self) -> str:
        """The text for the embedding model: title and headings, which say what the text is about, then the text."""
        context = embedded_context(self.title if self.is_titled else "", self.headings)
        return f"{context}\n{self.text}" if context else self.text

    def to_document(self) -> "Document":
        """As LangChain's Document; this and `from_document` are the only lines that spell metadata keys."""
        from langchain_core.documents import Document  # a tenth of a second, which a reader of files does without

        names = ["source", "title", "start", "end", "is_titled"]
        names += ["page"] if self.page is not None else []  # Chroma keeps no None
        names += ["picture"] if self.picture else []
        metadata: dict[str, Any] = {name: getattr(self, name) for name in names}
        metadata["headings"] = json.dumps(self.headings, ensure_ascii=False)
        return Document(id=self.id, page_content=self.text, metadata=metadata)

    @classmethod
    def from_document(cls, document: "Document") -> Self:
        names = ("source", "title", "start", "end", "is_titled")
        return cls(
            **{name: document.metadata[name] for name in names},
            page=document.metadata.get("page"),
            text=document.page_content,
            headings=tuple(json.loads(document.metadata["headings"])),
            picture=document.metadata.get("picture", ""),
        )


def embedded_context(title: str, headings: tuple[str, ...]) -> str:
    """Title and the two innermost headings, each bounded, so that most of the model's window stays for the text."""
    return " > ".join(filter(None, (title[:TITLE_CHARACTERS], *(heading[:60] for heading in headings[-2:]))))


def name_place(title: str, page: int | None, time: str | None = None) -> str:
    """A place for a person to read: the document's title, and its page or its minute and second."""
    if page is not None:
        return f"{title}, page {page}"
    return f"{title}, at {time}" if time else title


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: WebP, of a bounded number of pixels. `hash` is the SHA-256 of `data`; width and
    height are those of the original, in pixels; `pictures.Looks` compares signatures."""

    hash: str
    data: bytes
    width: int
    height: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found for a question.

    `score` orders passages (higher is better). `cosine` is the similarity of question and chunk in [-1, 1];
    `lexical` is the BM25 score scaled to [0, 1], 0 where no word matches. The ranks, from 1, are its places in the two
    lists that were joined; None where it is in only one of them.
    """

    chunk: Chunk
    score: float
    cosine: float
    lexical: float
    dense_rank: int | None = None
    lexical_rank: int | None = None

    def to_json(self) -> dict[str, Any]:
        names = ("id", "source", "title", "page", "start", "end", "text")
        described = {name: getattr(self.chunk, name) for name in names} | {"score": self.score}
        return described | ({"picture": self.chunk.picture} if self.chunk.picture else {})


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The embedding model's name and the distance of the collection's space (`cosine`, `l2`, `ip`)."""

    model: str
    distance: str


READY, MISSING, REMOVED = "ready", "missing", "removed"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A file or URL as it was when it was read.

    `source` is its absolute path or URL, `content_hash` the SHA-256 of its bytes, `is_titled` is a Chunk's, `text_id`
    names the stored text of its pages (see `hash_pages`), `stamp` is that of the file (see `discovery.stamp_file`) or 0
    where it is to be looked into again, `state` is `ready`, `missing` when it is gone from disk, or
    `removed` while a removal by hand can still be undone: its chunks are kept, and nothing finds them.
    """

    source: str
    title: str
    is_titled: bool
    kind: str
    text_id: str
    content_hash: str
    size: int
    stamp: int
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
    stamp: int
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


FACTS = ("kind", "title", "source")


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Documents whose source fits one of `sources` and whose facts are all as `where` says; empty: every document.

    A pattern (`*`, `?`, `[abc]`) fits a whole source or its end, from a slash on; without these signs it is a file or a
    folder, and a folder means everything in it. Raises InputError for a fact that documents do not have.
    """

    sources: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, _ in self.where:
            if name not in FACTS:
                raise InputError(f"documents have no {name}", f"they have {', '.join(FACTS)}")

    @classmethod
    def of(cls, sources: Sequence[str] = (), where: Mapping[str, str] | None = None) -> "SourceFilter":
        return cls(tuple(sources), tuple((where or {}).items()))

    def __bool__(self) -> bool:
        return bool(self.sources or self.where)

    def conditions(self) -> tuple[list[str], list[str]]:
        """Conditions of SQL on the table `sources`, all of which must hold, and their values."""
        patterns = [pattern for given in self.sources for pattern in globs(given)]
        either = " OR ".join(["source GLOB ?"] * len(patterns))
        facts = [f"{name} = ? COLLATE NOCASE" for name, _ in self.where]
        return ([f"({either})"] if patterns else []) + facts, [*patterns, *(value for _, value in self.where)]


def globs(given: str) -> tuple[str, str, str]:
    """Patterns for the whole source, for its end, and for all that is in a folder so called."""
    given = re.sub(r"^(\./)+", "", given).rstrip("/") or "/"
    return given, f"*/{given}", f"{'' if given.startswith('/') else '*/'}{given.rstrip('/')}/*"
