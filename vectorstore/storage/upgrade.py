"""Makes the one SQLite file of a collection from the three of format 1, without embedding anything.

Format 1 had sources and pages in `catalogue.sqlite3`, chunks and pictures in files of the index folder. A run that is
killed leaves a draft, and the next open begins again; the old files go only when the new one is in place.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from filelock import FileLock
from langchain_core.documents import Document
from numpy.typing import NDArray

from vectorstore.storage.chunk_table import put_chunks
from vectorstore.storage.database import FILE, LEFT_OF_FORMAT_1, OF_FORMAT_1, Database, connect, put_in_place, remove
from vectorstore.storage_errors import translated_storage_errors
from vectorstore.types import Chunk

ROWS_AT_ONCE = 1_000
UNCHANGED = ("sources", "pages", "refusals", "repairs")
Row = tuple[Chunk, NDArray[np.float32]]
# By ids, of the vector index that these facts describe.
FetchVectors = Callable[[Mapping[str, str], Sequence[str]], dict[str, Row]]


def upgrade(database: Database, fetch: FetchVectors) -> None:
    """Bring a collection of format 1 to the present one, unless it is already; `fetch` gives chunks that it lacks."""
    old = database.folder / OF_FORMAT_1
    with translated_storage_errors(database.folder):
        # An empty file is one whose making was killed: there is nothing to bring over.
        if database.path.exists() or not old.exists() or not old.stat().st_size:
            return
        with FileLock(database.folder / "write.lock"):
            if not database.path.exists() and old.exists():
                replace_files(database, old, fetch)


def replace_files(database: Database, old: Path, fetch: FetchVectors) -> None:
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
                put_chunks(new, [chunk for chunk, _ in part], np.stack([vector for _, vector in part]))
            fetch_missing(new, facts, fetch)
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


def read_chunks(path: Path) -> Iterator[list[Row]]:
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


def fetch_missing(new: sqlite3.Connection, facts: Mapping[str, str], fetch: FetchVectors) -> None:
    """Chunks that a killed process, or a still older version, kept in Chroma alone."""
    query = "SELECT DISTINCT id FROM states WHERE id NOT IN (SELECT id FROM vectors)"
    missing = [row[0] for row in new.execute(query)]
    for start in range(0, len(missing), ROWS_AT_ONCE):
        found = list(fetch(facts, missing[start : start + ROWS_AT_ONCE]).values())
        if found:
            put_chunks(new, [chunk for chunk, _ in found], np.stack([vector for _, vector in found]))
