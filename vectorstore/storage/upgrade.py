"""Makes the one SQLite file of a collection from the three of format 1, without embedding anything.

Format 1 had sources and pages in `catalogue.sqlite3`, chunks and pictures in files of the index folder. A run that is
killed leaves a draft, and the next open begins again; the old files go only when the new one is in place.
"""

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

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

LOG = logging.getLogger(__name__)
COPY_CATALOGUE = """
INSERT INTO sources SELECT * FROM old.sources;
INSERT INTO pages SELECT * FROM old.pages;
INSERT INTO refusals SELECT * FROM old.refusals;
INSERT INTO repairs SELECT * FROM old.repairs;
INSERT INTO states SELECT source, id, state FROM old.chunks;
INSERT INTO facts SELECT name, value FROM old.facts WHERE name != 'indexes';
"""
COPY_CHUNKS = """
INSERT INTO vectors SELECT row, id, vector FROM old.vectors JOIN old.texts USING (row);
INSERT INTO chunks
    SELECT row, json_extract(metadata, '$.source'), json_extract(metadata, '$.title'), json_extract(metadata, '$.page'),
        json_extract(metadata, '$.start'), json_extract(metadata, '$.end'), text, json_extract(metadata, '$.headings'),
        json_extract(metadata, '$.is_titled'), coalesce(json_extract(metadata, '$.picture'), '')
    FROM old.vectors JOIN old.texts USING (row);
"""
COPY_PICTURES = "INSERT INTO pictures SELECT hash, data, width, height, signature FROM old.pictures;"
ROWS_AT_ONCE = 1_000


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
        copy(new, old, COPY_CATALOGUE)
        copy(new, place / "chunks" / "chunks.sqlite3", COPY_CHUNKS)
        copy(new, place / "pictures" / "pictures.sqlite3", COPY_PICTURES)
        fetch_missing(new, place, facts, name=name, url=url)
    put_in_place(draft, place / FILE)
    if place != database.folder:
        database.switch_to(place.name)
    remove([folder / left for folder in {place, database.folder} for left in LEFT_OF_FORMAT_1])


def copy(new: sqlite3.Connection, old: Path, statements: str) -> None:
    if old.exists():
        new.execute("ATTACH DATABASE ? AS old", (str(old),))
        new.executescript(f"BEGIN;{statements}COMMIT; DETACH DATABASE old;")


def fetch_missing(
    new: sqlite3.Connection, place: Path, facts: Mapping[str, str], *, name: str, url: str | None
) -> None:
    """Bring over the chunks that a killed process, or a still older version, kept in Chroma alone."""
    query = "SELECT DISTINCT id FROM states WHERE id NOT IN (SELECT id FROM vectors)"
    missing = [row[0] for row in new.execute(query)]
    if not missing:
        return
    index = open_vector_index(place, facts, name=name, url=url)
    with new:
        new.execute("BEGIN")
        for start in range(0, len(missing), ROWS_AT_ONCE):
            found = list(index.fetch(missing[start : start + ROWS_AT_ONCE]).values())
            put_chunks(new, [chunk for chunk, _ in found], np.array([vector for _, vector in found]))
