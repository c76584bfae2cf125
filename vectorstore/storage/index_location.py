"""Where the indexes of a collection are: in its folder, in that of a rebuild, the vectors maybe on a server."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chromadb.errors import NotFoundError

from vectorstore.errors import CollectionError, StorageError, WrongModelError
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.chunk_table import ChunkTable, PictureTable
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.open_index import shared_lock
from vectorstore.storage.vector_index import VectorIndex, drop_from_server, make_on_server
from vectorstore.types import Fingerprint as Fingerprint


@dataclass(frozen=True, slots=True)
class Beside:
    lexical: LexicalIndex
    table: ChunkTable
    pictures: PictureTable

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(LexicalIndex(folder / "lexical"), ChunkTable(folder / "chunks"), PictureTable(folder / "pictures"))

    def drop(self, ids: Sequence[str]) -> None:
        """Chunks that the vector index no longer has: it was asked to forget them after the table had."""
        self.lexical.change(remove=ids)
        self.pictures.drop(ids)


def refuse_other(made_by: Fingerprint | None, wanted: Fingerprint, *, collection: str) -> None:
    """Raise WrongModelError where a collection was made by something else than what is wanted."""
    if made_by is None or made_by == wanted:
        return
    if made_by.model != wanted.model:
        raise WrongModelError(
            f"the collection {collection} was made with the embedding model {made_by.model}, not {wanted.model}",
            f"set RAG_EMBEDDINGS={made_by.model}, or make it anew: rag ingest --rebuild PATH",
        )
    raise WrongModelError(
        f"the collection {collection} was made with the distance {made_by.distance}, not {wanted.distance}",
        f"set RAG_DISTANCE={made_by.distance}, or make it anew: rag ingest --rebuild PATH",
    )


BUILT = "built-"
INDEX_LOCK = "index.lock"
PLACED = ("chroma", "chunks", "lexical", "pictures")
# Facts of the catalogue: under which names the server has the vectors, and those that a rebuild has replaced.
ON_SERVER, UNUSED_ON_SERVER = "chroma_collection", "chroma_unused"


@dataclass(frozen=True, slots=True)
class Placement:
    """`url` is that of a Chroma server, None where Chroma is embedded."""

    folder: Path
    name: str
    catalogue: Catalogue
    url: str | None

    def folder_name(self) -> str:
        """The folder below this one where the indexes are: a rebuild makes them anew in another."""
        return self.catalogue.facts().get("indexes", ".")

    def name_on_server(self) -> str:
        return self.catalogue.facts().get(ON_SERVER, "")

    def note(self, fingerprint: Fingerprint) -> None:
        """What makes the collection; a place on the server is made at its first write."""
        facts = {"model": fingerprint.model, "distance": fingerprint.distance}
        if self.url and "model" not in self.catalogue.facts():
            facts[ON_SERVER] = make_on_server(self.url, collection=self.name, distance=fingerprint.distance)
        self.catalogue.set_facts(**facts)

    def open_index(self) -> VectorIndex:
        while True:
            facts = self.catalogue.facts()
            if "model" not in facts:
                raise CollectionError(f"the collection {self.name} is empty", "rag ingest PATH")
            on_server = facts.get(ON_SERVER, "")
            require_place(self.name, is_on_server=bool(on_server), url=self.url)
            try:
                # Loading what Chroma is just writing ends the process by a segmentation fault.
                with shared_lock(self.folder / INDEX_LOCK):
                    return VectorIndex(
                        self.folder / facts.get("indexes", ".") / "chroma",
                        name=on_server or self.name,
                        distance=facts["distance"],
                        url=self.url,
                    )
            except NotFoundError as error:
                # A rebuild of another process drops what it has replaced.
                if self.catalogue.facts().get(ON_SERVER) == on_server:
                    raise StorageError(
                        f"the Chroma server at {self.url} does not have the vectors of {self.name}",
                        "start it with the folder that it had, or: rag ingest --rebuild PATH",
                    ) from error

    def unused_folders(self) -> list[Path]:
        """Index folders that no longer, or never did, answer."""
        place = self.folder_name()
        unused = [folder for folder in self.folder.glob(f"{BUILT}*") if folder.name != place]
        if place != ".":
            unused += [folder for name in PLACED if (folder := self.folder / name).exists()]
        return unused

    def drop(self, folders: Sequence[Path]) -> None:
        """Remove folders that are not used, and what they have on a server."""
        self._drop_unused_from_server(folders)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)  # a reader may still hold it; the next writer tries again

    def _drop_unused_from_server(self, folders: Sequence[Path]) -> None:
        facts = self.catalogue.facts()
        catalogues = [path for folder in folders if (path := folder / "catalogue.sqlite3").exists()]
        names = {facts.get(UNUSED_ON_SERVER, ""), *(Catalogue(path).facts().get(ON_SERVER, "") for path in catalogues)}
        names -= {"", facts.get(ON_SERVER, "")}
        if names and self.url:
            drop_from_server(self.url, names)
            self.catalogue.set_facts(**{UNUSED_ON_SERVER: ""})

    def drop_vectors(self) -> None:
        """Have the server forget this collection, which is about to be deleted."""
        if self.url and (name := self.name_on_server()):
            drop_from_server(self.url, [name])


def require_place(name: str, *, is_on_server: bool, url: str | None) -> None:
    """Raise CollectionError where the vectors are on a server and it is opened without one, or the other way round."""
    if is_on_server and not url:
        raise CollectionError(f"the vectors of {name} are on a Chroma server", "set RAG_CHROMA_URL to its address")
    if url and not is_on_server:
        raise CollectionError(
            f"the vectors of {name} are in its folder, not on the Chroma server at {url}",
            "unset RAG_CHROMA_URL, or move them there: rag ingest --rebuild PATH",
        )
