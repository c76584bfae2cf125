"""Keeps the sources of a collection, the text of their pages and the states of their chunks, in SQL.

A chunk is `adding` before it is written to the indexes, `live` once they have it, and `removing` until they have lost
it, so that whatever a killed process left behind is known and can be removed.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vectorstore.filters import SourceFilter
from vectorstore.storage.chunk_table import drop_chunks, put_pictures
from vectorstore.storage.database import CHANGES, COUNT, GENERATION, Database
from vectorstore.types import MISSING, READY, REMOVED, IngestedSource, Page, Refusal, SourceRecord

ADDING, LIVE, REMOVING = "adding", "live", "removing"
KEPT_REPAIRS = 20
SOURCE_COLUMNS = ", ".join(SourceRecord.__slots__)
SOURCE_PLACES = ", ".join("?" for _ in SourceRecord.__slots__)
UNSETTLED = (
    "SELECT id FROM states AS one WHERE state != 'live' AND NOT EXISTS "
    "(SELECT 1 FROM states WHERE source = one.source AND id = one.id AND state = 'live')"
)


@dataclass(frozen=True, slots=True)
class State:
    """A collection between two changes: its facts, and the ids that the indexes have and nobody may find."""

    facts: Mapping[str, str]
    unsettled: frozenset[str]
    removed: frozenset[str]
    scopes: dict[SourceFilter, dict[str, int]] = field(default_factory=dict)

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

    @property
    def path(self) -> Path:
        return self.database.path

    def state(self) -> State:
        """As it is now; the same object until something changes."""
        with self.database.reading() as connection:
            (changes,) = connection.execute("SELECT value FROM facts WHERE name = ?", (CHANGES,)).fetchone()
            known = self._state
            if known is None or known.facts[CHANGES] != changes:
                with connection:
                    connection.execute("BEGIN")
                    self._state = known = read_state(connection)
        return known

    def facts(self) -> Mapping[str, str]:
        return self.state().facts

    def set_facts(self, **facts: str) -> None:
        with self.database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def generation(self) -> int:
        """A number that grows with every change of what can be found."""
        return self.state().generation

    def give_way_to(self, built: "Catalogue", **facts: str) -> None:
        """Have everyone use a rebuilt collection from now on; what was removed meanwhile stays removed."""
        with self.database.writing() as old:  # who waits to write goes on in the new file
            removed = old.execute("SELECT source FROM sources WHERE state = ?", (REMOVED,)).fetchall()
            known = dict(old.execute("SELECT name, value FROM facts WHERE name != ?", (CHANGES,)))
            repairs = old.execute("SELECT at, what FROM repairs ORDER BY rowid").fetchall()
            with built.database.writing() as new:
                hidden = [(REMOVED, *row) for row in removed]
                new.executemany("UPDATE sources SET state = ? WHERE source = ?", hidden)
                new.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", known.items())
                new.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
                new.executemany("INSERT INTO repairs VALUES (?, ?)", repairs)
                grow_generation(new)
            self.database.switch_to(built.database.folder.name)

    # Sources and pages

    def source(self, source: str) -> SourceRecord | None:
        rows = self._read(f"SELECT {SOURCE_COLUMNS} FROM sources WHERE source = ?", source)
        return SourceRecord(*rows[0]) if rows else None

    def sources(self) -> list[SourceRecord]:
        return [SourceRecord(*row) for row in self._read(f"SELECT {SOURCE_COLUMNS} FROM sources ORDER BY source")]

    def matching(self, wanted: SourceFilter) -> dict[str, int]:
        """The sources that can be found and that a filter takes, each with its number of chunks."""
        scopes = self.state().scopes
        if wanted not in scopes:
            condition, values = wanted.condition()
            query = f"SELECT source, chunks FROM sources WHERE state = ? AND {condition} ORDER BY source"
            scopes[wanted] = dict(self._read(query, READY, *values))
        return scopes[wanted]

    def count_findable(self) -> int:
        """How many chunks the sources have that can be found."""
        return sum(self.matching(SourceFilter()).values())

    def has_documents(self) -> bool:
        return bool(self._read("SELECT 1 FROM sources WHERE state = ? LIMIT 1", READY))

    def pages(self, text_id: str) -> list[Page]:
        query = "SELECT number, text FROM pages WHERE text_id = ? ORDER BY position"
        return [Page(number, unpack_text(text)) for number, text in self._read(query, text_id)]

    def page_numbers(self, text_id: str) -> list[int | None]:
        return [row[0] for row in self._read("SELECT number FROM pages WHERE text_id = ? ORDER BY position", text_id)]

    def page(self, text_id: str, number: int | None) -> Page | None:
        rows = self._read("SELECT text FROM pages WHERE text_id = ? AND number IS ? ORDER BY position", text_id, number)
        return Page(number, unpack_text(rows[0][0])) if rows else None

    def swap(self, records: Sequence[SourceRecord], pages: Mapping[str, Sequence[Page]]) -> None:
        """Make the announced chunks of these sources live, and what they had before ready to be removed."""
        with self.database.writing() as connection:
            for record in records:
                text_before = text_of(connection, record.source)
                store_pages(connection, record.text_id, pages.get(record.text_id, ()))
                retire_chunks(connection, record.source)
                promote = "UPDATE OR REPLACE states SET state = ? WHERE source = ? AND state = ?"
                connection.execute(promote, (LIVE, record.source, ADDING))
                values = tuple(getattr(record, name) for name in SourceRecord.__slots__)
                connection.execute(f"INSERT OR REPLACE INTO sources VALUES ({SOURCE_PLACES})", values)
                drop_unused_pages(connection, text_before)
            grow_generation(connection)

    def retire(self, sources: Iterable[str], *, forget: bool) -> None:
        """Take all chunks of these sources out of use; `forget` drops the sources themselves too."""
        with self.database.writing() as connection:
            for source in sources:
                retire_chunks(connection, source)
                if forget:
                    text_before = text_of(connection, source)
                    connection.execute("DELETE FROM sources WHERE source = ?", (source,))
                    drop_unused_pages(connection, text_before)
                else:
                    connection.execute("UPDATE sources SET state = ? WHERE source = ?", (MISSING, source))
            grow_generation(connection)

    def hide(self, sources: Iterable[str]) -> None:
        """Leave these out of every answer from now on, with all that is stored of them kept for `restore`."""
        with self.database.writing() as connection:
            query = "UPDATE sources SET state = ? WHERE source = ?"
            connection.executemany(query, [(REMOVED, source) for source in sources])
            grow_generation(connection)

    def restore(self, sources: Iterable[str]) -> None:
        """Bring back what was hidden, as it was: one that had been missing has no chunks."""
        has_chunks = "EXISTS (SELECT 1 FROM states WHERE source = sources.source AND state = 'live')"
        query = f"UPDATE sources SET state = iif({has_chunks}, ?, ?) WHERE source = ? AND state = ?"
        with self.database.writing() as connection:
            connection.executemany(query, [(READY, MISSING, source, REMOVED) for source in sources])
            grow_generation(connection)

    def read_anew(self, sources: Iterable[str]) -> None:
        """Have the next ingest read these whether they have changed or not."""
        rows = [(source,) for source in sources]
        with self.database.writing() as connection:
            connection.executemany("UPDATE sources SET content_hash = '', mtime_ns = 0 WHERE source = ?", rows)
            connection.executemany("DELETE FROM refusals WHERE source = ?", rows)

    def touch(self, source: str, *, size: int, mtime_ns: int) -> None:
        """Note the new size and time of a file whose content is what it was."""
        with self.database.writing() as connection:
            query = "UPDATE sources SET size = ?, mtime_ns = ? WHERE source = ?"
            connection.execute(query, (size, mtime_ns, source))

    # Chunks

    def chunk_ids(self, *, state: str = LIVE, sources: Iterable[str] | None = None) -> set[str]:
        if sources is None:
            return {row[0] for row in self._read("SELECT id FROM states WHERE state = ?", state)}
        query = "SELECT id FROM states WHERE source = ? AND state = ?"
        return {row[0] for source in sources for row in self._read(query, source, state)}

    def chunk_ids_of(self, sources: Iterable[str]) -> list[str]:
        return sorted(self.chunk_ids(sources=sources))

    def removed_ids(self) -> frozenset[str]:
        """Chunks of sources that were removed and can still be restored."""
        return self.state().removed

    def hidden_ids(self) -> frozenset[str]:
        """Chunks that the indexes have and nobody may find: what is being written, and what was removed."""
        return self.state().hidden

    def announce(self, batch: Sequence[IngestedSource]) -> None:
        """Note the chunks that are about to be written to the indexes, and keep the pictures that they name."""
        rows = [(item.record.source, chunk.id, ADDING) for item in batch for chunk in item.chunks]
        with self.database.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO states VALUES (?, ?, ?)", rows)
            for item in batch:
                put_pictures(connection, [item.pictures[chunk.picture] for chunk in item.chunks if chunk.picture])

    def settle(self) -> None:
        """Drop the chunks that the indexes have lost.

        A source whose chunks were announced and never finished is to be read again even if it is as it was: the chunks
        that it shares with the unfinished version may have got another title, headings or vector.
        """
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE sources SET content_hash = '', mtime_ns = 0 "
                "WHERE source IN (SELECT source FROM states WHERE state = ?)",
                (ADDING,),
            )
            drop_chunks(connection, UNSETTLED)
            if connection.execute("DELETE FROM states WHERE state != ?", (LIVE,)).rowcount:
                grow_generation(connection)

    # What went wrong

    def refusals(self, reader: str) -> dict[str, Refusal]:
        """The files that this reader could not read as they were, by source."""
        rows = self._read("SELECT source, size, mtime_ns, status, reason FROM refusals WHERE reader = ?", reader)
        return {row[0]: Refusal(*row) for row in rows}

    def note_refusals(self, refusals: Sequence[Refusal], *, reader: str) -> None:
        rows = [(one.source, one.size, one.mtime_ns, reader, one.status, one.reason) for one in refusals]
        with self.database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?, ?)", rows)

    def repairs(self) -> list[tuple[str, str]]:
        """What was repaired after a process had been killed: when and what, the last first."""
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


def text_of(connection: sqlite3.Connection, source: str) -> str | None:
    row = connection.execute("SELECT text_id FROM sources WHERE source = ?", (source,)).fetchone()
    return row[0] if row else None


def store_pages(connection: sqlite3.Connection, text_id: str, pages: Sequence[Page]) -> None:
    rows = [(text_id, i, page.number, pack_text(page.text)) for i, page in enumerate(pages)]
    connection.executemany("INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?)", rows)


def drop_unused_pages(connection: sqlite3.Connection, text_id: str | None) -> None:
    query = "DELETE FROM pages WHERE text_id = ? AND NOT EXISTS (SELECT 1 FROM sources WHERE text_id = ?)"
    connection.execute(query, (text_id, text_id))


def retire_chunks(connection: sqlite3.Connection, source: str) -> None:
    """Live chunks become `removing`, but for those announced again, which stay."""
    query = (
        "UPDATE OR REPLACE states SET state = ? WHERE source = ? AND state = ? "
        "AND id NOT IN (SELECT id FROM states WHERE source = ? AND state = ?)"
    )
    connection.execute(query, (REMOVING, source, LIVE, source, ADDING))


def grow_generation(connection: sqlite3.Connection) -> None:
    connection.execute(COUNT, (GENERATION, str(time.time_ns())))


def pack_text(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), level=6)


def unpack_text(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")
