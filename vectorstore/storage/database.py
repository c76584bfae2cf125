"""Opens the one SQLite file of a collection: its place, schema, version, connections and write lock.

The collection's folder holds it until a rebuild has made another in a folder below; the file `current` then names that.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from vectorstore.errors import CollectionError, translated_storage_errors

FORMAT = 3
FILE, CURRENT, BUILT = "collection.sqlite3", "current", "built-"
OF_FORMAT_1 = "catalogue.sqlite3"
# In the folder of the file; the last three are of format 1.
INDEXES = ("chroma", "lexical")
LEFT_OF_FORMAT_1 = (OF_FORMAT_1, "chunks", "pictures")
WAIT_S = 30.0
CACHE_KB = 16_000
# A question reads hundreds of vectors and few texts: the two apart, more vectors lie together. The ids are hashes, in
# no order: apart from both, their index stays small enough for memory.
SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    source TEXT PRIMARY KEY, title TEXT NOT NULL, is_titled INTEGER NOT NULL, kind TEXT NOT NULL, text_id TEXT NOT NULL,
    content_hash TEXT NOT NULL, size INTEGER NOT NULL, stamp INTEGER NOT NULL,
    chunks INTEGER NOT NULL, state TEXT NOT NULL, ingested_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sources_by_text ON sources (text_id);
CREATE TABLE pages (
    text_id TEXT NOT NULL, position INTEGER NOT NULL, number INTEGER, text BLOB NOT NULL,
    PRIMARY KEY (text_id, position)) WITHOUT ROWID;
CREATE TABLE states (
    source TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (source, id, state)) WITHOUT ROWID;
CREATE INDEX states_to_settle ON states (state) WHERE state != 'live';
CREATE TABLE vectors (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, page INTEGER, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, text TEXT NOT NULL, headings TEXT NOT NULL, is_titled INTEGER NOT NULL,
    picture TEXT NOT NULL);
CREATE INDEX chunks_by_picture ON chunks (picture) WHERE picture != '';
CREATE TABLE pictures (
    hash TEXT PRIMARY KEY, data BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    signature BLOB NOT NULL);
CREATE TABLE refusals (
    source TEXT PRIMARY KEY, size INTEGER NOT NULL, stamp INTEGER NOT NULL, reader TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE repairs (at TEXT NOT NULL, what TEXT NOT NULL);
PRAGMA user_version = {FORMAT};
"""
# Format 2 had times of files where their stamps are now. None is like a stamp: each file is hashed once, and not read.
FROM_FORMAT_2 = f"""
ALTER TABLE sources RENAME COLUMN mtime_ns TO stamp;
ALTER TABLE refusals RENAME COLUMN mtime_ns TO stamp;
PRAGMA user_version = {FORMAT};
"""
# From the clock at first, so that a collection that was deleted and made again never counts as the old one.
COUNT = "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
CHANGES, GENERATION = "changes", "generation"
# Process, device, file, and whether it can be written to: a disk may be mounted otherwise while this runs.
Identity = tuple[int, int, int, bool]


class Database:
    """Kept connections to the file: as many as threads use it at once, each with the pages that it has read.

    Not in WAL mode: there even a reader writes, which on a full or read-only disk it cannot.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: list[tuple[Identity, sqlite3.Connection]] = []

    @property
    def place(self) -> Path:
        """The folder of the file and the indexes."""
        try:
            # Bytes that are no text name no folder, which is an error in words where the file is opened.
            return self.folder / (self.folder / CURRENT).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return self.folder

    @property
    def path(self) -> Path:
        return self.place / FILE

    def create(self) -> None:
        """Make the file if there is none."""
        with translated_storage_errors(self.folder):
            if not (path := self.path).exists():
                connect(path, may_create=True).close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Each statement reads the last finished change."""
        with translated_storage_errors(self.folder):
            identity, connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._kept.append((identity, connection))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which counts as a change. The first one upgrades the file: whoever only reads it, such as
        from a full or read-only disk, finds all columns where they were."""
        while True:
            identity = self._identify()
            with self.reading() as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                # While this waited for its turn a rebuild may have put another file in place.
                if self._identify() == identity:
                    if read_version(connection) < FORMAT:
                        run(connection, FROM_FORMAT_2)
                    yield connection
                    connection.execute(COUNT, (CHANGES, str(time.time_ns())))
                    return

    def _take(self) -> tuple[Identity, sqlite3.Connection]:
        """A kept connection to the file that is there now, or a new one."""
        identity = self._identify()
        with suppress(IndexError):  # none is kept, or another thread took the last
            while True:
                kept, connection = self._kept.pop()
                if kept == identity:
                    return kept, connection
                close(kept, connection)
        return identity, connect(self.path)

    def _identify(self) -> Identity:
        path = self.path
        with translated_storage_errors(self.folder):
            found = path.stat()
        return os.getpid(), found.st_dev, found.st_ino, os.access(path, os.W_OK)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        kept, self._kept = self._kept, []
        for identity, connection in kept:
            close(identity, connection)

    def switch_to(self, name: str) -> None:
        """Have everyone use the file and the indexes of another folder below, from one moment to the next."""
        draft = self.folder / f"{CURRENT}.new"
        with draft.open("w", encoding="utf-8") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(draft, self.folder / CURRENT)

    def unused(self) -> list[Path]:
        """The files and folders of format 1, and of rebuilds that were replaced or never finished."""
        place = self.place
        unused = [folder for folder in self.folder.glob(f"{BUILT}*") if folder != place]
        old = [place / name for name in LEFT_OF_FORMAT_1]
        if place != self.folder:
            old += [self.folder / name for name in (FILE, *INDEXES, *LEFT_OF_FORMAT_1)]
        return unused + [path for path in dict.fromkeys(old) if path.exists()]


OF_PARENT: list[sqlite3.Connection] = []


def close(identity: Identity, connection: sqlite3.Connection) -> None:
    if identity[0] == os.getpid():
        connection.close()
    else:  # SQLite lets nobody close a connection that was opened before a fork
        OF_PARENT.append(connection)


@contextmanager
def write_lock(folder: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the one process that may write; `on_wait` is called first where another holds it."""
    lock = FileLock(folder / "write.lock")
    try:
        held = lock.acquire(timeout=0.2)
    except Timeout:
        on_wait()
        held = lock.acquire()
    with held:
        yield


def connect(path: Path, *, may_create: bool = False) -> sqlite3.Connection:
    """Raises CollectionError for the file of a newer version of this software."""
    uri = f"{path.resolve().as_uri()}?mode={'rwc' if may_create else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=WAIT_S, check_same_thread=False, isolation_level=None)
    try:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        if read_version(connection) == 0:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                if read_version(connection) == 0:  # no other has made the tables meanwhile
                    run(connection, SCHEMA)
                    connection.execute(COUNT, (CHANGES, str(time.time_ns())))
        if (version := read_version(connection)) > FORMAT:
            raise CollectionError(
                f"the collection in {path.parent} is of format {version}, and this version reads up to {FORMAT}",
                "pip install --upgrade rag-app",
            )
    except BaseException:
        connection.close()
        raise
    return connection


def run(connection: sqlite3.Connection, statements: str) -> None:
    """In the transaction under way, which `executescript` would end."""
    for statement in statements.split(";"):
        connection.execute(statement)


def read_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def put_in_place(draft: Path, path: Path) -> None:
    """Give a file its name, for good: the one that it replaces may be removed after this."""
    draft.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(paths: Sequence[Path]) -> None:
    """Files that a reader still holds stay; the next writer tries again."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
