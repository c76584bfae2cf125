"""The pictures of a collection by their hashes, and which chunks stand for them, in a SQLite file."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vectorstore.storage_errors import translated_storage_errors
from vectorstore.types import Chunk, Picture

SCHEMA = """
CREATE TABLE IF NOT EXISTS pictures (
    hash TEXT PRIMARY KEY, data BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    signature BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uses (chunk_id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_hash ON uses (hash);
"""
GIVEN = "IN (SELECT value FROM json_each(?))"
WAIT_S = 30.0


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
        query = f"SELECT hash, data, width, height, signature FROM pictures WHERE hash {GIVEN}"
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
            connection.executescript(SCHEMA)
            connection.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT OR REPLACE INTO uses VALUES (?, ?)", uses)

    def drop(self, ids: Sequence[str]) -> None:
        """Forget these chunks, and the pictures that none is left of."""
        if not self._path.exists():
            return
        with self._connect() as connection:
            connection.execute(f"DELETE FROM uses WHERE chunk_id {GIVEN}", (json.dumps(ids),))
            connection.execute("DELETE FROM pictures WHERE hash NOT IN (SELECT hash FROM uses)")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with translated_storage_errors(self._collection):
            connection = sqlite3.connect(self._path, timeout=WAIT_S)
            try:
                with connection:
                    yield connection
            finally:
                connection.close()
