"""Finds the documents most similar to one, by the nearest chunks of each of its chunks."""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vectorstore.pictures import Looks
from vectorstore.storage.store import Store
from vectorstore.types import Chunk
from vectorstore.vector_math import cosine_similarities

# Of a long document so many chunks ask, evenly spread; each for so many neighbours.
ASKING_CHUNKS = 64
NEIGHBOURS = 50
MOST_OWN = 500

Vectors = NDArray[np.float32]


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
        told = asdict(self)
        return told if self.shows_the_same else {name: told[name] for name in ("source", "title", "similarity")}


def similar_documents(store: Store, source: str, *, limit: int) -> list[SimilarDocument]:
    """The documents nearest to one of the collection, nearest first; none where it is without chunks."""
    ids = sorted(store.catalogue.chunk_ids_of([source]))
    asking = list(store.vectors(ids[:: max(len(ids) // ASKING_CHUNKS, 1)]).values())
    removed = store.catalogue.removed_ids()
    hidden = store.catalogue.hidden_ids() | set(ids)
    # Its own chunks are the nearest of all: there must be room beside them.
    room = NEIGHBOURS + min(len(ids) + len(removed), MOST_OWN)
    found = [nearest_others(store, vector, hidden, limit=room) for vector in asking]
    records = store.fetch(sorted({chunk_id for near in found for chunk_id in near}))
    totals: dict[str, float] = defaultdict(float)
    for near in found:
        best: dict[str, float] = {}
        for chunk_id, similarity in near.items():
            if chunk_id in records:
                name = records[chunk_id][0].source
                best[name] = max(best.get(name, 0.0), similarity)
        for name, similarity in best.items():
            totals[name] += similarity / len(asking)
    titles = {chunk.source: chunk.title for chunk, _ in records.values()}
    same = showing_the_same(store, ids, [chunk for chunk, _ in records.values()])
    documents = [SimilarDocument(name, titles[name], round(total, 6), name in same) for name, total in totals.items()]
    return sorted(documents, key=lambda document: (-document.similarity, document.source))[:limit]


def showing_the_same(store: Store, ids: Sequence[str], others: Sequence[Chunk]) -> set[str]:
    """The sources of those chunks whose picture looks like one of these."""
    signatures = store.table.signatures()
    if not signatures:
        return set()
    own = Looks({name: signatures[name] for chunk, _ in store.fetch(ids).values() if (name := chunk.picture)})
    return {chunk.source for chunk in others if chunk.picture and own.like(signatures[chunk.picture])}


def nearest_others(store: Store, vector: Vectors, hidden: Container[str], *, limit: int) -> dict[str, float]:
    """The nearest chunks by id, with their cosines, but those that are hidden."""
    near = {chunk_id: found for chunk_id, found in store.nearest(vector, limit=limit).items() if chunk_id not in hidden}
    if not near:
        return {}
    cosines = cosine_similarities(vector, np.stack(list(near.values())))
    return dict(zip(near, map(float, cosines), strict=True))
