"""Finds the documents most similar to one, by the nearest chunks of each of its chunks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vectorstore.embeddings.model import Vectors, cosine_similarities
from vectorstore.pictures import Looks
from vectorstore.storage.store import Store
from vectorstore.types import Chunk

# Chunks of a long document that are searched for, evenly spread, and neighbours found for each.
ASKING_CHUNKS = 64
NEIGHBOURS = 50
MOST_OWN = 500


@dataclass(frozen=True, slots=True)
class SimilarDocument:
    """`similarity` is the mean over the asking chunks of the cosine to this document's nearest chunk; 0 for one that
    found none of its chunks among its neighbours. `shows_the_same`: a picture of it is one of the document's in another
    size, format or quality."""

    source: str
    title: str
    similarity: float
    shows_the_same: bool = False

    def to_json(self) -> dict[str, Any]:
        described = asdict(self)
        if not self.shows_the_same:
            del described["shows_the_same"]
        return described


def similar_documents(store: Store, source: str, *, limit: int) -> list[SimilarDocument]:
    """The documents nearest to one of the collection, nearest first; none where it is without chunks."""
    ids, snapshot = sorted(store.catalogue.chunk_ids(sources=[source])), store.snapshot()
    asking = list(store.catalogue.vectors(ids[:: max(len(ids) // ASKING_CHUNKS, 1)]).values())
    # Its own chunks are the nearest of all: there must be room besides them.
    own, room = frozenset(ids), NEIGHBOURS + min(len(ids), MOST_OWN)
    found = [others(snapshot.nearest(vector, limit=room), vector, own) for vector in asking]
    chunks = {one: chunk for one, (chunk, _) in store.fetch(sorted({one for near in found for one in near})).items()}
    totals: dict[str, float] = defaultdict(float)
    for near in found:
        best: dict[str, float] = {}
        for chunk_id, similarity in near.items():
            if chunk_id in chunks:
                name = chunks[chunk_id].source
                best[name] = max(best.get(name, 0.0), similarity)
        for name, similarity in best.items():
            totals[name] += similarity / len(asking)
    titles = {chunk.source: chunk.title for chunk in chunks.values()}
    same = showing_the_same(store, ids, chunks.values())
    documents = [SimilarDocument(name, titles[name], round(total, 6), name in same) for name, total in totals.items()]
    return sorted(documents, key=lambda document: (-document.similarity, document.source))[:limit]


def others(near: Mapping[str, Vectors], vector: Vectors, own: Collection[str]) -> dict[str, float]:
    """The chunks that are not its own, with their cosines."""
    vectors = {one: found for one, found in near.items() if one not in own}
    cosines = cosine_similarities(vector, np.array(list(vectors.values()))) if vectors else ()
    return dict(zip(vectors, map(float, cosines), strict=True))


def showing_the_same(store: Store, ids: Sequence[str], others: Iterable[Chunk]) -> set[str]:
    """The sources of those chunks whose picture looks like one of these."""
    signatures = store.catalogue.signatures()
    if not signatures:
        return set()
    own = Looks({name: signatures[name] for chunk, _ in store.fetch(ids).values() if (name := chunk.picture)})
    return {chunk.source for chunk in others if chunk.picture and own.like(signatures[chunk.picture])}
