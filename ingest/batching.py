"""Groups the documents that were read, embeds the next group while one is stored, and reports each."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.chunking.sentences import FindSentences, find_sentences
from ingest.embedding_queue import Embedder, Slice
from ingest.reader_process import Bounds
from ingest.report import IngestLog
from vectorstore.embeddings import Vectors
from vectorstore.storage.store import Store
from vectorstore.types import Chunk, IngestedSource

# Sources are stored in groups of about so many chunks: few enough that a killed ingest loses seconds, many enough that
# committing the indexes costs little.
GROUP_CHUNKS = 512
# So many groups are embedded while the one before is stored.
GROUPS_AHEAD = 1

Group = list[IngestedSource]
EmbeddedGroup = tuple[Group, Iterator[Slice]]


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """`chunk_tokens` is the size of a chunk in tokens of the embedding model; sizes of files are in bytes.

    `prune` forgets what is gone from disk, `rebuild` builds the whole collection again while the old one answers,
    `include_all` reads hidden files too. `password` opens encrypted files, `speech_model` is the folder of a Whisper
    model. `bounds` limits what reading one file may use. `find_sentences` finds the places where a paragraph over size
    may be split.
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


def store_all(items: Iterable[IngestedSource], store: Store, embedder: Embedder, log: IngestLog) -> None:
    """Embed and store these sources in groups, and report each once it is stored."""
    for group, slices in embed_ahead(group_sources(items, log), embedder):
        store.replace(group, (with_vectors(one, log) for one in slices))
        log.note_stored(group)


def group_sources(items: Iterable[IngestedSource], log: IngestLog) -> Iterator[Group]:
    group: Group = []
    for item in items:
        group.append(item)
        log.note_read(item)
        if sum(len(waiting.chunks) for waiting in group) >= GROUP_CHUNKS:
            yield group
            group = []
    if group:
        yield group


def embed_ahead(groups: Iterable[Group], embedder: Embedder) -> Iterator[EmbeddedGroup]:
    """Each group with its slices; the next group is embedded while the caller stores this one."""
    ahead: deque[EmbeddedGroup] = deque()
    for group in groups:
        pictures = {name: picture for item in group for name, picture in item.pictures.items()}
        ahead.append((group, embedder.embed([chunk for item in group for chunk in item.chunks], pictures)))
        if len(ahead) > GROUPS_AHEAD:
            yield ahead.popleft()
    yield from ahead


def with_vectors(one: Slice, log: IngestLog) -> tuple[list[Chunk], Vectors]:
    """The chunks of a slice and their vectors, shape (chunks, dimension), counted part by part as they are embedded."""
    by_text: dict[str, list[Chunk]] = {}
    for chunk, text in zip(one.chunks, one.texts, strict=True):
        by_text.setdefault(text, []).append(chunk)
    new = {text for part in one.own for text in part.texts}
    log.note_done([chunk for text, chunks in by_text.items() if text not in new for chunk in chunks])
    for part in one.finished_parts():
        log.chunks_embedded += len(part.texts)
        log.characters_embedded += sum(len(text) for text in part.texts if text not in part.pictures)
        log.note_done([chunk for text in part.texts for chunk in by_text[text]])
    return list(one.chunks), one.vectors()
