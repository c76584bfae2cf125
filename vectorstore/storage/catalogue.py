"""What a collection holds, in SQLite: its sources, the text of their pages, and which chunks are theirs.

The catalogue is the truth that Chroma and the lexical index are kept in step with. A chunk is `adding` before it is
written to the two, `live` once both have it, and `removing` until both have lost it, so that whatever a killed process
left behind can be told and mended.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from vectorstore.filters import SourceFilter
from vectorstore.storage.catalogue_steps import (
    ADDING,
    LIVE,
    REMOVING,
    drop_unused_pages,
    grow_generation,
    retire_chunks,
    store_pages,
    text_of,
    unpack_text,
)
from vectorstore.storage.remembered import Remembered
from vectorstore.storage.storage_errors import translated_storage_errors
from vectorstore.types import MISSING, READY, REMOVED, Page, Refusal, SourceRecord

SCHEMA = """
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
KEPT_REPAIRS = 20
SOURCE_COLUMNS = ", ".join(SourceRecord.__slots__)
SOURCE_PLACES = ", ".join("?" for _ in SourceRecord.__slots__)


class Catalogue:
    """One SQLite file. Each call is one transaction; reads see the last one that was finished."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._remembered = Remembered(path)  # every search asks what seldom changes
        # Not in WAL mode: there even a reader writes, which on a full or read-only disk it cannot.
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                # All tables or none, whoever looks at the same moment or is killed.
                connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # A connection a call: threads share no state, and opening one takes 0.1 ms.
        with translated_storage_errors(self.path.parent):
            connection = sqlite3.connect(self.path, timeout=30)
            try:
                with connection:
                    yield connection
            finally:
                connection.close()

    def facts(self) -> Mapping[str, str]:
        return self._remembered.get("facts", self._read_facts)

    def _read_facts(self) -> Mapping[str, str]:
        with self._connect() as connection:
            return MappingProxyType(dict(connection.execute("SELECT name, value FROM facts")))

    def set_facts(self, **facts: str) -> None:
        with self._connect() as connection:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def generation(self) -> int:
        """A number that grows with every finished change."""
        return int(self.facts().get("generation", 0))

    def adopt(self, other: Path, **facts: str) -> None:
        """Take over all that another catalogue holds in place of what is here, and set these facts, in one step."""
        with self._connect() as connection:
            connection.execute("ATTACH DATABASE ? AS other", (str(other),))
            removed = connection.execute("SELECT source FROM sources WHERE state = ?", (REMOVED,)).fetchall()
            for table in ("sources", "pages", "chunks", "refusals"):
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"INSERT INTO {table} SELECT * FROM other.{table}")
            # What was removed while the other was made stays so.
            connection.executemany(
                "UPDATE sources SET state = ? WHERE source = ?", [(REMOVED, *row) for row in removed]
            )
            connection.execute("INSERT OR REPLACE INTO facts SELECT * FROM other.facts WHERE name != 'generation'")
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
            grow_generation(connection)

    def source(self, source: str) -> SourceRecord | None:
        with self._connect() as connection:
            query = f"SELECT {SOURCE_COLUMNS} FROM sources WHERE source = ?"
            row = connection.execute(query, (source,)).fetchone()
        return SourceRecord(*row) if row else None

    def sources(self) -> list[SourceRecord]:
        with self._connect() as connection:
            rows = connection.execute(f"SELECT {SOURCE_COLUMNS} FROM sources ORDER BY source").fetchall()
        return [SourceRecord(*row) for row in rows]

    def matching(self, wanted: SourceFilter) -> dict[str, int]:
        """The sources that can be found and that a filter takes, each with its number of chunks."""
        condition, values = wanted.condition()
        with self._connect() as connection:
            query = f"SELECT source, chunks FROM sources WHERE state = ? AND {condition} ORDER BY source"
            return dict(connection.execute(query, (READY, *values)))

    def count_findable(self) -> int:
        """How many chunks the sources have that can be found."""
        return sum(self.matching(SourceFilter()).values())

    def chunk_ids_of(self, sources: Iterable[str]) -> list[str]:
        """The ids of the live chunks of these sources."""
        with self._connect() as connection:
            query = "SELECT id FROM chunks WHERE source = ? AND state = ?"
            return [row[0] for source in sources for row in connection.execute(query, (source, LIVE))]

    def has_documents(self) -> bool:
        """Whether any source can be found."""
        with self._connect() as connection:
            return connection.execute("SELECT 1 FROM sources WHERE state = ? LIMIT 1", (READY,)).fetchone() is not None

    def pages(self, text_id: str) -> list[Page]:
        with self._connect() as connection:
            query = "SELECT number, text FROM pages WHERE text_id = ? ORDER BY position"
            rows = connection.execute(query, (text_id,)).fetchall()
        return [Page(number, unpack_text(text)) for number, text in rows]

    def page_numbers(self, text_id: str) -> list[int | None]:
        with self._connect() as connection:
            query = "SELECT number FROM pages WHERE text_id = ? ORDER BY position"
            return [row[0] for row in connection.execute(query, (text_id,))]

    def page(self, text_id: str, number: int | None) -> Page | None:
        with self._connect() as connection:
            query = "SELECT text FROM pages WHERE text_id = ? AND number IS ? ORDER BY position"
            row = connection.execute(query, (text_id, number)).fetchone()
        return Page(number, unpack_text(row[0])) if row else None

    def chunk_ids(self, *, state: str = LIVE, sources: Iterable[str] | None = None) -> set[str]:
        with self._connect() as connection:
            if sources is None:
                rows = connection.execute("SELECT id FROM chunks WHERE state = ?", (state,)).fetchall()
                return {row[0] for row in rows}
            query = "SELECT id FROM chunks WHERE source = ? AND state = ?"
            return {row[0] for source in sources for row in connection.execute(query, (source, state))}

    def refusals(self, reader: str) -> dict[str, Refusal]:
        """The files that this reader could not read as they were, by source."""
        with self._connect() as connection:
            query = "SELECT source, size, mtime_ns, status, reason FROM refusals WHERE reader = ?"
            return {row[0]: Refusal(*row) for row in connection.execute(query, (reader,))}

    def note_refusals(self, refusals: Sequence[Refusal], *, reader: str) -> None:
        rows = [(one.source, one.size, one.mtime_ns, reader, one.status, one.reason) for one in refusals]
        with self._connect() as connection:
            connection.executemany("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?, ?)", rows)

    def unsettled_ids(self) -> frozenset[str]:
        """Chunks that are not yet live, or no longer."""
        return self._remembered.get("unsettled", self._read_unsettled_ids)

    def _read_unsettled_ids(self) -> frozenset[str]:
        query = (
            "SELECT id FROM chunks AS one WHERE state != 'live' AND NOT EXISTS "
            "(SELECT 1 FROM chunks WHERE source = one.source AND id = one.id AND state = 'live')"
        )
        with self._connect() as connection:
            return frozenset(row[0] for row in connection.execute(query))

    def removed_ids(self) -> frozenset[str]:
        """Chunks of sources that were removed and can still be restored."""
        return self._remembered.get("removed", self._read_removed_ids)

    def _read_removed_ids(self) -> frozenset[str]:
        query = "SELECT id FROM chunks WHERE source IN (SELECT source FROM sources WHERE state = ?)"
        with self._connect() as connection:
            return frozenset(row[0] for row in connection.execute(query, (REMOVED,)))

    def hidden_ids(self) -> frozenset[str]:
        """Chunks that the indexes have and nobody may find: what is being written, and what was removed."""
        return self.unsettled_ids() | self.removed_ids()

    def announce(self, chunk_ids: dict[str, Sequence[str]]) -> None:
        """Note, by source, the chunks that are about to be written to the indexes."""
        rows = [(source, chunk_id, ADDING) for source, ids in chunk_ids.items() for chunk_id in ids]
        with self._connect() as connection:
            connection.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?, ?)", rows)

    def repairs(self) -> list[tuple[str, str]]:
        """What was mended after a process had ended in mid-work: when and what, the last first."""
        with self._connect() as connection:
            return connection.execute("SELECT at, what FROM repairs ORDER BY rowid DESC").fetchall()

    def note_repair(self, what: str) -> None:
        with self._connect() as connection:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute("INSERT INTO repairs VALUES (?, ?)", (now, what))
            connection.execute(f"DELETE FROM repairs WHERE rowid <= (SELECT max(rowid) - {KEPT_REPAIRS} FROM repairs)")

    def swap(self, records: Sequence[SourceRecord], pages: dict[str, Sequence[Page]]) -> None:
        """Make the announced chunks of these sources live, and what they had before ready to be removed."""
        with self._connect() as connection:
            for record in records:
                text_before = text_of(connection, record.source)
                if record.text_id in pages:
                    store_pages(connection, record.text_id, pages[record.text_id])
                retire_chunks(connection, record.source, keep_announced=True)
                promote = "UPDATE OR REPLACE chunks SET state = ? WHERE source = ? AND state = ?"
                connection.execute(promote, (LIVE, record.source, ADDING))
                values = tuple(getattr(record, name) for name in SourceRecord.__slots__)
                connection.execute(f"INSERT OR REPLACE INTO sources VALUES ({SOURCE_PLACES})", values)
                drop_unused_pages(connection, text_before)
            grow_generation(connection)

    def retire(self, sources: Iterable[str], *, forget: bool) -> None:
        """Take all chunks of these sources out of use; `forget` drops the sources themselves too."""
        with self._connect() as connection:
            for source in sources:
                retire_chunks(connection, source, keep_announced=False)
                if forget:
                    text_before = text_of(connection, source)
                    connection.execute("DELETE FROM sources WHERE source = ?", (source,))
                    drop_unused_pages(connection, text_before)
                else:
                    connection.execute(
                        "UPDATE sources SET state = ? WHERE source = ?",
                        (MISSING, source),
                    )
            grow_generation(connection)

    def hide(self, sources: Iterable[str]) -> None:
        """Leave these out of every answer from now on, with all that is stored of them kept for `restore`."""
        with self._connect() as connection:
            query = "UPDATE sources SET state = ? WHERE source = ?"
            connection.executemany(query, [(REMOVED, source) for source in sources])
            grow_generation(connection)

    def restore(self, sources: Iterable[str]) -> None:
        """Bring back what was hidden, as it was: one that had been missing has no chunks."""
        has_chunks = "EXISTS (SELECT 1 FROM chunks WHERE source = sources.source AND state = 'live')"
        query = f"UPDATE sources SET state = iif({has_chunks}, ?, ?) WHERE source = ? AND state = ?"
        with self._connect() as connection:
            connection.executemany(query, [(READY, MISSING, source, REMOVED) for source in sources])
            grow_generation(connection)

    def read_anew(self, sources: Iterable[str]) -> None:
        """Have the next ingest read these whether they have changed or not."""
        with self._connect() as connection:
            for source in sources:
                connection.execute("UPDATE sources SET content_hash = '', mtime_ns = 0 WHERE source = ?", (source,))
                connection.execute("DELETE FROM refusals WHERE source = ?", (source,))

    def touch(self, source: str, *, size: int, mtime_ns: int) -> None:
        """Note the new size and time of a file whose content is what it was."""
        with self._connect() as connection:
            query = "UPDATE sources SET size = ?, mtime_ns = ? WHERE source = ?"
            connection.execute(query, (size, mtime_ns, source))

    def settle(self, *, announced: bool) -> None:
        """Forget the chunks that the indexes have lost, and those only announced too where asked.

        A source whose chunks were announced and never finished is to be read again even if it is as it was: the chunks
        that it shares with the unfinished version may have got another title, headings or vector.
        """
        states = (REMOVING, ADDING) if announced else (REMOVING, REMOVING)
        with self._connect() as connection:
            if announced:
                connection.execute(
                    "UPDATE sources SET content_hash = '', mtime_ns = 0 "
                    "WHERE source IN (SELECT source FROM chunks WHERE state = ?)",
                    (ADDING,),
                )
            gone = connection.execute("DELETE FROM chunks WHERE state IN (?, ?)", states).rowcount
            if gone:
                grow_generation(connection)
