"""Makes the one SQLite file of a collection from the three of format 1, without embedding anything.

Format 1 had sources and pages in `catalogue.sqlite3`, chunks and pictures in files of the index folder. A run that is
killed leaves a draft, and the next open begins again; the old files go only when the new one is in place.
"""

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from langchain_core.documents import Document

from vectorstore.embeddings.model import Vectors
from vectorstore.errors import translated_storage_errors
from vectorstore.storage.changes import put_chunks
from vectorstore.storage.database import (
    FILE,
    LEFT_OF_FORMAT_1,
    OF_FORMAT_1,
    Database,
    connect,
    put_in_place,
    remove,
    write_lock,
)
from vectorstore.storage.vector_index import open_vector_index
from vectorstore.types import Chunk

LOG = logging.getLogger(__name__)
ROWS_AT_ONCE = 1_000
UNCHANGED = ("sources", "pages", "refusals", "repairs")


def upgrade(database: Database, *, name: str, url: str | None) -> None:
    """Bring a collection of format 1 to the present one, unless it is already."""
    old = database.folder / OF_FORMAT_1
    message = "another process is writing to the collection %s, which is of an older format; waiting for it ..."
    with translated_storage_errors(database.folder):
        # An empty file is one whose making was killed: there is nothing to bring over.
        if database.path.exists() or not old.stat().st_size:
            return
        with write_lock(database.folder, on_wait=lambda: LOG.warning(message, name)):
            if not database.path.exists() and old.exists():
                replace_files(database, old, name=name, url=url)


def replace_files(database: Database, old: Path, *, name: str, url: str | None) -> None:
    with closing(sqlite3.connect(old)) as connection:
        facts = dict(connection.execute("SELECT name, value FROM facts"))
    place = database.folder / facts.get("indexes", ".")
    draft = place / f"{FILE}.new"
    remove([draft, draft.with_name(f"{draft.name}-journal")])
    with closing(connect(draft, may_create=True)) as new:
        new.execute("ATTACH DATABASE ? AS old", (str(old),))
        with new:
            new.execute("BEGIN IMMEDIATE")
            copy_catalogue(new)
            copy_pictures(new, place / "pictures" / "pictures.sqlite3")
            for part in read_chunks(place / "chunks" / "chunks.sqlite3"):
                put_rows(new, part)
            if missing := missing_ids(new):
                index = open_vector_index(place, facts, name=name, url=url)
                for start in range(0, len(missing), ROWS_AT_ONCE):
                    put_rows(new, list(index.fetch(missing[start : start + ROWS_AT_ONCE]).values()))
    put_in_place(draft, place / FILE)
    if place != database.folder:
        database.switch_to(place.name)
    remove([folder / name for folder in {place, database.folder} for name in LEFT_OF_FORMAT_1])


def copy_catalogue(new: sqlite3.Connection) -> None:
    for table in UNCHANGED:
        new.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")
    new.execute("INSERT INTO states SELECT source, id, state FROM old.chunks")
    new.execute("INSERT INTO facts SELECT name, value FROM old.facts WHERE name != 'indexes'")


def copy_pictures(new: sqlite3.Connection, path: Path) -> None:
    if path.exists():
        with closing(sqlite3.connect(path)) as old:
            rows = old.execute("SELECT hash, data, width, height, signature FROM pictures")
            new.executemany("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", rows)


def read_chunks(path: Path) -> Iterator[list[tuple[Chunk, Vectors]]]:
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as old:
        rows = old.execute("SELECT vector, text, metadata FROM vectors JOIN texts USING (row) ORDER BY row")
        while part := rows.fetchmany(ROWS_AT_ONCE):
            yield [
                (
                    Chunk.from_document(Document(page_content=text, metadata=json.loads(metadata))),
                    np.frombuffer(vector, np.float32),
                )
                for vector, text, metadata in part
            ]


def missing_ids(new: sqlite3.Connection) -> list[str]:
    """Chunks that a killed process, or a still older version, kept in Chroma alone."""
    return [row[0] for row in new.execute("SELECT DISTINCT id FROM states WHERE id NOT IN (SELECT id FROM vectors)")]


def put_rows(new: sqlite3.Connection, rows: Sequence[tuple[Chunk, Vectors]]) -> None:
    put_chunks(new, [chunk for chunk, _ in rows], np.array([vector for _, vector in rows]))
