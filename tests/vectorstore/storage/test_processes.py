"""What several processes on one collection can rely on: changes are seen by all, writers take turns."""

import subprocess
import sys
import time

import pytest

from tests.vectorstore.storage.other_process import OtherProcess
from tests.vectorstore.texts import found_texts, open_again, put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import CollectionError
from vectorstore.storage.store import Store


def test_what_another_process_adds_edits_and_removes_is_seen_by_every_store_that_is_open(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples grow")
    stores = [store, open_again(store.folder), open_again(store.folder)]
    assert [found_texts(each, model, "boats") for each in stores] == [["apples grow"]] * 3
    other.does(store.folder, "put", {"b": "boats sail"})
    assert [found_texts(each, model, "boats") for each in stores] == [["boats sail", "apples grow"]] * 3
    other.does(store.folder, "put", {"b": "buses wait"})
    assert [set(found_texts(each, model, "boats")) for each in stores] == [{"buses wait", "apples grow"}] * 3
    other.does(store.folder, "remove", ["a"])
    assert [found_texts(each, model, "apples") for each in stores] == [["buses wait"]] * 3


def test_two_processes_that_change_in_turn_see_each_others_changes(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    for n in range(4):
        put(store, model, **{f"mine-{n}": f"apples {n}"})
        other.does(store.folder, "put", {f"theirs-{n}": f"apples too {n}"})
        assert len(found_texts(store, model, "apples")) == min(2 * n + 2, 10)
        assert len(other.does(store.folder, "search", "apples")) == min(2 * n + 2, 10)
    assert set(store.count_chunks().values()) == {8}


def test_a_source_that_another_process_ingests_again_is_never_missing(
    store: Store, model: EmbeddingModel, other: OtherProcess
) -> None:
    put(store, model, a="apples, version 0", b="boats sail")
    found = []
    for version in range(1, 9):
        other.send(store.folder, "put", {"a": f"apples, version {version}"})
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
    assert other.does(store.folder, "hold") == "held"
    assert found_texts(open_again(store.folder), model, "apples") == ["apples grow"]
    messages: list[str] = []

    def let_go(message: str) -> None:
        messages.append(message)
        time.sleep(0.3)
        other.send(store.folder, "let go")

    with store.writing(on_wait=let_go):
        assert messages == ["another process is writing to the collection library; waiting for it ..."]
        assert other.answer() == "done"


def refuse(message: str) -> None:
    raise CollectionError(message, "wait")


def test_the_lock_of_a_killed_writer_is_free(store: Store, model: EmbeddingModel) -> None:
    hold = "import sys, filelock\nwith filelock.FileLock(sys.argv[1]): print(flush=True); input()"
    command, pipe = [sys.executable, "-c", hold, str(store.folder / "write.lock")], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        with pytest.raises(CollectionError), store.writing(on_wait=refuse):
            pytest.fail("writing began")
        killed.kill()
    with store.writing(on_wait=pytest.fail):
        pass
    put(store, model, a="apples grow")


def test_processes_that_make_a_collection_at_the_same_moment_make_one(store: Store, others: list[OtherProcess]) -> None:
    for n in range(20):
        folder = store.folder.with_name(f"other-{n}")
        folder.mkdir()
        for other in others:
            other.send(folder, "remove", [])
        assert [other.answer() for other in others] == ["done", "done"]
    for number, other in enumerate(others):
        other.send(folder, "put", {f"s{number}": "apples"})
    assert [other.answer() for other in others] == ["done", "done"]
    assert set(open_again(folder).count_chunks().values()) == {2}
