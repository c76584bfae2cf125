"""Turns a collection into one of format 1: the files that the first versions wrote, in place of the one of today."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from vectorstore.storage.database import CURRENT
from vectorstore.storage.store import Store

CATALOGUE = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sources (
    source TEXT PRIMARY KEY, title TEXT NOT NULL, is_titled INTEGER NOT NULL, kind TEXT NOT NULL, text_id TEXT NOT NULL,
    content_hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    chunks INTEGER NOT NULL, state TEXT NOT NULL, ingested_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sources_by_text ON sources (text_id);
CREATE TABLE IF NOT EXISTS pages (
    text_id TEXT NOT NULL, position INTEGER NOT NULL, number INTEGER, text BLOB NOT NULL,
    PRIMARY KEY (text_id, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    source TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (source, id, state)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, reader TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS repairs (at TEXT NOT NULL, what TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_by_state ON chunks (state) WHERE state != 'live';
"""
CHUNKS = """
CREATE TABLE IF NOT EXISTS vectors (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS texts (row INTEGER PRIMARY KEY, text TEXT NOT NULL, metadata TEXT NOT NULL);
"""
PICTURES = """
CREATE TABLE IF NOT EXISTS pictures (
    hash TEXT PRIMARY KEY, data BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    signature BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uses (chunk_id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_hash ON uses (hash);
"""
COPIED = {"sources": "sources", "pages": "pages", "states": "chunks", "refusals": "refusals", "repairs": "repairs"}


def make_format_1(store: Store, *, only_in_chroma: Iterable[str] = ()) -> None:
    """The chunk file of format 1 could lack chunks: those are left to Chroma."""
    path, place, left_out = store.catalogue.database.path, store.catalogue.database.place, set(only_in_chroma)
    rows = store.fetch(sorted(store.catalogue.chunk_ids()))
    pictures = store.catalogue.pictures([chunk.picture for chunk, _ in rows.values()])
    with closing(sqlite3.connect(store.folder / "catalogue.sqlite3")) as old, old:
        old.executescript(CATALOGUE)
        old.execute("ATTACH DATABASE ? AS new", (str(path),))
        for now, before in COPIED.items():
            old.execute(f"INSERT INTO main.{before} SELECT * FROM new.{now}")
        old.execute("INSERT INTO main.facts SELECT * FROM new.facts WHERE name != 'changes'")
        if place != store.folder:
            old.execute("INSERT INTO main.facts VALUES ('indexes', ?)", (place.name,))
    (place / "chunks").mkdir()
    with closing(sqlite3.connect(place / "chunks" / "chunks.sqlite3")) as old, old:
        old.executescript(CHUNKS)
        for number, (chunk_id, (chunk, vector)) in enumerate(rows.items()):
            if chunk_id not in left_out:
                metadata = json.dumps(chunk.to_document().metadata)
                old.execute("INSERT INTO vectors VALUES (?, ?, ?)", (number, chunk_id, vector.tobytes()))
                old.execute("INSERT INTO texts VALUES (?, ?, ?)", (number, chunk.text, metadata))
    if pictures:
        write_pictures(place / "pictures", store, pictures)
    store.close()
    path.unlink()
    (store.folder / CURRENT).unlink(missing_ok=True)


def write_pictures(folder: Path, store: Store, pictures: dict) -> None:  # type: ignore[type-arg]
    folder.mkdir()
    with closing(sqlite3.connect(folder / "pictures.sqlite3")) as old, old:
        old.executescript(PICTURES)
        for one in pictures.values():
            values = (one.hash, one.data, one.width, one.height, one.signature)
            old.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", values)
        for chunk_id, (chunk, _) in store.fetch(sorted(store.catalogue.chunk_ids())).items():
            if chunk.picture:
                old.execute("INSERT INTO uses VALUES (?, ?)", (chunk_id, chunk.picture))
