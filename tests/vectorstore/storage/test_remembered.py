"""What is remembered of a SQLite file is what a fresh reading would give, whoever has written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore.storage.remembered import COUNTER_AT, Remembered


class Table:
    """A file of one number, written and read by connections of their own, as other processes do."""

    def __init__(self, path: Path) -> None:
        self.path, self.readings = path, 0
        self.execute("CREATE TABLE numbers (number INTEGER)")
        self.execute("INSERT INTO numbers VALUES (0)")

    def execute(self, statement: str) -> list[tuple[int]]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def read(self) -> int:
        self.readings += 1
        return self.execute("SELECT number FROM numbers")[0][0]


@given(changes=st.lists(st.integers(0, 3) | st.none(), max_size=12))
def test_it_is_as_a_fresh_reading_and_read_anew_only_after_a_change(
    changes: list[int | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = Table(tmp_path_factory.mktemp("remembered") / "numbers.sqlite3")
    remembered = Remembered(table.path)
    assert remembered.get("number", table.read) == 0
    for change in changes:
        before = table.readings
        if change is not None:
            table.execute(f"UPDATE numbers SET number = {change}")
        assert remembered.get("number", table.read) == table.execute("SELECT number FROM numbers")[0][0]
        assert table.readings - before <= (change is not None)


def test_a_file_that_takes_its_place_is_read_anew(tmp_path: Path) -> None:
    table, other = Table(tmp_path / "one"), Table(tmp_path / "other")
    other.execute("UPDATE numbers SET number = 7")
    table.execute("UPDATE numbers SET number = 5")  # as often changed as the other
    remembered = Remembered(table.path)
    assert remembered.get("number", table.read) == 5
    other.path.replace(table.path)
    assert remembered.get("number", table.read) == 7


def test_nothing_is_remembered_of_what_changes_while_it_is_read(tmp_path: Path) -> None:
    table = Table(tmp_path / "numbers")
    remembered = Remembered(table.path)

    def read_while_a_killed_writers_count_is_taken_back() -> int:
        counted = table.path.read_bytes()[COUNTER_AT : COUNTER_AT + 4]
        with table.path.open("r+b") as file:
            file.seek(COUNTER_AT)
            file.write((int.from_bytes(counted) - 1).to_bytes(4))
        return 0

    remembered.get("number", read_while_a_killed_writers_count_is_taken_back)
    table.execute("UPDATE numbers SET number = 9")  # counts as the killed one had
    assert remembered.get("number", table.read) == 9
