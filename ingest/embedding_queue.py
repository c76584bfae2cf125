"""Embeds documents in groups and stores them: chunks are embedded in a thread, ahead of the group that is stored.

Each distinct text is its own key; the picture of a chunk, where the model sees pictures, has a key that is no text.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Self

import numpy as np

from ingest.reader_process import wait_for
from ingest.report import IngestLog
from vectorstore import Store, slices_of
from vectorstore.embeddings import EmbeddingModel, VectorCache, Vectors, embed_chunks, embed_pictures
from vectorstore.pictures import Looks
from vectorstore.types import Chunk, IngestedSource, Picture

# Chunks of a group of sources, which are stored together: few enough that a killed ingest loses seconds, many enough
# that committing the indexes costs little.
GROUP_CHUNKS = 512
# Groups embedded while the one before is stored.
GROUPS_AHEAD = 1
# Between two of these the progress moves: about two seconds of embedding on two cores.
PART_TEXTS = 128
# A stopped ingest waits so long for what is under way: no local model takes longer, and a provider may take minutes.
CLOSING_S = 10.0
# Before the hash of a picture; no document's text begins with it.
PICTURE = "\0picture "
NO_PICTURES: Mapping[str, Picture] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Texts that are embedded in one call; `pictures` has the bytes of those that are keys of pictures."""

    texts: Sequence[str]
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    vectors: Future[Vectors] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Slice:
    """Chunks and their texts in order, the vectors that are known, and the parts in which the others are embedded."""

    chunks: Sequence[Chunk]
    texts: Sequence[str]
    known: dict[str, Vectors]
    own: Sequence[Part]
    earlier: Sequence[Part]

    def vectors(self) -> Vectors:
        """In the order of `texts`, shape (texts, dimension); raises what the model raised."""
        found = dict(self.known)
        for part in (*self.earlier, *self.own):
            found |= zip(part.texts, part.vectors.result(), strict=True)
        return np.stack([found[text] for text in self.texts])


class Embedder(AbstractContextManager["Embedder"]):
    """Embeds chunks in the order in which they are given, each text once, none whose vector is known.

    It begins as many slices ahead as keep the model busy, so that memory is bounded. A picture that looks like one
    whose vector is known or under way gets that vector; `looks` has those of the collection.
    """

    def __init__(self, model: EmbeddingModel, cache: VectorCache | None, looks: Looks | None = None) -> None:
        self._model, self._cache, self._looks = model, cache, looks or Looks()
        self._under_way: dict[str, Part] = {}
        self._parts: SimpleQueue[Part | None] = SimpleQueue()
        self._closed = threading.Event()
        # No executor: its threads keep a stopped process alive for as long as a provider is silent.
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._closed.set()
        self._parts.put(None)
        self._thread.join(CLOSING_S)

    def embed(self, chunks: Sequence[Chunk], pictures: Mapping[str, Picture] = NO_PICTURES) -> Iterator[Slice]:
        """The slices of these chunks, at work or finished when they come; `pictures` has those that they name, by hash.

        The slices of one call must be consumed before those of the next.
        """
        slices = (self._begin(one, pictures) for one in slices_of(chunks))
        return self._give_out(next(slices, None), slices)

    def _give_out(self, current: Slice | None, following: Iterator[Slice]) -> Iterator[Slice]:
        """One more slice is at work than the one that is waited for: storing takes a tenth of the time of embedding."""
        while current:
            begun = next(following, None)
            yield current
            for part in current.own:  # embedded by now, and in the cache
                for text in part.texts:
                    del self._under_way[text]
            current = begun

    def _begin(self, chunks: Sequence[Chunk], pictures: Mapping[str, Picture]) -> Slice:
        sees = self._model.embed_pictures is not None
        seen = {PICTURE + chunk.picture: pictures[chunk.picture] for chunk in chunks if chunk.picture and sees}
        texts = [PICTURE + chunk.picture if chunk.picture and sees else chunk.embedded_text for chunk in chunks]
        texts = self._share(texts, seen) if seen else texts
        distinct = dict.fromkeys(texts)
        earlier = list(dict.fromkeys(self._under_way[text] for text in distinct if text in self._under_way))
        asked = [text for text in distinct if text not in self._under_way]
        known = self._cache.find(self._model.identity, asked) if self._cache else {}
        # Texts of like length share a part, which so needs little padding.
        new = sorted((text for text in asked if text not in known), key=len)
        own = []
        for start in range(0, len(new), PART_TEXTS):
            part_texts = new[start : start + PART_TEXTS]
            own.append(Part(part_texts, {text: seen[text].data for text in part_texts if text in seen}))
        for part in own:
            self._under_way |= dict.fromkeys(part.texts, part)
            self._parts.put(part)
        return Slice(chunks, texts, known, own, earlier)

    def _share(self, texts: Sequence[str], seen: Mapping[str, Picture]) -> list[str]:
        """The keys of pictures exchanged for those of pictures that look the same and have a vector, or get one."""
        like = {text: [PICTURE + name for name in self._looks.like(one.signature)] for text, one in seen.items()}
        asked = {*seen, *(key for keys in like.values() for key in keys)}
        has_vector = {*self._under_way, *(self._cache.find(self._model.identity, sorted(asked)) if self._cache else ())}
        chosen: dict[str, str] = {}
        for text, one in seen.items():
            # Those that came before it in this slice have been added meanwhile.
            keys = [text, *like[text], *(PICTURE + name for name in self._looks.like(one.signature))]
            chosen[text] = next((key for key in keys if key in has_vector), text)
            has_vector.add(chosen[text])
            self._looks.add(one.hash, one.signature)
        return [chosen.get(text, text) for text in texts]

    def _work(self) -> None:
        while (part := self._parts.get()) is not None and not self._closed.is_set():
            try:
                part.vectors.set_result(self._embed(part))
            except BaseException as error:  # noqa: BLE001 - raised again where the vectors are asked for
                part.vectors.set_exception(error)

    def _embed(self, part: Part) -> Vectors:
        shown = [text for text in part.texts if text in part.pictures]
        written = [text for text in part.texts if text not in part.pictures]
        found = dict(zip(written, embed_chunks(self._model, written), strict=True)) if written else {}
        if shown:
            vectors = embed_pictures(self._model, [part.pictures[text] for text in shown])
            found |= zip(shown, vectors, strict=True)
        made = np.asarray([found[text] for text in part.texts], dtype=np.float32)
        if self._cache:
            self._cache.keep(self._model.identity, part.texts, made)
        return made


EmbeddedGroup = tuple[list[IngestedSource], Iterator[Slice]]


def store_all(items: Iterable[IngestedSource], store: Store, embedder: Embedder, log: IngestLog) -> None:
    """Embed and store these sources in groups, and report each once it is stored."""
    for group, slices in embed_ahead(group_sources(items, log), embedder):
        store.replace(group, (with_vectors(one, log) for one in slices))
        log.note_stored(group)


def group_sources(items: Iterable[IngestedSource], log: IngestLog) -> Iterator[list[IngestedSource]]:
    group: list[IngestedSource] = []
    for item in items:
        group.append(item)
        log.note_read(item)
        if sum(len(waiting.chunks) for waiting in group) >= GROUP_CHUNKS:
            yield group
            group = []
    if group:
        yield group


def embed_ahead(groups: Iterable[list[IngestedSource]], embedder: Embedder) -> Iterator[EmbeddedGroup]:
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
    for part in one.own:
        wait_for(part.vectors, lambda: log.show(one.chunks[0].source))
        log.chunks_embedded += len(part.texts)
        log.characters_embedded += sum(len(text) for text in part.texts if text not in part.pictures)
        log.note_done([chunk for text in part.texts for chunk in by_text[text]])
    return list(one.chunks), one.vectors()
