"""Chunks turned into vectors by a thread of its own: what comes next is embedded while what came before is stored."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vectorstore.embeddings import EmbeddingModel, VectorCache, embed_chunks
from vectorstore.slices import slices_of
from vectorstore.types import Chunk

Vectors = NDArray[np.float32]
# Between two of these the progress moves: about two seconds of embedding on two cores.
PART_TEXTS = 128
# Slices under work besides the one that is waited for: storing takes a tenth of the time that embedding does.
BEGUN_AHEAD = 1
# A stopped ingest waits so long for what is under way: no local model takes longer, and a provider may take minutes.
CLOSING_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Texts that are embedded in one call."""

    texts: Sequence[str]
    vectors: Future[Vectors] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Slice:
    """The texts of chunks in order, the vectors that are known, and the parts in which the others are embedded."""

    texts: Sequence[str]
    known: dict[str, Vectors]
    own: Sequence[Part]
    earlier: Sequence[Part]

    def parts(self) -> Iterator[Part]:
        """Its own parts, each when it is embedded; raises what the model raised."""
        for part in self.own:
            part.vectors.result()
            yield part

    def vectors(self) -> Vectors:
        """In the order of `texts`, shape (texts, dimension)."""
        found = dict(self.known)
        for part in (*self.earlier, *self.own):
            found |= zip(part.texts, part.vectors.result(), strict=True)
        return np.stack([found[text] for text in self.texts])


class Embedder:
    """Embeds chunks in the order in which they are announced, each text once, none whose vector is known.

    So much is begun before it is asked for as keeps the model busy, and no more is held in memory.
    """

    def __init__(self, model: EmbeddingModel, cache: VectorCache | None) -> None:
        self._model, self._cache = model, cache
        self._announced: deque[Sequence[Chunk]] = deque()
        self._begun: deque[Slice] = deque()
        self._taken: Sequence[Part] = ()
        self._under_way: dict[str, Part] = {}
        self._waiting: SimpleQueue[Part | None] = SimpleQueue()
        self._closed = threading.Event()
        # No executor: its threads keep a process alive that was told to stop, for as long as a provider is silent.
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._waiting.put(None)
        self._thread.join(CLOSING_S)

    def announce(self, chunks: Sequence[Chunk]) -> None:
        """These come next, as `slices_of` cuts them."""
        self._announced.extend(slices_of(chunks))
        self._begin()

    def next_slice(self) -> Slice:
        """The next that was announced, at work or finished."""
        for part in self._taken:  # embedded by now, and in the cache
            for text in part.texts:
                del self._under_way[text]
        taken = self._begun.popleft()
        self._taken = taken.own
        self._begin()
        return taken

    def _begin(self) -> None:
        while self._announced and len(self._begun) <= BEGUN_AHEAD:
            self._begun.append(self._cut(self._announced.popleft()))

    def _cut(self, chunks: Sequence[Chunk]) -> Slice:
        texts = [chunk.embedded_text for chunk in chunks]
        distinct = dict.fromkeys(texts)
        earlier = list(dict.fromkeys(self._under_way[text] for text in distinct if text in self._under_way))
        asked = [text for text in distinct if text not in self._under_way]
        known = self._cache.find(self._model.identity, asked) if self._cache else {}
        # Texts of like length stand together, so that a part needs little padding.
        new = sorted((text for text in asked if text not in known), key=len)
        own = [Part(new[start : start + PART_TEXTS]) for start in range(0, len(new), PART_TEXTS)]
        for part in own:
            self._under_way |= dict.fromkeys(part.texts, part)
            self._waiting.put(part)
        return Slice(texts, known, own, earlier)

    def _work(self) -> None:
        while (part := self._waiting.get()) is not None and not self._closed.is_set():
            try:
                part.vectors.set_result(self._embed(part.texts))
            except BaseException as error:  # noqa: BLE001 - raised again where the vectors are asked for
                part.vectors.set_exception(error)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        made = np.asarray(embed_chunks(self._model, texts), dtype=np.float32)
        if self._cache:
            self._cache.keep(self._model.identity, texts, made)
        return made
