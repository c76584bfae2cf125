"""Finds the chunks nearest to a vector with Chroma, in the collection's folder or on a server.

Texts and metadata are kept there too, so that any LangChain script can open the folder.
"""

import re
import secrets
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import NotFoundError
from langchain_core.documents import Document

from vectorstore.embeddings.model import Vectors
from vectorstore.errors import CollectionError, StorageError
from vectorstore.storage.lexical_index import release_freed_memory
from vectorstore.types import Chunk

# Bounds the memory that one large source takes.
SLICE_CHUNKS = 1024


def slices_of(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    for start in range(0, len(chunks), SLICE_CHUNKS):
        yield chunks[start : start + SLICE_CHUNKS]


class VectorIndex:
    """One Chroma collection: embedded in `folder`, made at the first opening; on the server at `url` where `is_new`.

    It is closed when the last reference to it is gone: other threads may be searching it. `generation` is that of the
    catalogue that it shows.
    """

    generation = 0

    def __init__(self, folder: Path, *, name: str, distance: str, url: str | None = None, is_new: bool = False) -> None:
        self.client = connect(url) if url else open_embedded(folder, name)
        weakref.finalize(self, close, self.client).atexit = False
        # On a server a reader must not bring back a collection that a writer has just dropped.
        if is_new or url is None:
            # Without this Chroma measures by squared Euclidean distance.
            configuration = cast(Any, {"hnsw": {"space": distance}})
            self.client.get_or_create_collection(name, embedding_function=None, configuration=configuration)
        self.collection = self.client.get_collection(name, embedding_function=None)
        # Chroma loads an index when it is first asked for a vector.
        self.collection.get(limit=1, include=["embeddings"])

    def nearest_ids(self, vector: Vectors, *, limit: int) -> list[str]:
        """The nearest first. Ids alone are found three times as fast as with their vectors."""
        return self.collection.query(query_embeddings=vector[np.newaxis], n_results=limit, include=[])["ids"][0]

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id; ids that are gone are left out."""
        rows: Any = self.collection.get(list(ids), include=["documents", "metadatas", "embeddings"])
        columns = zip(rows["ids"], rows["documents"], rows["metadatas"], rows["embeddings"], strict=True)
        return {
            row_id: (Chunk.from_document(Document(page_content=text, metadata=metadata)), np.array(vector, np.float32))
            for row_id, text, metadata, vector in columns
        }

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        # Chroma takes at most this many rows at once, and refuses an id twice in one call.
        rows = {chunk.id: (chunk.to_document(), vector) for chunk, vector in zip(chunks, vectors, strict=True)}
        for ids in self._batches(list(rows)):
            documents = [rows[chunk_id][0] for chunk_id in ids]
            self.collection.upsert(
                ids=ids,
                embeddings=np.stack([rows[chunk_id][1] for chunk_id in ids]),
                documents=[document.page_content for document in documents],
                metadatas=[document.metadata for document in documents],
            )

    def delete(self, ids: Sequence[str]) -> None:
        for batch in self._batches(ids):
            self.collection.delete(batch)

    def _batches(self, ids: Sequence[str]) -> Iterator[list[str]]:
        most = self.client.get_max_batch_size()
        return (list(ids[start : start + most]) for start in range(0, len(ids), most))

    def ids(self) -> set[str]:
        return set(self.collection.get(include=[])["ids"])

    def count(self) -> int:
        return self.collection.count()


def close(client: Client) -> None:
    """Closes files, without which Chroma's caches stay blind to other processes, and connections.

    A client leaves its connections to a server open, and those of the second client within it.
    """
    client.close()
    for part in (client, client._admin_client):
        session = getattr(getattr(part, "_server", None), "_session", None)
        if session is not None:
            session.close()
    release_freed_memory()


# What Chroma takes for no name: one of two letters, the address of a machine.
SHORTEST_NAME, ADDRESS = 3, re.compile(r"(\d{1,3}\.){3}\d{1,3}")
# Facts of a collection: the name under which the server has its vectors, and the one that a rebuild has replaced.
ON_SERVER, UNUSED_ON_SERVER = "chroma_collection", "chroma_unused"


def open_vector_index(place: Path, facts: Mapping[str, str], *, name: str, url: str | None) -> VectorIndex:
    """The index of the collection that these facts describe; raises CollectionError where it is empty or elsewhere."""
    on_server = facts.get(ON_SERVER, "")
    if "model" not in facts:
        raise CollectionError(f"the collection {name} is empty", "rag ingest PATH")
    if on_server and not url:
        raise CollectionError(f"the vectors of {name} are on a Chroma server", "set RAG_CHROMA_URL to its address")
    if url and not on_server:
        raise CollectionError(
            f"the vectors of {name} are in its folder, not on the Chroma server at {url}",
            "unset RAG_CHROMA_URL, or move them there: rag ingest --rebuild PATH",
        )
    if len(name) < SHORTEST_NAME or ADDRESS.fullmatch(name):
        name = f"collection-{name}"
    return VectorIndex(place / "chroma", name=on_server or name, distance=facts["distance"], url=url)


def open_embedded(folder: Path, name: str) -> Client:
    folder.mkdir(parents=True, exist_ok=True)
    # Chroma keeps one index for each way to write a path: in another way it opens the same folder once more.
    paths = (str(folder) + "/." * n for n in count())
    path = next(path for path in paths if path not in SharedSystemClient._identifier_to_system)
    try:
        client = chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
    except Exception:
        # Chroma keeps the system that failed to start, and hands it out to the next who asks.
        SharedSystemClient._identifier_to_system.pop(path, None)
        raise
    # A folder holds one collection, which keeps its name in Chroma when the folder is renamed.
    for collection in client.list_collections():
        if collection.name != name:
            collection.modify(name=name)
    return cast("Client", client)


def connect(url: str) -> Client:
    parts = urlsplit(url)
    try:
        client = chromadb.HttpClient(
            host=parts.hostname or "localhost",
            port=parts.port or 8000,
            ssl=parts.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
        return cast("Client", client)
    except Exception as error:  # httpx's, Chroma's or ValueError, by what failed
        raise StorageError(
            f"no Chroma server answers at {url}",
            "start one with `chroma run --path FOLDER`, or unset RAG_CHROMA_URL to use the embedded one",
        ) from error


def make_on_server(url: str, *, collection: str, distance: str) -> str:
    """Make a Chroma collection; its name is like no other on the server, whoever else has a collection so called."""
    name = f"{collection[:100]}-{secrets.token_hex(8)}"
    VectorIndex(Path(), name=name, distance=distance, url=url, is_new=True)
    return name


def drop_from_server(url: str, names: Iterable[str]) -> None:
    client = connect(url)
    for name in names:
        with suppress(NotFoundError):
            client.delete_collection(name)
    close(client)
