"""Reads and writes the chunks, vectors and pictures of a collection, in SQL: a hundred rows in a millisecond."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vectorstore.storage.database import Database
from vectorstore.types import Chunk, Picture

Vectors = NDArray[np.float32]
Found = TypeVar("Found")
COLUMNS = 'source, title, page, start, "end", text, headings, is_titled, picture'
GIVEN = "IN (SELECT value FROM json_each(?))"


class ChunkTable:
    """Has every chunk that an index finds, from before they get it until after they have lost it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """By id, in the order asked for; ids that are gone are left out."""
        with self.database.reading() as connection:
            rows = connection.execute(f"SELECT id, vector FROM vectors WHERE id {GIVEN}", (json.dumps(ids),)).fetchall()
        return in_order(ids, {chunk_id: np.frombuffer(vector, np.float32) for chunk_id, vector in rows})

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """By id, in the order asked for; ids that are gone are left out."""
        query = f"SELECT id, {COLUMNS} FROM vectors JOIN chunks USING (row) WHERE id {GIVEN}"
        with self.database.reading() as connection:
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        return in_order(ids, {chunk_id: as_chunk(columns) for chunk_id, *columns in rows})

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id, in the order asked for; ids that are gone are left out."""
        query = f"SELECT id, vector, {COLUMNS} FROM vectors JOIN chunks USING (row) WHERE id {GIVEN}"
        with self.database.reading() as connection:
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        found = {one: (as_chunk(columns), np.frombuffer(vector, np.float32)) for one, vector, *columns in rows}
        return in_order(ids, found)

    def put(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Write chunks with their vectors, shape (chunks, dimension), in place of what they had."""
        with self.database.writing() as connection:
            put_chunks(connection, chunks, vectors)

    def pictures(self, hashes: Sequence[str]) -> dict[str, Picture]:
        """Those that are there, by hash."""
        query = f"SELECT hash, data, width, height, signature FROM pictures WHERE hash {GIVEN}"
        with self.database.reading() as connection:
            return {row[0]: Picture(*row) for row in connection.execute(query, (json.dumps(hashes),))}

    def signatures(self) -> dict[str, bytes]:
        """By which pictures that look the same are known, by hash."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT hash, signature FROM pictures"))


def in_order(ids: Sequence[str], found: dict[str, Found]) -> dict[str, Found]:
    return {chunk_id: found[chunk_id] for chunk_id in ids if chunk_id in found}


def as_chunk(columns: Sequence[Any]) -> Chunk:
    source, title, page, start, end, text, headings, is_titled, picture = columns
    return Chunk(source, title, page, start, end, text, tuple(json.loads(headings)), bool(is_titled), picture)


def put_chunks(connection: sqlite3.Connection, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    upsert = (
        "INSERT INTO vectors (id, vector) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET vector = excluded.vector "
        "RETURNING row"
    )
    for chunk, vector in zip(chunks, np.asarray(vectors, np.float32), strict=True):
        ((row,),) = connection.execute(upsert, (chunk.id, vector.tobytes())).fetchall()
        headings = json.dumps(chunk.headings, ensure_ascii=False)
        columns = (chunk.source, chunk.title, chunk.page, chunk.start, chunk.end, chunk.text, headings)
        values = (row, *columns, chunk.is_titled, chunk.picture)
        connection.execute("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def drop_chunks(connection: sqlite3.Connection, ids: str) -> None:
    """Drop the chunks that a query gives, and the pictures that none is left of."""
    connection.execute(f"DELETE FROM chunks WHERE row IN (SELECT row FROM vectors WHERE id IN ({ids}))")
    connection.execute(f"DELETE FROM vectors WHERE id IN ({ids})")
    connection.execute("DELETE FROM pictures WHERE hash NOT IN (SELECT picture FROM chunks WHERE picture != '')")


def put_pictures(connection: sqlite3.Connection, pictures: Iterable[Picture]) -> None:
    rows = [(one.hash, one.data, one.width, one.height, one.signature) for one in pictures]
    connection.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?)", rows)
