"""Turns a collection into one of format 1: the files that the first versions wrote, in place of the one of today."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vectorstore.storage.database import CURRENT
from vectorstore.storage.store import Store

# The keys and indexes of these tables play no part in an upgrade, which reads all rows.
CATALOGUE = """
CREATE TABLE sources AS SELECT * FROM new.sources;
CREATE TABLE pages AS SELECT * FROM new.pages;
CREATE TABLE chunks AS SELECT source, id, state FROM new.states;
CREATE TABLE refusals AS SELECT * FROM new.refusals;
CREATE TABLE repairs AS SELECT * FROM new.repairs;
CREATE TABLE facts AS SELECT * FROM new.facts WHERE name != 'changes';
"""
CHUNKS = """
CREATE TABLE vectors AS SELECT row, id, vector FROM new.vectors;
CREATE TABLE texts (row INTEGER PRIMARY KEY, text TEXT NOT NULL, metadata TEXT NOT NULL);
"""
PICTURES = """
CREATE TABLE pictures AS SELECT * FROM new.pictures;
CREATE TABLE uses (chunk_id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
"""


def make_format_1(store: Store, *, only_in_chroma: Iterable[str] = ()) -> None:
    """The chunk file of format 1 could lack chunks: those are left to Chroma."""
    place, rows = store.catalogue.database.place, store.fetch(sorted(store.catalogue.chunk_ids()))
    with copying(store, store.folder / "catalogue.sqlite3", CATALOGUE) as old:
        if place != store.folder:
            old.execute("INSERT INTO facts VALUES ('indexes', ?)", (place.name,))
    with copying(store, place / "chunks" / "chunks.sqlite3", CHUNKS) as old:
        for chunk_id, (chunk, _) in rows.items():
            query = "INSERT INTO texts SELECT row, ?, ? FROM vectors WHERE id = ?"
            old.execute(query, (chunk.text, json.dumps(chunk.to_document().metadata), chunk_id))
        for chunk_id in only_in_chroma:
            old.execute("DELETE FROM vectors WHERE id = ?", (chunk_id,))
    if pictures := [(chunk_id, chunk.picture) for chunk_id, (chunk, _) in rows.items() if chunk.picture]:
        with copying(store, place / "pictures" / "pictures.sqlite3", PICTURES) as old:
            old.executemany("INSERT INTO uses VALUES (?, ?)", pictures)
    path = store.catalogue.database.path
    store.close()
    path.unlink()
    (store.folder / CURRENT).unlink(missing_ok=True)


@contextmanager
def copying(store: Store, path: Path, tables: str) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("ATTACH DATABASE ? AS new", (str(store.catalogue.database.path),))
        old.executescript(tables)
        yield old
