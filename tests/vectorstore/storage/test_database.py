"""The file of a collection: kept connections, its version, and another file put in its place."""

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from vectorstore.errors import CollectionError, StorageError
from vectorstore.storage.database import FORMAT, Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    database.create()
    return database


def put(database: Database, name: str, value: str) -> None:
    with database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def facts(database: Database) -> dict[str, str]:
    with database.reading() as connection:
        return dict(connection.execute("SELECT name, value FROM facts WHERE name != 'changes'"))


def open_files(folder: Path) -> int:
    links = (os.path.realpath(link) for link in Path("/proc/self/fd").iterdir())
    return sum(target.startswith(str(folder)) for target in links)


def test_connections_are_kept_for_the_next_use_until_it_is_closed(database: Database, tmp_path: Path) -> None:
    put(database, "a", "1")
    with ThreadPoolExecutor(4) as pool:
        assert all(found == {"a": "1"} for found in pool.map(lambda _: facts(database), range(40)))
    assert 1 <= open_files(tmp_path) <= 4
    database.close()
    assert open_files(tmp_path) == 0
    assert facts(database) == {"a": "1"}


def test_a_change_that_fails_leaves_nothing_of_its_transaction(database: Database) -> None:
    put(database, "a", "1")

    def delete_and_fail() -> None:
        with database.writing() as connection:
            connection.execute("DELETE FROM facts")
            connection.execute("DELETE FROM nothing")

    with pytest.raises(StorageError):
        delete_and_fail()
    assert facts(database) == {"a": "1"}


def test_who_waits_to_write_while_another_file_is_put_in_place_writes_to_that(database: Database) -> None:
    (database.folder / "built-1").mkdir()
    built = Database(database.folder / "built-1")
    built.create()
    waiting = threading.Thread(target=put, args=(database, "waited", "1"))
    with database.writing() as connection:
        connection.execute("INSERT INTO facts VALUES ('old', '1')")
        waiting.start()
        time.sleep(0.1)
        database.switch_to("built-1")
    waiting.join()
    assert facts(database) == facts(built) == {"waited": "1"}
    assert {path.name for path in database.unused()} == {"collection.sqlite3"}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on, where there are threads
def test_a_process_that_forked_opens_connections_of_its_own(database: Database) -> None:
    put(database, "a", "1")
    child = os.fork()
    if not child:
        put(database, "b", "2")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    put(database, "c", "3")
    assert facts(database) == {"a": "1", "b": "2", "c": "3"}


def test_a_newer_version_is_refused_in_words(database: Database, tmp_path: Path) -> None:
    database.close()
    with closing(sqlite3.connect(database.path)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(CollectionError) as raised:
        facts(database)
    assert raised.value.message == (
        f"the collection in {tmp_path} is of format {FORMAT + 1}, and this version reads up to {FORMAT}"
    )
    assert raised.value.hint == "pip install --upgrade rag-app"
