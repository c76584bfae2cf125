"""Reads sources, pages, chunks, vectors and pictures from a collection's SQLite file; notes changes of its sources.

`changes` writes the chunks, and says which states they have.
"""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vectorstore.embeddings.model import Vectors
from vectorstore.storage.database import CHANGES, COUNT, GENERATION, Database
from vectorstore.types import MISSING, READY, REMOVED, Chunk, Page, Picture, Refusal, SourceFilter, SourceRecord

ADDING, LIVE, REMOVING = "adding", "live", "removing"
KEPT_REPAIRS = 20
# One value for any number of sources or ids, as JSON.
GIVEN = "IN (SELECT value FROM json_each(?))"
UNSETTLED = (
    "SELECT id FROM states AS one WHERE state != 'live' AND NOT EXISTS "
    "(SELECT 1 FROM states WHERE source = one.source AND id = one.id AND state = 'live')"
)


@dataclass(frozen=True, slots=True)
class State:
    """A collection between two changes: its facts, and the ids that the indexes have and nobody may find.

    `unsettled` are of changes that are not finished, `removed` of sources that can still be restored.
    """

    facts: Mapping[str, str]
    unsettled: frozenset[str]
    removed: frozenset[str]

    @property
    def generation(self) -> int:
        return int(self.facts.get(GENERATION, 0))

    @property
    def hidden(self) -> frozenset[str]:
        return self.unsettled | self.removed


class Catalogue:
    """Each call is one transaction; reads see the last one that was finished."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder)
        self._state: State | None = None  # every search asks what seldom changes

    def state(self) -> State:
        """The present state; the same object until something changes."""
        with self.database.reading() as connection:
            (changes,) = connection.execute("SELECT value FROM facts WHERE name = ?", (CHANGES,)).fetchone()
            known = self._state
            if known is None or known.facts[CHANGES] != changes:
                with connection:
                    connection.execute("BEGIN")
                    self._state = known = read_state(connection)
        return known

    def generation(self) -> int:
        """A number that grows with every change of what can be found."""
        return self.state().generation

    def set_facts(self, **facts: str) -> None:
        with self.database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    # Sources and pages

    def source(self, source: str) -> SourceRecord | None:
        rows = self._read("SELECT * FROM sources WHERE source = ?", source)
        return SourceRecord(*rows[0]) if rows else None

    def sources(self) -> list[SourceRecord]:
        return [SourceRecord(*row) for row in self._read("SELECT * FROM sources ORDER BY source")]

    def matching(self, wanted: SourceFilter) -> dict[str, int]:
        """The sources that can be found and that a filter takes, each with its number of chunks."""
        conditions, values = wanted.conditions()
        query = f"SELECT source, chunks FROM sources WHERE {' AND '.join(['state = ?', *conditions])} ORDER BY source"
        return dict(self._read(query, READY, *values))

    def has_documents(self) -> bool:
        return bool(self._read("SELECT 1 FROM sources WHERE state = ? LIMIT 1", READY))

    def pages(self, text_id: str) -> list[Page]:
        query = "SELECT number, text FROM pages WHERE text_id = ? ORDER BY position"
        return [Page(number, unpack(text)) for number, text in self._read(query, text_id)]

    def page_numbers(self, text_id: str) -> list[int | None]:
        return [row[0] for row in self._read("SELECT number FROM pages WHERE text_id = ? ORDER BY position", text_id)]

    def page(self, text_id: str, number: int | None) -> Page | None:
        rows = self._read("SELECT text FROM pages WHERE text_id = ? AND number IS ? ORDER BY position", text_id, number)
        return Page(number, unpack(rows[0][0])) if rows else None

    def hide(self, sources: Iterable[str]) -> None:
        """Leave these out of every answer, with all that is stored of them kept for `restore`."""
        with self.database.writing() as connection:
            values = (REMOVED, json.dumps(list(sources)))
            connection.execute(f"UPDATE sources SET state = ? WHERE source {GIVEN}", values)
            grow_generation(connection)

    def restore(self, sources: Iterable[str]) -> None:
        """Bring hidden sources back as they were: one that had been missing has no chunks."""
        has_chunks = "EXISTS (SELECT 1 FROM states WHERE source = sources.source AND state = 'live')"
        query = f"UPDATE sources SET state = iif({has_chunks}, ?, ?) WHERE source {GIVEN} AND state = ?"
        with self.database.writing() as connection:
            connection.execute(query, (READY, MISSING, json.dumps(list(sources)), REMOVED))
            grow_generation(connection)

    def read_again(self, sources: Iterable[str]) -> None:
        """Have the next ingest read these whether they have changed or not."""
        given = json.dumps(list(sources))
        with self.database.writing() as connection:
            connection.execute(f"UPDATE sources SET content_hash = '', stamp = 0 WHERE source {GIVEN}", (given,))
            connection.execute(f"DELETE FROM refusals WHERE source {GIVEN}", (given,))

    def note_stamps(self, stamps: Mapping[str, int]) -> None:
        """Note the new stamps of files whose content is the same, by source."""
        with self.database.writing() as connection:
            connection.executemany("UPDATE sources SET stamp = ?2 WHERE source = ?1", stamps.items())
            connection.execute(f"DELETE FROM refusals WHERE source {GIVEN}", (json.dumps(list(stamps)),))

    # Chunks

    def chunk_ids(self, *, state: str = LIVE, sources: Iterable[str] | None = None) -> set[str]:
        query, values = "SELECT id FROM states WHERE state = ?", [state]
        if sources is not None:
            query, values = f"{query} AND source {GIVEN}", [state, json.dumps(list(sources))]
        return {row[0] for row in self._read(query, *values)}

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """By id, in the order asked for; ids that are gone are left out. A hundred are read in a millisecond."""
        rows = dict(self._read(f"SELECT id, vector FROM vectors WHERE id {GIVEN}", json.dumps(ids)))
        return {one: np.frombuffer(rows[one], np.float32) for one in ids if one in rows}

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Chunk, Vectors]]:
        """Chunks and vectors by id, in the order asked for; ids that are gone are left out."""
        query = f"SELECT id, vector, chunks.* FROM vectors JOIN chunks USING (row) WHERE id {GIVEN}"
        rows = {
            one: (as_chunk(columns), np.frombuffer(vector, np.float32))
            for one, vector, _, *columns in self._read(query, json.dumps(ids))
        }
        return {one: rows[one] for one in ids if one in rows}

    def pictures(self, hashes: Sequence[str]) -> dict[str, Picture]:
        """Those that are there, by hash."""
        rows = self._read(f"SELECT * FROM pictures WHERE hash {GIVEN}", json.dumps(hashes))
        return {row[0]: Picture(*row) for row in rows}

    def signatures(self) -> dict[str, bytes]:
        """By hash of each picture; pictures that look the same have similar ones."""
        return dict(self._read("SELECT hash, signature FROM pictures"))

    # Failures

    def refusals(self, reader: str) -> dict[str, Refusal]:
        """The files that this reader could not read as they were, by source."""
        rows = self._read("SELECT * FROM refusals WHERE reader = ?", reader)
        return {row[0]: Refusal(*row[:3], *row[4:]) for row in rows}

    def note_refusals(self, refusals: Sequence[Refusal], *, reader: str, gone: Iterable[str] = ()) -> None:
        """Note these, and forget those of files that are gone."""
        rows = [(one.source, one.size, one.stamp, reader, one.status, one.reason) for one in refusals]
        with self.database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute(f"DELETE FROM refusals WHERE source {GIVEN}", (json.dumps(list(gone)),))

    def repairs(self) -> list[tuple[str, str]]:
        """Repairs after a process had been killed: when and what, the last first."""
        return self._read("SELECT at, what FROM repairs ORDER BY rowid DESC")

    def note_repair(self, what: str) -> None:
        with self.database.writing() as connection:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute("INSERT INTO repairs VALUES (?, ?)", (now, what))
            connection.execute(f"DELETE FROM repairs WHERE rowid <= (SELECT max(rowid) - {KEPT_REPAIRS} FROM repairs)")

    def _read(self, query: str, *values: object) -> list[Any]:
        with self.database.reading() as connection:
            return connection.execute(query, values).fetchall()


def read_state(connection: sqlite3.Connection) -> State:
    removed = "SELECT id FROM states WHERE source IN (SELECT source FROM sources WHERE state = ?)"
    return State(
        dict(connection.execute("SELECT name, value FROM facts")),
        frozenset(row[0] for row in connection.execute(UNSETTLED)),
        frozenset(row[0] for row in connection.execute(removed, (REMOVED,))),
    )


def grow_generation(connection: sqlite3.Connection) -> None:
    connection.execute(COUNT, (GENERATION, str(time.time_ns())))


def as_chunk(columns: Sequence[Any]) -> Chunk:
    source, title, page, start, end, text, headings, is_titled, picture = columns
    return Chunk(source, title, page, start, end, text, tuple(json.loads(headings)), bool(is_titled), picture)


def pack(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), level=6)


def unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")
