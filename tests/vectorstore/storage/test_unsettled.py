"""What a process had not finished when it ended is not found, and is mended and told by the next that writes."""

from tests.vectorstore.texts import embedded, put, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage import changes
from vectorstore.storage.store import Store


def texts_found(store: Store, model: EmbeddingModel) -> list[str]:
    return [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search("apples")]


def leave_unfinished(store: Store, model: EmbeddingModel) -> None:
    item = source_of("a", ["apples are red", "apples are sweet"])
    changes.announce(store.catalogue.database, [item])
    for chunks, vectors in embedded(model, item):
        changes.put(store.catalogue.database, chunks, vectors)
        store.open_vectors().upsert(chunks, vectors)
    store.lexical.change(add=item.chunks)


def test_a_new_version_that_was_never_finished_is_not_found(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are green")
    leave_unfinished(store, model)
    assert texts_found(store, model) == ["apples are green"]


def test_what_was_left_behind_is_removed_and_told(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are green")
    leave_unfinished(store, model)
    store.mend()
    assert store.count_chunks() == {"catalogue": 1, "the vector index": 1, "the lexical index": 1}
    ((_, what),) = store.catalogue.repairs()
    assert what.startswith("a run was cut short: 2 chunks that it had not finished")
    store.mend()
    assert len(store.catalogue.repairs()) == 1


def test_an_old_version_that_was_not_yet_removed_is_not_found(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are green", b="apples are blue")
    changes.retire(store.catalogue.database, ["a"], forget=False)
    assert texts_found(store, model) == ["apples are blue"]
    assert store.count_chunks()["the vector index"] == 2
    store.mend()
    assert store.count_chunks()["the vector index"] == 1
