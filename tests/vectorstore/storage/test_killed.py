"""Law 3 of storage: a change or rebuild that stops before any of its steps is finished by the next as one clean run."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.hash_embedding import hash_model
from tests.ingest.library import check_alike
from tests.vectorstore.conftest import NewStore
from tests.vectorstore.storage.stopping import STEPS, stop_before
from tests.vectorstore.texts import embedded, open_again, put, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage import changes, database
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.database import Database
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint

OF_REBUILDS = (Catalogue.set_facts, changes.give_way_to, Database.switch_to, database.put_in_place, database.remove)
# All functions by which a change reaches the disk: what can be left half done lies between two of them.
ALL = {*STEPS.values(), *(one.__code__ for one in OF_REBUILDS)}
MADE_BY = Fingerprint("hash", "cosine")
FIRST = {"same": ["apples grow"], "edited": ["boats cross the river", "clouds rain"]}
SECOND = {"same": ["apples grow"], "edited": ["boats cross the river", "eels swim"], "added": ["foxes run"]}


def rebuild(store: Store) -> None:
    batch = [source_of(source, texts) for source, texts in SECOND.items()]
    with store.writing(), store.rebuilding(MADE_BY) as built:
        built.replace(batch, embedded(hash_model(), *batch))


@pytest.mark.long("stops a change at each of its steps")
@pytest.mark.parametrize("change", [lambda store: put(store, hash_model(), **SECOND), rebuild], ids=["put", "rebuild"])
def test_a_change_that_stops_before_any_of_its_steps(
    new_store: NewStore, model: EmbeddingModel, change: Callable[[Store], object]
) -> None:
    clean = new_store()
    put(clean, model, **SECOND)
    for nth in range(1, 100):
        store = new_store()
        put(store, model, **FIRST)
        was_stopped = stop_before(nth, partial(change, store), steps=ALL)
        store.close()
        again = open_again(store.folder)
        found = HybridRetriever(store=again, model=model).search("apples, boats")
        assert {passage.chunk.source for passage in found} >= {"same", "edited"}, nth
        put(again, model, **SECOND)
        check_alike(again, clean)
        assert again.catalogue.database.unused() == []
        again.close()
        if not was_stopped:
            break
    assert nth > 8
