"""The steps that a change of the catalogue is made of, each within a transaction that is open."""

import sqlite3
import time
import zlib
from collections.abc import Sequence

from vectorstore.types import Page

ADDING, LIVE, REMOVING = "adding", "live", "removing"


def text_of(connection: sqlite3.Connection, source: str) -> str | None:
    row = connection.execute("SELECT text_id FROM sources WHERE source = ?", (source,)).fetchone()
    return row[0] if row else None


def drop_unused_pages(connection: sqlite3.Connection, text_id: str | None) -> None:
    query = "DELETE FROM pages WHERE text_id = ? AND NOT EXISTS (SELECT 1 FROM sources WHERE text_id = ?)"
    connection.execute(query, (text_id, text_id))


def store_pages(connection: sqlite3.Connection, text_id: str, pages: Sequence[Page]) -> None:
    rows = [(text_id, i, page.number, pack_text(page.text)) for i, page in enumerate(pages)]
    connection.executemany("INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?)", rows)


def retire_chunks(connection: sqlite3.Connection, source: str, *, keep_announced: bool) -> None:
    """Live chunks become `removing`, but for those announced again, which stay."""
    kept = "AND id NOT IN (SELECT id FROM chunks WHERE source = ? AND state = ?)"
    condition, values = (kept, (source, ADDING)) if keep_announced else ("", ())
    query = f"UPDATE OR REPLACE chunks SET state = ? WHERE source = ? AND state = ? {condition}"
    connection.execute(query, (REMOVING, source, LIVE, *values))


def grow_generation(connection: sqlite3.Connection) -> None:
    # From the clock at first, so that a collection that was deleted and made again is never taken for the old one.
    connection.execute(
        "INSERT INTO facts VALUES ('generation', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        (str(time.time_ns()),),
    )


def pack_text(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), level=6)


def unpack_text(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")
