"""Caches vectors on disk by model and text, so that no text is embedded twice by one model."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from vectorstore.embeddings.model import Vectors

SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used);
"""
DAY_S = 86_400
# The share that is dropped when the bound is passed, the longest unused first: less would mean dropping at every run.
DROPPED_SHARE = 0.2
WAIT_S = 5.0


class VectorCache:
    """A file of at most about `max_bytes`, shared by all processes and collections.

    It is only a cache: where its file cannot be read or written, nothing is found in it and nothing kept.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.path, self._max_bytes = path, max_bytes

    def find(self, model: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """The cached vectors, by text."""
        found: dict[str, Vectors] = {}
        today = int(time.time()) // DAY_S
        with suppress(sqlite3.Error, OSError), self._open() as connection:
            for text in texts:
                key = cache_key(model, text)
                row = connection.execute("SELECT vector, used FROM vectors WHERE key = ?", (key,)).fetchone()
                if row is None:
                    continue
                found[text] = np.frombuffer(row[0], dtype=np.float32)
                if row[1] != today:
                    connection.execute("UPDATE vectors SET used = ? WHERE key = ?", (today, key))
        return found

    def keep(self, model: str, texts: Sequence[str], vectors: Vectors) -> None:
        today = int(time.time()) // DAY_S
        rows = [
            (cache_key(model, text), np.asarray(vector, dtype=np.float32).tobytes(), today)
            for text, vector in zip(texts, vectors, strict=True)
        ]
        with suppress(sqlite3.Error, OSError), self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            self._drop_oldest(connection)

    def _drop_oldest(self, connection: sqlite3.Connection) -> None:
        size, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count"))
        if size * pages <= self._max_bytes:
            return
        count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        oldest = "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?)"
        connection.execute(oldest, (int(count * DROPPED_SHARE) + 1,))
        connection.commit()
        connection.execute("PRAGMA incremental_vacuum").fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._max_bytes <= 0:
            raise sqlite3.OperationalError("no cache is wanted")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT_S)) as connection, connection:
                connection.executescript(SCHEMA)
                yield connection
        except sqlite3.OperationalError:
            raise  # busy or full: the next use may go better
        except sqlite3.DatabaseError:
            self.path.unlink(missing_ok=True)  # no database, or a damaged one: the next use makes another
            raise


def cache_key(model: str, text: str) -> bytes:
    return hashlib.sha256(f"{model}\n{text}".encode("utf-8", "surrogatepass")).digest()
