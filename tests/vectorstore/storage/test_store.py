"""What a collection promises: three indexes in step, one model to a collection, nothing lost while it changes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.conftest import NewStore
from tests.vectorstore.opened import open_again
from tests.vectorstore.texts import cut, embedded, matches, put, remove, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import CollectionError, WrongModelError
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint, Page

OTHER_MODEL, OTHER_DISTANCE = Fingerprint("openai:text-embedding-3-small", "cosine"), Fingerprint("hash", "l2")


def texts_found(store: Store, model: EmbeddingModel, question: str) -> list[str]:
    return [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search(question)]


def ids_of(store: Store) -> list[set[str]]:
    return [store.catalogue.chunk_ids(), store.open_vectors().ids(), store.lexical.reader().ids()]


def test_a_new_collection_is_made_by_nobody_and_takes_any_model(store: Store) -> None:
    assert store.fingerprint is None
    store.require(OTHER_MODEL)
    store.require(OTHER_DISTANCE)


def test_a_collection_remembers_what_made_it(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    assert store.fingerprint == Fingerprint("hash", "cosine")
    assert open_again(store.folder).fingerprint == Fingerprint("hash", "cosine")


@pytest.mark.parametrize(
    ("fingerprint", "message", "hint"),
    [
        (
            OTHER_MODEL,
            "the collection library was made with the embedding model hash, not openai:text-embedding-3-small",
            "set RAG_EMBEDDINGS=hash, or make it anew: rag ingest --rebuild PATH",
        ),
        (
            OTHER_DISTANCE,
            "the collection library was made with the distance cosine, not l2",
            "set RAG_DISTANCE=cosine, or make it anew: rag ingest --rebuild PATH",
        ),
    ],
    ids=["model", "distance"],
)
def test_another_model_or_distance_is_refused_before_anything_is_written(
    store: Store, model: EmbeddingModel, fingerprint: Fingerprint, message: str, hint: str
) -> None:
    put(store, model, a="apples")
    before = (store.catalogue.state().facts, ids_of(store))
    with pytest.raises(WrongModelError) as raised, store.writing(fingerprint):
        pytest.fail("writing began")
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert (store.catalogue.state().facts, ids_of(store)) == before
    put(store, model, b="boats")  # and the lock was given back


@settings(max_examples=20)
@given(model_name=st.text(min_size=1, max_size=20), distance=st.sampled_from(["cosine", "l2", "ip"]))
def test_only_the_model_and_distance_that_made_a_collection_are_taken(
    new_store: NewStore, model: EmbeddingModel, model_name: str, distance: str
) -> None:
    store = new_store()
    with store.writing(Fingerprint(model_name, distance)):
        pass
    store.require(Fingerprint(model_name, distance))
    for other in (Fingerprint(model_name + "x", distance), Fingerprint(model_name, distance + "x")):
        with pytest.raises(WrongModelError), store.writing(other):
            pytest.fail("writing began")
    assert store.fingerprint == Fingerprint(model_name, distance)


def test_reading_and_removing_need_no_model(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples", b="boats")
    again = open_again(store.folder)
    assert again.count_chunks() == {"catalogue": 2, "the vector index": 2, "the lexical index": 2}
    assert again.load_page("a", None) == "apples"
    remove(again, "a")
    assert [record.source for record in again.catalogue.sources()] == ["b"]
    assert ids_of(store) == [store.catalogue.chunk_ids()] * 3


def test_new_content_takes_the_place_of_old(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a=["apples grow", "boats sail"], b="clouds rain")
    put(store, model, a=["apples grow", "dogs bark"])
    assert set(texts_found(store, model, "boats that sail")) == {"apples grow", "dogs bark", "clouds rain"}
    assert store.load_page("a", None) == "apples grow\n\ndogs bark"
    assert ids_of(store) == [store.catalogue.chunk_ids()] * 3


def test_a_chunk_that_stays_gets_its_new_title_and_vector(store: Store, model: EmbeddingModel) -> None:
    fingerprint = Fingerprint(model.name, "cosine")
    for title in ("Rivers", "Mountains"):
        item = source_of("a", ["apples grow"], title=title)
        with store.writing(fingerprint):
            store.replace([item], embedded(model, item))
    ((chunk, vector),) = store.fetch([item.chunks[0].id]).values()
    assert chunk.title == "Mountains"
    assert vector.tolist() == pytest.approx(embedded(model, item)[0][1][0].tolist())
    assert list(matches(store.lexical.reader(), "mountains")) == [chunk.id]
    assert matches(store.lexical.reader(), "rivers") == {}


def test_a_missing_source_is_left_out_and_its_text_is_kept(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples", b="boats")
    with store.writing():
        store.remove(["a"], forget=False)
    assert texts_found(store, model, "apples") == ["boats"]
    assert [(record.source, record.state) for record in store.catalogue.sources()] == [("a", "missing"), ("b", "ready")]
    assert store.load_page("a", None) == "apples"


def test_more_chunks_than_chroma_takes_at_once_are_stored(store: Store, model: EmbeddingModel) -> None:
    page, chunks = cut("a", [f"number {n}" for n in range(5600)])
    vectors = np.random.default_rng(0).random((5600, 4), dtype=np.float32)
    with store.writing(Fingerprint("any", "cosine")):
        item = replace(source_of("a", []), pages=[page], chunks=chunks)
        store.replace([item], [(chunks, vectors)])
    assert store.count_chunks() == {"catalogue": 5600, "the vector index": 5600, "the lexical index": 5600}
    assert len(store.snapshot().nearest(vectors[0], limit=100)) == 100
    remove(store, "a")
    assert store.count_chunks() == {"catalogue": 0, "the vector index": 0, "the lexical index": 0}


def test_a_page_that_is_not_there_is_told_from_a_source_that_is_not(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    item = replace(source_of("book", ["first"]), pages=[Page(1, "first"), Page(2, "second")])
    with store.writing(Fingerprint(model.name, "cosine")):
        store.replace([item], embedded(model, item))
    assert store.load_page("book", 2) == "second"
    errors = {}
    for source, number in (("book", 3), ("book", None), ("a", 1), ("nowhere", None)):
        with pytest.raises(CollectionError) as raised:
            store.load_page(source, number)
        errors[source, number] = (raised.value.message, raised.value.hint)
    assert errors == {
        ("book", 3): ("book has no page 3", "its pages: 1 to 2"),
        ("book", None): ("book has no page None", "its pages: 1 to 2"),
        ("a", 1): ("a has no page 1", "its pages: it has none; leave --page out"),
        ("nowhere", None): ("nowhere is not in the collection library", "rag list"),
    }


def test_several_stores_of_one_process_on_one_folder_see_each_others_changes(
    store: Store, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    other = open_again(store.folder)
    assert texts_found(other, model, "apples") == ["apples"]
    put(other, model, b="boats")
    assert set(texts_found(store, model, "boats")) == {"apples", "boats"}
    other.close()
    remove(store, "a")
    assert texts_found(store, model, "apples") == texts_found(other, model, "apples") == ["boats"]


def test_eight_threads_search_while_sources_come_and_go(store: Store, model: EmbeddingModel) -> None:
    put(store, model, stays="the lighthouse stays", goes="the ferry goes")
    done = threading.Event()

    def search_all_the_time() -> list[list[str]]:
        own = open_again(store.folder)  # as a page has one, and each upload another
        found = []
        while not done.is_set():
            found += [texts_found(chosen, model, "lighthouse") for chosen in (store, own)]
        return found

    with ThreadPoolExecutor(8) as threads:
        searching = [threads.submit(search_all_the_time) for _ in range(8)]
        try:
            for n in range(10):
                put(store, model, goes=f"the ferry goes {n}", comes="the bus comes")
                remove(store, "comes")
        finally:
            done.set()
    found = [texts for thread in searching for texts in thread.result()]
    assert len(found) > 16
    assert all(texts[0] == "the lighthouse stays" for texts in found)
    assert ids_of(store) == [store.catalogue.chunk_ids()] * 3
