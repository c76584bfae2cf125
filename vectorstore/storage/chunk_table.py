"""Each chunk and its vector by its id, in a SQLite file: a copy of what Chroma has, read ten times as fast."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from vectorstore.storage.storage_errors import translated_storage_errors
from vectorstore.types import Chunk, Picture

PICTURES_SCHEMA = """
CREATE TABLE IF NOT EXISTS pictures (
    hash TEXT PRIMARY KEY, data BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    signature BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uses (chunk_id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_hash ON uses (hash);
"""
GIVEN_PICTURES = "IN (SELECT value FROM json_each(?))"
PICTURES_WAIT_S = 30.0


class PictureTable:
    """A picture is kept as long as a chunk that the indexes have stands for it.

    There is no file in a collection without pictures.
    """

    def __init__(self, folder: Path) -> None:
        self._path, self._collection = folder / "pictures.sqlite3", folder.parent

    def load(self, hashes: Sequence[str]) -> dict[str, Picture]:
        """Those that are there, by hash."""
        if not self._path.exists():
            return {}
        query = f"SELECT hash, data, width, height, signature FROM pictures WHERE hash {GIVEN_PICTURES}"
        with self._connect() as connection:
            return {row[0]: Picture(*row) for row in connection.execute(query, (json.dumps(hashes),))}

    def signatures(self) -> dict[str, bytes]:
        """By which pictures that look the same are known, by hash."""
        if not self._path.exists():
            return {}
        with self._connect() as connection:
            return dict(connection.execute("SELECT hash, signature FROM pictures"))

    def put(self, chunks: Sequence[Chunk], pictures: Mapping[str, Picture]) -> None:
        """Note which of `pictures` these chunks stand for, and keep those."""
        uses = [(chunk.id, chunk.picture) for chunk in chunks if chunk.picture]
        if not uses:
            return
        kept = [pictures[name] for name in {name for _, name in uses}]
        rows = [(one.hash, one.data, one.width, one.height, one.signature) for one in kept]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.executescript(PICTURES_SCHEMA)
            connection.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT OR REPLACE INTO uses VALUES (?, ?)", uses)

    def drop(self, ids: Sequence[str]) -> None:
        """Forget these chunks, and the pictures that none is left of."""
        if not self._path.exists():
            return
        with self._connect() as connection:
            connection.execute(f"DELETE FROM uses WHERE chunk_id {GIVEN_PICTURES}", (json.dumps(ids),))
            connection.execute("DELETE FROM pictures WHERE hash NOT IN (SELECT hash FROM uses)")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with translated_storage_errors(self._collection):
            connection = sqlite3.connect(self._path, timeout=PICTURES_WAIT_S)
            try:
                with connection:
                    yield connection
            finally:
                connection.close()


Vectors = NDArray[np.float32]
# A question reads hundreds of vectors and few texts: the two apart, more vectors lie side by side. The ids are hashes,
# in no order: apart from both, their index stays small enough for memory.
SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS texts (row INTEGER PRIMARY KEY, text TEXT NOT NULL, metadata TEXT NOT NULL);
"""
GIVEN = "id IN (SELECT value FROM json_each(?))"
WAIT_S = 30.0
CACHE_KB = 16_000


class ChunkTable:
    """What it lacks is to be read from Chroma: it may lose chunks, as a killed process does, and never has old ones.

    Any number of threads and processes may use it at once.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path, self._collection = folder / "chunks.sqlite3", folder.parent
        self._kept: list[tuple[tuple[int, int], sqlite3.Connection]] = []
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Those that are there, by id, in no order."""
        with self._reading() as connection:
            rows = connection.execute(f"SELECT id, vector FROM vectors WHERE {GIVEN}", (json.dumps(ids),)).fetchall()
        return {chunk_id: np.frombuffer(vector, np.float32) for chunk_id, vector in rows}

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors that are there, by id, in no order."""
        query = f"SELECT id, vector, text, metadata FROM vectors JOIN texts USING (row) WHERE {GIVEN}"
        with self._reading() as connection:
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        return {
            chunk_id: (
                Chunk.from_document(Document(page_content=text, metadata=json.loads(metadata))),
                np.frombuffer(vector, np.float32),
            )
            for chunk_id, vector, text, metadata in rows
        }

    def put(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """`vectors` has shape (chunks, dimension). None of the chunks may be there already."""
        with self._connect() as connection:
            for chunk, vector in zip(chunks, np.asarray(vectors, np.float32), strict=True):
                document = chunk.to_document()
                added = connection.execute(
                    "INSERT OR IGNORE INTO vectors (id, vector) VALUES (?, ?)", (document.id, vector.tobytes())
                )
                if added.rowcount:
                    values = (added.lastrowid, document.page_content, json.dumps(document.metadata))
                    connection.execute("INSERT INTO texts VALUES (?, ?, ?)", values)

    def drop(self, ids: Sequence[str]) -> None:
        given = (json.dumps(ids),)
        with self._connect() as connection:
            connection.execute(f"DELETE FROM texts WHERE row IN (SELECT row FROM vectors WHERE {GIVEN})", given)
            connection.execute(f"DELETE FROM vectors WHERE {GIVEN}", given)

    def close(self) -> None:
        """Let go of the file; the next reading opens it again."""
        kept, self._kept = self._kept, []
        for _, connection in kept:
            connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that is kept, with the pages that it has read, for the next: a tenth of a search's time."""
        with translated_storage_errors(self._collection):
            path = self._path.stat()
            file = path.st_dev, path.st_ino  # a collection that was deleted and made anew is another file
            connection = self._take(file) or self._open()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._kept.append((file, connection))

    def _take(self, file: tuple[int, int]) -> sqlite3.Connection | None:
        try:
            kept_of, connection = self._kept.pop()
        except IndexError:
            return None
        if kept_of == file:
            return connection
        connection.close()
        return self._take(file)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=WAIT_S, check_same_thread=False)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        return connection

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with translated_storage_errors(self._collection):
            connection = sqlite3.connect(self._path, timeout=WAIT_S)
            try:
                with connection:
                    yield connection
            finally:
                connection.close()
