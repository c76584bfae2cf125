"""A document that was removed is in no answer, and comes back as it was until it is forgotten."""

import pytest

from tests.vectorstore.opened import open_again
from tests.vectorstore.texts import put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import CollectionError
from vectorstore.search.retriever import DENSE_CANDIDATES, HybridRetriever
from vectorstore.search.similar_documents import similar_documents
from vectorstore.storage.store import Store
from vectorstore.types import Passage


def found(store: Store, model: EmbeddingModel) -> list[Passage]:
    return HybridRetriever(store=store, model=model).search("apples that are red")


def sources_found(store: Store, model: EmbeddingModel) -> set[str]:
    return {passage.chunk.source for passage in found(store, model)}


def test_a_hidden_document_is_found_by_nobody_and_comes_back_as_it_was(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are red", b="apples are green", c="boats sail")
    before = found(store, model)
    store.catalogue.hide(["a"])
    for reader in (store, open_again(store.folder)):
        assert sources_found(reader, model) == {"b", "c"}
        with pytest.raises(CollectionError, match="not in the collection"):
            reader.load_page("a", None)
    assert {one.source for one in similar_documents(store, "b", limit=5)} == {"c"}
    store.catalogue.restore(["a"])
    assert found(store, model) == before


def test_a_large_hidden_document_leaves_room_for_what_is_found_behind_it(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a=[f"apples are red, says {n}" for n in range(DENSE_CANDIDATES + 20)], b="dogs bark")
    store.catalogue.hide(["a"])
    assert sources_found(store, model) == {"b"}


def test_a_missing_document_that_was_hidden_is_missing_again(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are red", b="boats sail")
    with store.writing():
        store.remove(["a"], forget=False)
    store.catalogue.hide(["a", "b"])
    store.catalogue.restore(["a", "b"])
    assert [(record.source, record.state) for record in store.catalogue.sources()] == [("a", "missing"), ("b", "ready")]


def test_what_is_hidden_can_be_put_in_anew(store: Store, model: EmbeddingModel) -> None:
    put(store, model, a="apples are red", b="boats sail")
    store.catalogue.hide(["a"])
    put(store, model, a="apples are blue")
    assert {passage.chunk.text for passage in found(store, model)} == {"apples are blue", "boats sail"}
