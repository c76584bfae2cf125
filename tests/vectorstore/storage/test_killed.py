"""Law 3 of storage: a change or rebuild that stops before any of its steps is finished by the next as one clean run."""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from tests.ingest.library import check_alike
from tests.vectorstore.conftest import NewStore
from tests.vectorstore.opened import open_again
from tests.vectorstore.texts import embedded, put, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage import changes, database
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.database import Database
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.store import Store
from vectorstore.storage.vector_index import VectorIndex
from vectorstore.types import Fingerprint

# The functions by which a change reaches the disk: what can be left half done lies between two of them.
STEPS: set[CodeType] = {
    changes.announce.__code__,
    changes.swap.__code__,
    changes.settle.__code__,
    Catalogue.set_facts.__code__,
    changes.give_way_to.__code__,
    changes.put.__code__,
    Database.switch_to.__code__,
    VectorIndex.upsert.__code__,
    VectorIndex.delete.__code__,
    LexicalIndex.change.__code__,
    database.put_in_place.__code__,
    database.remove.__code__,
}
FIRST = {"same": ["apples grow"], "edited": ["boats cross the river", "clouds rain"]}
SECOND = {"same": ["apples grow"], "edited": ["boats cross the river", "eels swim"], "added": ["foxes run"]}


class Stopped(BaseException):
    """Stands for the process's end: nothing catches it."""


def stop_before(nth: int, action: Callable[[], object]) -> bool:
    """Whether the action had so many steps, and was stopped before the last of them."""
    steps = 0

    def look(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal steps
        if event == "call" and frame.f_code in STEPS:
            steps += 1
            if steps == nth:
                raise Stopped

    sys.setprofile(look)
    try:
        action()
    except Stopped:
        return True
    finally:
        sys.setprofile(None)
    return False


def found(store: Store, model: EmbeddingModel) -> set[str]:
    return {passage.chunk.source for passage in HybridRetriever(store=store, model=model).search("apples, boats")}


def check_every_step(new_store: NewStore, model: EmbeddingModel, change: Callable[[Store], object]) -> None:
    clean = new_store()
    put(clean, model, **SECOND)
    for nth in range(1, 100):
        store = new_store()
        put(store, model, **FIRST)
        was_stopped = stop_before(nth, lambda store=store: change(store))  # type: ignore[misc]
        store.close()
        again = open_again(store.folder)
        assert found(again, model) >= {"same", "edited"}, nth
        put(again, model, **SECOND)
        check_alike(again, clean)
        assert {path.name for path in again.catalogue.database.unused()} == set()
        again.close()
        if not was_stopped:
            break
    assert nth > 8


def test_a_change_that_stops_before_any_of_its_steps(new_store: NewStore, model: EmbeddingModel) -> None:
    check_every_step(new_store, model, lambda store: put(store, model, **SECOND))


def test_a_rebuild_that_stops_before_any_of_its_steps(new_store: NewStore, model: EmbeddingModel) -> None:
    made_by = Fingerprint(model.name, "cosine")

    def rebuild(store: Store) -> None:
        batch = [source_of(source, texts) for source, texts in SECOND.items()]
        with store.writing(), store.rebuilding(made_by) as built:
            built.replace(batch, embedded(model, *batch))

    check_every_step(new_store, model, rebuild)
