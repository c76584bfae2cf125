"""What a filter takes, and that a search with one finds the best of those documents and nothing else."""

import numpy as np
import pytest

from tests.vectorstore.clustered import MADE_UP, clustered
from tests.vectorstore.conftest import NewStore
from tests.vectorstore.texts import put, source_of
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import InputError
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.open_index import MOST_COMPARED
from vectorstore.storage.store import Store
from vectorstore.types import IngestedSource, SourceFilter

TEXTS = {
    "/docs/moon.md": "Collins stayed in orbit around the Moon.",
    "/docs/old/moon.md": "An older text about the orbit of the Moon.",
    "/mail/moon.eml": "A letter about the orbit.",
    "/docs/[draft].txt": "A draft about the orbit.",
}

CHUNKS = 60


@pytest.fixture
def filled(store: Store, model: EmbeddingModel) -> Store:
    put(store, model, **TEXTS)
    return store


def test_patterns_fit_a_whole_source_its_end_or_a_folder_and_facts_are_conditions_too(filled: Store) -> None:
    old = {"/docs/old/moon.md"}
    for patterns, where, expected in [
        (["*.md"], {}, {"/docs/moon.md"} | old),
        (["moon.md"], {}, {"/docs/moon.md"} | old),
        (["/docs/moon.md"], {}, {"/docs/moon.md"}),
        (["old"], {}, old),
        (["./old/"], {}, old),
        (["/docs"], {}, {"/docs/moon.md", "/docs/[draft].txt"} | old),
        (["oon.md"], {}, set()),
        (["*.eml", "old"], {}, {"/mail/moon.eml"} | old),
        (["old"], {"kind": "TEXT"}, old),
        ([], {"kind": "pdf"}, set()),
    ]:
        assert filled.catalogue.matching(SourceFilter.of(patterns, where)).keys() == expected
    with pytest.raises(InputError, match="documents have no colour"):
        SourceFilter.of(where={"colour": "red"})


@pytest.fixture(scope="module")
def batch() -> list[IngestedSource]:
    return [source_of(f"/d/{n}", [f"row {i} of {n}" for i in range(CHUNKS)]) for n in range(40)]


@pytest.fixture(scope="module")
def many(new_store: NewStore, batch: list[IngestedSource]) -> Store:
    store = new_store()
    chunks = [chunk for item in batch for chunk in item.chunks]
    with store.writing(MADE_UP):
        store.replace(batch, [(chunks, clustered([chunk.text for chunk in chunks]))])
    return store


@pytest.mark.parametrize("taken", [1, 2, 30])
def test_the_nearest_of_few_and_of_many_documents_are_their_nearest(
    many: Store, batch: list[IngestedSource], taken: int
) -> None:
    assert CHUNKS < MOST_COMPARED < 30 * CHUNKS
    [vector] = clustered(["a question"])
    taken_sources = SourceFilter(tuple(f"/d/{n}" for n in range(taken)))
    found = many.snapshot(taken_sources).nearest(vector, limit=10)
    wanted = {chunk.id: chunk.text for item in batch[:taken] for chunk in item.chunks}
    cosines = dict(zip(wanted, clustered(list(wanted.values())) @ vector, strict=True))
    best = sorted(cosines, key=lambda chunk_id: -cosines[chunk_id])[:10]
    assert len(found) == 10
    assert len(set(found) & set(best)) >= 9  # Chroma's neighbours are approximate
    order = [float(np.dot(vector, other)) for other in found.values()]
    assert order == sorted(order, reverse=True)


def test_a_filter_takes_what_was_added_since(filled: Store, model: EmbeddingModel) -> None:
    retriever = HybridRetriever(store=filled, model=model, filter=SourceFilter(("*.txt",)))
    assert [passage.chunk.source for passage in retriever.search("orbit")] == ["/docs/[draft].txt"]
    put(filled, model, **{"/docs/new.txt": "A new text about the orbit."})
    assert len(retriever.search("orbit")) == 2
