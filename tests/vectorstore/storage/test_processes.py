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
from tests.vectorstore.texts import put, remove
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store

ROOT = Path(__file__).parents[3]
# Does what each line says, to the collection that it names, and answers with a line; `hold` keeps the lock until told.
OTHER = """
import json, sys
from pathlib import Path
from tests.hash_embedding import hash_model
from tests.vectorstore.texts import put, remove
from vectorstore.search.retriever import HybridRetriever
from tests.vectorstore.opened import open_again

model = hash_model()
print("ready", flush=True)
for line in sys.stdin:
    folder, verb, argument = json.loads(line)
    store = open_again(Path(folder))
    answer = "done"
    if verb == "put":
        put(store, model, **argument)
    elif verb == "remove":
        remove(store, *argument)
    elif verb == "search":
        answer = [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search(argument)]
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
    for other in others:
        assert other.child.stdout is not None
        assert other.child.stdout.readline() == "ready\n"
    yield others
    for other in others:
        other.end()


@pytest.fixture
def other(others: list[OtherProcess]) -> OtherProcess:
    return others[0]


def texts_found(store: Store, model: EmbeddingModel, question: str) -> list[str]:
    return [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search(question)]


def test_what_another_process_adds_edits_and_removes_is_seen_by_a_store_that_is_open(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples grow")
    assert texts_found(store, model, "boats") == ["apples grow"]
    other.does(store, "put", {"b": "boats sail"})
    assert texts_found(store, model, "boats") == ["boats sail", "apples grow"]
    other.does(store, "put", {"b": "buses wait"})
    assert set(texts_found(store, model, "boats")) == {"buses wait", "apples grow"}
    other.does(store, "remove", ["a"])
    assert texts_found(store, model, "apples") == ["buses wait"]


def test_it_is_seen_however_many_stores_this_process_has_open(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples grow")
    stores = [store, open_again(store.folder), open_again(store.folder)]
    for each in stores:
        texts_found(each, model, "apples")
    other.does(store, "put", {"b": "boats sail"})
    assert [texts_found(each, model, "boats")[0] for each in stores] == ["boats sail"] * 3


def test_two_processes_that_change_in_turn_see_each_others_changes(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    for n in range(4):
        put(store, model, **{f"mine-{n}": f"apples {n}"})
        other.does(store, "put", {f"theirs-{n}": f"apples too {n}"})
        assert len(texts_found(store, model, "apples")) == min(2 * n + 2, 6)
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
            found.append(texts_found(store, model, "apples, version"))
        other.answer()
        assert texts_found(store, model, "apples, version") == [f"apples, version {version}", "boats sail"]
    assert len(found) > 8
    assert [texts for texts in found if "apples" not in texts[0]] == []


def test_writers_take_turns_and_the_one_that_waits_says_so(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    assert other.does(store, "hold") == "held"
    told: list[str] = []

    def let_go(message: str) -> None:
        told.append(message)
        time.sleep(0.3)
        other.send(store, "let go")

    with store.writing(on_wait=let_go):
        assert told == ["another process is writing to the collection library; waiting for it ..."]
        assert other.answer() == "done"


def test_a_writer_that_does_not_wait_says_nothing(store: Store) -> None:
    with store.writing(on_wait=pytest.fail):
        pass


def test_searching_never_waits_for_a_writer(store: Store, model: EmbeddingModel, other: OtherProcess) -> None:
    put(store, model, a="apples grow")
    other.does(store, "hold")
    assert texts_found(open_again(store.folder), model, "apples") == ["apples grow"]
    other.does(store, "let go")


def test_the_lock_of_a_killed_writer_is_free(store: Store, model: EmbeddingModel) -> None:
    killed = OtherProcess()
    assert killed.child.stdout is not None
    killed.child.stdout.readline()
    killed.does(store, "hold")
    killed.end()
    with store.writing(on_wait=pytest.fail):
        pass
    put(store, model, a="apples grow")
    remove(store, "a")


def test_processes_that_make_a_collection_at_the_same_time_make_one(
    store: Store, model: EmbeddingModel, others: list[OtherProcess]
) -> None:
    for number, other in enumerate(others):
        other.send(store, "put", {f"s{number}-{n}": f"apples {number} {n}" for n in range(3)})
    put(store, model, mine="boats")
    assert [other.answer() for other in others] == ["done", "done"]
    assert set(store.count_chunks().values()) == {7}
    assert texts_found(store, model, "boats")[0] == "boats"
