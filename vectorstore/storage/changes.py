"""Changes the chunks of a collection in steps that a killed process may leave at any point.

A chunk is `adding` before it is written to the indexes, `live` once they have it, and `removing` until they have lost
it, so that whatever was left half done is known and can be removed. Its row is there all that time. Each function is
one transaction.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields

import numpy as np

from vectorstore.embeddings.model import Vectors
from vectorstore.storage.catalogue import ADDING, GIVEN, LIVE, REMOVING, UNSETTLED, grow_generation, pack
from vectorstore.storage.database import CHANGES, Database
from vectorstore.types import MISSING, REMOVED, Chunk, IngestedSource, SourceRecord


def announce(database: Database, batch: Sequence[IngestedSource]) -> None:
    """Note the chunks that are about to be written to the indexes, and keep the pictures that they name."""
    chunks = [(item, chunk) for item in batch for chunk in item.chunks]
    pictures = [astuple(item.pictures[chunk.picture]) for item, chunk in chunks if chunk.picture]
    with database.writing() as connection:
        states = [(chunk.source, chunk.id, ADDING) for _, chunk in chunks]
        connection.executemany("INSERT OR IGNORE INTO states VALUES (?, ?, ?)", states)
        connection.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?)", pictures)


def put(database: Database, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Write chunks with their vectors, shape (chunks, dimension), in place of those they had."""
    with database.writing() as connection:
        put_chunks(connection, chunks, vectors)


def swap(database: Database, batch: Sequence[IngestedSource]) -> None:
    """Make the announced chunks of these sources live, and those they had before ready to be removed."""
    records = [item.record for item in batch]
    given = json.dumps([record.source for record in records])
    pages = [
        (item.record.text_id, i, page.number, pack(page.text)) for item in batch for i, page in enumerate(item.pages)
    ]
    with database.writing() as connection:
        connection.executemany("INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?)", pages)
        retire_chunks(connection, given)
        promote = f"UPDATE OR REPLACE states SET state = ? WHERE source {GIVEN} AND state = ?"
        connection.execute(promote, (LIVE, given, ADDING))
        with dropping_unused_pages(connection, given):
            places = ", ".join("?" * len(fields(SourceRecord)))
            connection.executemany(f"INSERT OR REPLACE INTO sources VALUES ({places})", map(astuple, records))
        connection.execute(f"DELETE FROM refusals WHERE source {GIVEN}", (given,))
        grow_generation(connection)


def retire(database: Database, sources: Iterable[str], *, forget: bool) -> None:
    """Take all chunks of these sources out of use; `forget` drops the sources themselves too."""
    given = json.dumps(list(sources))
    with database.writing() as connection:
        retire_chunks(connection, given)
        connection.execute(f"DELETE FROM refusals WHERE source {GIVEN}", (given,))
        if forget:
            with dropping_unused_pages(connection, given):
                connection.execute(f"DELETE FROM sources WHERE source {GIVEN}", (given,))
        else:
            connection.execute(f"UPDATE sources SET state = ? WHERE source {GIVEN}", (MISSING, given))
        grow_generation(connection)


def settle(database: Database) -> None:
    """Drop the chunks that the indexes have lost.

    A source whose chunks were announced and never finished is to be read again even if it is as it was: the chunks
    that it shares with the unfinished version may have got another title, headings or vector.
    """
    with database.writing() as connection:
        connection.execute(
            "UPDATE sources SET content_hash = '', stamp = 0 "
            "WHERE source IN (SELECT source FROM states WHERE state = ?)",
            (ADDING,),
        )
        drop_chunks(connection, UNSETTLED)
        if connection.execute("DELETE FROM states WHERE state != ?", (LIVE,)).rowcount:
            grow_generation(connection)


def give_way_to(database: Database, built: Database, **facts: str) -> None:
    """Have everyone use a rebuilt collection from now on; sources that were removed meanwhile stay removed."""
    with database.writing() as old:  # who waits to write goes on in the new file
        removed = old.execute("SELECT source FROM sources WHERE state = ?", (REMOVED,)).fetchall()
        known = dict(old.execute("SELECT name, value FROM facts WHERE name != ?", (CHANGES,)))
        repairs = old.execute("SELECT at, what FROM repairs ORDER BY rowid").fetchall()
        with built.writing() as new:
            hidden = [(REMOVED, *row) for row in removed]
            new.executemany("UPDATE sources SET state = ? WHERE source = ?", hidden)
            new.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", known.items())
            new.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
            new.executemany("INSERT INTO repairs VALUES (?, ?)", repairs)
            grow_generation(new)
        database.switch_to(built.folder.name)


@contextmanager
def dropping_unused_pages(connection: sqlite3.Connection, given: str) -> Iterator[None]:
    """Drops the pages of the given sources that no source has any more after the change inside."""
    texts = connection.execute(f"SELECT text_id FROM sources WHERE source {GIVEN}", (given,)).fetchall()
    yield
    unused = "DELETE FROM pages WHERE text_id = ?1 AND NOT EXISTS (SELECT 1 FROM sources WHERE text_id = ?1)"
    connection.executemany(unused, texts)


def retire_chunks(connection: sqlite3.Connection, given: str) -> None:
    """Live chunks of the given sources become `removing`, but for those announced again, which stay."""
    connection.execute(
        f"UPDATE OR REPLACE states AS before SET state = ? WHERE source {GIVEN} AND state = ? AND NOT EXISTS "
        "(SELECT 1 FROM states WHERE source = before.source AND id = before.id AND state = ?)",
        (REMOVING, given, LIVE, ADDING),
    )


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
