"""What several processes on one collection can rely on: changes are seen by all, writers take turns."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vectorstore.opened import open_again
from tests.vectorstore.texts import found_texts, put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.storage.store import Store

ROOT = Path(__file__).parents[3]
# Does what each line says, to the collection that it names, and answers with a line; `hold` keeps the lock until told.
OTHER = """
import json, sys
from pathlib import Path
from tests.hash_embedding import hash_model
from tests.vectorstore.texts import found_texts, put, remove
from tests.vectorstore.opened import open_again

model = hash_model()
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    folder, verb, argument = json.loads(line)
    store = open_again(Path(folder))
    answer = "done"
    if verb == "put":
        put(store, model, **argument)
    elif verb == "remove":
        remove(store, *argument)
    elif verb == "search":
        answer = found_texts(store, model, argument)
    elif verb == "hold":
        with store.writing():
            print(json.dumps("held"), flush=True)
            sys.stdin.readline()
    print(json.dumps(answer), flush=True)
"""


class OtherProcess:
    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.child = subprocess.Popen([sys.executable, "-c", OTHER], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def send(self, store: Store, verb: str, argument: Any = None) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps([str(store.folder), verb, argument]) + "\n")
        self.child.stdin.flush()

    def answer(self) -> Any:
        assert self.child.stdout is not None
        return json.loads(self.child.stdout.readline())

    def does(self, store: Store, verb: str, argument: Any = None) -> Any:
        self.send(store, verb, argument)
        return self.answer()

    def has_answered(self) -> bool:
        assert self.child.stdout is not None
        return bool(select.select([self.child.stdout], [], [], 0)[0])

    def end(self) -> None:
        self.child.kill()
        self.child.communicate()


@pytest.fixture(scope="module")
def others() -> Iterator[list[OtherProcess]]:
    others = [OtherProcess(), OtherProcess()]
    assert [other.answer() for other in others] == ["ready", "ready"]
    yield others
    for other in others:
        other.end()


@pytest.fixture
def other(others: list[OtherProcess]) -> OtherProcess:
    return others[0]


def test_what_another_process_adds_edits_and_removes_is_seen_by_every_store_that_is_open(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples grow")
    stores = [store, open_again(store.folder), open_again(store.folder)]
    assert [found_texts(each, model, "boats") for each in stores] == [["apples grow"]] * 3
    other.does(store, "put", {"b": "boats sail"})
    assert [found_texts(each, model, "boats") for each in stores] == [["boats sail", "apples grow"]] * 3
    other.does(store, "put", {"b": "buses wait"})
    assert [set(found_texts(each, model, "boats")) for each in stores] == [{"buses wait", "apples grow"}] * 3
    other.does(store, "remove", ["a"])
    assert [found_texts(each, model, "apples") for each in stores] == [["buses wait"]] * 3


def test_two_processes_that_change_in_turn_see_each_others_changes(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    for n in range(4):
        put(store, model, **{f"mine-{n}": f"apples {n}"})
        other.does(store, "put", {f"theirs-{n}": f"apples too {n}"})
        assert len(found_texts(store, model, "apples")) == min(2 * n + 2, 6)
        assert len(other.does(store, "search", "apples")) == min(2 * n + 2, 6)
    assert set(store.count_chunks().values()) == {8}


def test_a_source_that_another_process_ingests_again_is_never_missing(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples, version 0", b="boats sail")
    found = []
    for version in range(1, 9):
        other.send(store, "put", {"a": f"apples, version {version}"})
        while not other.has_answered():
            found.append(found_texts(store, model, "apples, version"))
        other.answer()
        assert found_texts(store, model, "apples, version") == [f"apples, version {version}", "boats sail"]
    assert len(found) > 8
    assert [texts for texts in found if "apples" not in texts[0]] == []


def test_writers_take_turns_the_one_that_waits_says_so_and_a_search_never_waits(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples grow")
    assert other.does(store, "hold") == "held"
    assert found_texts(open_again(store.folder), model, "apples") == ["apples grow"]
    messages: list[str] = []

    def let_go(message: str) -> None:
        messages.append(message)
        time.sleep(0.3)
        other.send(store, "let go")

    with store.writing(on_wait=let_go):
        assert messages == ["another process is writing to the collection library; waiting for it ..."]
        assert other.answer() == "done"


def test_the_lock_of_a_killed_writer_is_free(store: Store, model: EmbeddingModel, others: list[OtherProcess]) -> None:
    killed = others.pop()
    assert killed.does(store, "hold") == "held"
    killed.end()
    with store.writing(on_wait=pytest.fail):
        pass
    put(store, model, a="apples grow")


def test_processes_that_make_a_collection_at_the_same_time_make_one(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    other.send(store, "put", {f"theirs-{n}": f"apples {n}" for n in range(3)})
    put(store, model, mine="boats")
    assert other.answer() == "done"
    assert set(store.count_chunks().values()) == {4}
    assert found_texts(store, model, "boats")[0] == "boats"
