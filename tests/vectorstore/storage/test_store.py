"""What a collection promises: three indexes in step, one model to a collection, nothing lost while it changes."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.hash_embedding import hash_model
from tests.vectorstore.texts import embedded, found_texts, matches, open_again, put, remove, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import CollectionError, WrongModelError
from vectorstore.search.retriever import DENSE_CANDIDATES
from vectorstore.search.similar_documents import similar_documents
from vectorstore.storage import changes
from vectorstore.storage.store import Store
from vectorstore.types import REMOVED, Fingerprint, Page

OTHER_MODEL, OTHER_DISTANCE = Fingerprint("openai:text-embedding-3-small", "cosine"), Fingerprint("hash", "l2")
Step = Callable[[Store], object]


def ids_of(store: Store) -> list[set[str]]:
    return [store.catalogue.chunk_ids(), store.open_vectors().ids(), store.lexical.reader().ids()]


def puts(**sources: str | list[str]) -> Step:
    return lambda store: put(store, hash_model(), **sources)


def deletes(store: Store) -> None:
    remove(store, "a")


def misses(store: Store) -> None:
    with store.writing():
        store.remove(["a"], forget=False)


def leaves_unfinished(store: Store) -> None:
    """As a process that is killed when both indexes have the new version of a source."""
    item = source_of("a", ["apples are red", "apples are sweet"])
    changes.announce(store.catalogue.database, [item])
    for chunks, vectors in embedded(hash_model(), item):
        changes.put(store.catalogue.database, chunks, vectors)
        store.open_vectors().upsert(chunks, vectors)
    store.lexical.change(add=item.chunks)


def leaves_unremoved(store: Store) -> None:
    changes.retire(store.catalogue.database, ["a"], forget=False)


def hides(*sources: str) -> Step:
    return lambda store: store.catalogue.hide(sources)


def restores(*sources: str) -> Step:
    return lambda store: store.catalogue.restore(sources)


BEFORE = puts(a=["apples are green", "boats sail"], b="clouds rain")
OLD, NEW = {"apples are green", "boats sail"}, {"apples are blue"}
MANY = [f"clouds rain on {n}" for n in range(DENSE_CANDIDATES + 20)]


@pytest.mark.parametrize(
    ("steps", "found", "states"),
    [
        pytest.param([puts(a="apples are blue")], NEW, ["ready", "ready"], id="edited"),
        pytest.param([deletes], set(), ["ready"], id="deleted"),
        pytest.param([misses], set(), ["missing", "ready"], id="missing"),
        pytest.param([hides("a")], set(), ["removed", "ready"], id="removed"),
        pytest.param([hides("a"), restores("a")], OLD, ["ready", "ready"], id="restored"),
        pytest.param([misses, hides("a"), restores("a")], set(), ["missing", "ready"], id="missing and restored"),
        pytest.param([hides("a"), puts(a="apples are blue")], NEW, ["ready", "ready"], id="removed and put again"),
        pytest.param([leaves_unfinished], OLD, ["ready", "ready"], id="new version unfinished"),
        pytest.param([leaves_unremoved], set(), ["missing", "ready"], id="old version not yet removed"),
        pytest.param([puts(c=MANY), hides("c")], OLD, ["ready", "ready", "removed"], id="large one removed"),
    ],
)
def test_a_source_is_found_as_it_was_last_finished(
    store: Store, model: EmbeddingModel, steps: Sequence[Step], found: set[str], states: list[str]
) -> None:
    for step in (BEFORE, *steps):
        step(store)
    for _ in range(2):
        for reader in (store, open_again(store.folder)):
            assert set(found_texts(reader, model, "clouds")) == found | {"clouds rain"}
        records = store.catalogue.sources()
        assert [record.state for record in records] == states
        assert all(store.load_page(record.source, None) for record in records if record.state != REMOVED)
        store.mend()  # changes nothing of it
        assert ids_of(store) == [store.catalogue.chunk_ids()] * 3


def test_what_a_killed_process_left_is_noted_once(store: Store) -> None:
    BEFORE(store)
    leaves_unfinished(store)
    assert set(store.count_chunks().values()) == {3, 5}
    for _ in range(2):
        store.mend()
        ((_, what),) = store.catalogue.repairs()
        assert what.startswith("a run was cut short: 2 chunks that it had not finished")


def test_a_removed_source_is_neither_shown_nor_similar_until_it_is_restored(
    store: Store, model: EmbeddingModel
) -> None:
    put(store, model, a="apples are red", b="apples are green", c="boats sail")
    before = found_texts(store, model, "apples are red")
    store.catalogue.hide(["a"])
    for reader in (store, open_again(store.folder)):
        with pytest.raises(CollectionError, match="not in the collection"):
            reader.load_page("a", None)
    assert {one.source for one in similar_documents(store, "b", limit=5)} == {"c"}
    store.catalogue.restore(["a"])
    assert found_texts(store, model, "apples are red") == before
    assert store.load_page("a", None) == "apples are red"


@pytest.mark.parametrize(
    ("fingerprint", "message", "hint"),
    [
        (
            OTHER_MODEL,
            "the collection library was made with the embedding model hash, not openai:text-embedding-3-small",
            "set RAG_EMBEDDINGS=hash, or ingest it again: rag ingest --rebuild PATH",
        ),
        (
            OTHER_DISTANCE,
            "the collection library was made with the distance cosine, not l2",
            "set RAG_DISTANCE=cosine, or ingest it again: rag ingest --rebuild PATH",
        ),
    ],
    ids=["model", "distance"],
)
def test_another_model_or_distance_is_refused_before_anything_is_written(
    store: Store, model: EmbeddingModel, fingerprint: Fingerprint, message: str, hint: str
) -> None:
    assert store.fingerprint is None
    store.require(fingerprint)  # whatever makes an empty one
    put(store, model, a="apples")
    assert store.fingerprint == open_again(store.folder).fingerprint == Fingerprint("hash", "cosine")
    before = (store.catalogue.state().facts, ids_of(store))
    with pytest.raises(WrongModelError) as raised, store.writing(fingerprint):
        pytest.fail("writing began")
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert (store.catalogue.state().facts, ids_of(store)) == before
    put(store, model, b="boats")  # and the lock was given back


def test_a_chunk_that_stays_gets_its_new_title_and_vector(store: Store, model: EmbeddingModel) -> None:
    for title in ("Rivers", "Mountains"):
        item = source_of("a", ["apples grow"], title=title)
        with store.writing(Fingerprint(model.name, "cosine")):
            store.replace([item], embedded(model, item))
    ((chunk, vector),) = store.fetch([item.chunks[0].id]).values()
    assert chunk.title == "Mountains"
    assert vector.tolist() == pytest.approx(embedded(model, item)[0][1][0].tolist())
    assert list(matches(store.lexical.reader(), "mountains")) == [chunk.id]
    assert matches(store.lexical.reader(), "rivers") == {}


@pytest.mark.long("5,600 chunks")
def test_more_chunks_than_chroma_takes_at_once_are_stored_and_removed(store: Store) -> None:
    item = source_of("a", [f"number {n}" for n in range(5600)])
    vectors = np.random.default_rng(0).random((5600, 4), dtype=np.float32)
    with store.writing(Fingerprint("any", "cosine")):
        store.replace([item], [(item.chunks, vectors)])
    assert store.count_chunks() == {"catalogue": 5600, "the vector index": 5600, "the lexical index": 5600}
    assert len(store.snapshot().nearest(vectors[0], limit=100)) == 100
    remove(store, "a")
    assert set(store.count_chunks().values()) == {0}
    assert store.open_vectors() is store.open_vectors()  # that it is empty is no reason to open it again
    with store.catalogue.database.reading() as connection:
        for table in ("vectors", "chunks", "states", "pages", "sources"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


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


def test_eight_threads_search_while_sources_come_and_go(store: Store, model: EmbeddingModel) -> None:
    put(store, model, stays="the lighthouse stays", goes="the ferry goes")
    done = threading.Event()

    def search_all_the_time() -> list[list[str]]:
        own = open_again(store.folder)  # as a page has one, and each upload another
        found = []
        while not done.is_set():
            found += [found_texts(chosen, model, "lighthouse") for chosen in (store, own)]
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
