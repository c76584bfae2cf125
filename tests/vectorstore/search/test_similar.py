"""Documents near to a document: those about the same come first, itself never."""

from tests.vectorstore.texts import put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.similar_documents import similar_documents
from vectorstore.storage.store import Store

TEXTS = {
    "moon": ["Collins stayed in orbit around the Moon.", "Armstrong walked on the Moon."],
    "space": ["Astronauts fly around the Earth.", "A rocket brings them into orbit around the Moon."],
    "garden": ["Tomatoes need sun and water."],
    "empty": [],
}


def test_documents_about_the_same_come_first_itself_never(store: Store, model: EmbeddingModel) -> None:
    put(store, model, **TEXTS)
    found = similar_documents(store, "moon", limit=5)
    assert [document.source for document in found] == ["space", "garden"]
    assert 1 > found[0].similarity > found[1].similarity
    assert found[0].title == "Title"
    assert similar_documents(store, "moon", limit=1) == found[:1]
    assert similar_documents(store, "empty", limit=5) == []
    put(store, model, copy=TEXTS["moon"])
    [nearest, *_] = similar_documents(store, "moon", limit=5)
    assert (nearest.source, round(nearest.similarity, 4)) == ("copy", 1.0)
