"""One ingest under way: sources that have been read wait in groups, are embedded, stored and told of."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.chunking.chunks import ChunkSize
from ingest.chunking.sentences import FindSentences, find_sentences
from ingest.embedding_queue import Embedder
from ingest.reader_process import Bounds
from ingest.report import FileProgress, FileReport, Progress
from vectorstore.embeddings import EmbeddingModel
from vectorstore.storage.store import Store
from vectorstore.storage.vector_index import slices_of
from vectorstore.types import Chunk, IngestedSource, Refusal, SourceRecord

# Sources are stored in groups of about so many chunks: few enough that a killed run loses seconds, many enough that
# committing the indexes costs little.
GROUP_CHUNKS = 512
# So many groups are embedded while the one before is stored.
GROUPS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """`chunk_tokens` is the size of a chunk in tokens of the embedding model; sizes of files in bytes.

    `prune` forgets what is gone from disk, `rebuild` makes the whole collection anew beside the one that answers,
    `include_all` reads hidden files too. `password` opens encrypted files, `speech_model` is the folder
    of a Whisper model. `bounds` is what reading one file may take.
    `find_sentences` says where a paragraph over size may be cut.
    """

    distance: str = "cosine"
    chunk_tokens: int = 170
    max_file_bytes: int = 200_000_000
    prune: bool = False
    rebuild: bool = False
    include_all: bool = False
    password: str | None = None
    speech_model: str | None = None
    allow_private_urls: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    find_sentences: FindSentences = find_sentences


DEFAULTS = IngestOptions()


@dataclass(slots=True)
class Run:
    """One ingest under way: what it works with, and what it has found out so far."""

    store: Store
    model: EmbeddingModel
    embedder: Embedder
    options: IngestOptions
    on_progress: Callable[[Progress], None]
    known: dict[str, SourceRecord]
    total: int
    reports: dict[str, FileReport] = field(default_factory=dict)
    waiting: list[IngestedSource] = field(default_factory=list)
    embedding: deque[list[IngestedSource]] = field(default_factory=deque)
    gone: list[str] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    new_refusals: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    chunks_of: dict[str, int] = field(default_factory=dict)
    embedded_of: Counter[str] = field(default_factory=Counter)
    chunks_embedded: int = 0
    chunks_known: int = 0
    chunks_done: int = 0
    characters_embedded: int = 0

    @property
    def size(self) -> ChunkSize:
        model, options = self.model, self.options
        return ChunkSize(options.chunk_tokens, model.max_tokens, model.count_tokens, options.find_sentences)

    def report(self, *files: FileReport) -> None:
        """All are noted before one is told: an ingest may be stopped where it tells."""
        self.reports |= {file.source: file for file in files}
        for file in files:
            self.tell(FileProgress(file.source, file.status, file.chunks, file.chunks, file.reason))

    def tell(self, current: str | FileProgress) -> None:
        changed = current if isinstance(current, FileProgress) else None
        source = current.source if isinstance(current, FileProgress) else current
        done = len(self.reports)
        self.on_progress(Progress(done, self.total, self.chunks_done, self.chunks_known, source, changed))


def queue(run: Run, item: IngestedSource) -> None:
    """Have a source embedded and stored together with the next ones."""
    run.chunks_known += len(item.chunks)
    run.waiting.append(item)
    run.chunks_of[item.record.source] = len(item.chunks)
    run.tell(FileProgress(item.record.source, "embedding", 0, len(item.chunks)))
    if sum(len(waiting.chunks) for waiting in run.waiting) >= GROUP_CHUNKS:
        begin_group(run)
        while len(run.embedding) > GROUPS_AHEAD:
            store_group(run)


def begin_group(run: Run) -> None:
    """Have what is waiting embedded."""
    pictures = {name: picture for item in run.waiting for name, picture in item.pictures.items()}
    run.embedder.announce([chunk for item in run.waiting for chunk in item.chunks], pictures)
    run.embedding.append(run.waiting)
    run.waiting = []


def store_group(run: Run) -> None:
    """Store the first of what is being embedded, while the next is."""
    group = run.embedding.popleft()
    chunks = [chunk for item in group for chunk in item.chunks]
    run.store.replace(group, ((part, take_vectors(run, part)) for part in slices_of(chunks)))
    # What is carried over is told already.
    items = [item for item in group if item.record.source not in run.reports]
    run.report(*(stored_report(run, item) for item in items))


def stored_report(run: Run, item: IngestedSource) -> FileReport:
    source = item.record.source
    return FileReport(source, "updated" if source in run.known else "added", len(item.chunks))


def flush(run: Run) -> None:
    """Embed and store what is left."""
    if run.waiting:
        begin_group(run)
    while run.embedding:
        store_group(run)


def take_vectors(run: Run, chunks: Sequence[Chunk]) -> NDArray[np.float32]:
    """The vectors of the chunks that were announced next, counted and told as they come."""
    embedded = run.embedder.next_slice()
    shown = list(zip(chunks, embedded.texts, strict=True))
    new = {text for part in embedded.own for text in part.texts}
    run.chunks_done += len(chunks) - len(new)
    tell_embedded(run, [chunk for chunk, text in shown if text not in new])
    for part in embedded.parts():
        run.chunks_embedded += len(part.texts)
        run.chunks_done += len(part.texts)
        run.characters_embedded += sum(len(text) for text in part.texts if text not in part.pictures)
        texts = set(part.texts)
        tell_embedded(run, [chunk for chunk, text in shown if text in texts])
    return embedded.vectors()


def tell_embedded(run: Run, chunks: Sequence[Chunk]) -> None:
    """That these are embedded, file by file."""
    for source, count in Counter(chunk.source for chunk in chunks).items():
        run.embedded_of[source] += count
        run.tell(FileProgress(source, "embedding", run.embedded_of[source], run.chunks_of[source]))
