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
from vectorstore.types import SourceFilter

TEXTS = {
    "/docs/moon.md": "Collins stayed in orbit around the Moon.",
    "/docs/old/moon.md": "An older text about the orbit of the Moon.",
    "/mail/moon.eml": "A letter about the orbit.",
    "/docs/[draft].txt": "A draft about the orbit.",
}


@pytest.fixture
def filled(store: Store, model: EmbeddingModel) -> Store:
    put(store, model, **TEXTS)
    return store


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("*.md",), {"/docs/moon.md", "/docs/old/moon.md"}),
        (("moon.md",), {"/docs/moon.md", "/docs/old/moon.md"}),
        (("/docs/moon.md",), {"/docs/moon.md"}),
        (("old",), {"/docs/old/moon.md"}),
        (("./old/",), {"/docs/old/moon.md"}),
        (("/docs",), {"/docs/moon.md", "/docs/old/moon.md", "/docs/[draft].txt"}),
        (("oon.md",), set()),
        (("*.eml", "old"), {"/mail/moon.eml", "/docs/old/moon.md"}),
    ],
)
def test_patterns_fit_a_whole_source_its_end_or_a_folder(
    filled: Store, model: EmbeddingModel, patterns: tuple[str, ...], expected: set[str]
) -> None:
    retriever = HybridRetriever(store=filled, model=model, filter=SourceFilter(patterns))
    assert {passage.chunk.source for passage in retriever.search("orbit")} == expected


def test_facts_of_documents_are_conditions_too(filled: Store) -> None:
    assert filled.catalogue.matching(SourceFilter.of(["old"], {"kind": "TEXT"})) == {"/docs/old/moon.md": 1}
    assert filled.catalogue.matching(SourceFilter.of(where={"kind": "pdf"})) == {}


def test_a_fact_that_no_document_has_is_refused() -> None:
    with pytest.raises(InputError, match="documents have no colour"):
        SourceFilter.of(where={"colour": "red"})


@pytest.mark.parametrize("taken", [1, 2, 30])
def test_the_nearest_of_few_and_of_many_documents_are_their_nearest(new_store: NewStore, taken: int) -> None:
    store, documents, chunks = new_store(), 40, 60
    batch = [source_of(f"/d/{n}", [f"row {i} of {n}" for i in range(chunks)]) for n in range(documents)]
    with store.writing(MADE_UP):
        chunks_of_all = [chunk for item in batch for chunk in item.chunks]
        store.replace(batch, [(chunks_of_all, clustered([chunk.text for chunk in chunks_of_all]))])
    assert chunks < MOST_COMPARED < 30 * chunks
    patterns = tuple(f"/d/{n}" for n in range(taken))
    [vector] = clustered(["a question"])
    found = store.snapshot(SourceFilter(patterns)).nearest(vector, limit=10)
    wanted = {chunk.id: chunk.text for item in batch[:taken] for chunk in item.chunks}
    cosines = dict(zip(wanted, clustered(list(wanted.values())) @ vector, strict=True))
    best = sorted(cosines, key=lambda chunk_id: -cosines[chunk_id])[:10]
    assert len(set(found) & set(best)) >= 9  # Chroma's neighbours are approximate
    order = [float(np.dot(vector, other)) for other in found.values()]
    assert order == sorted(order, reverse=True)


def test_a_filter_takes_what_was_added_since(filled: Store, model: EmbeddingModel) -> None:
    retriever = HybridRetriever(store=filled, model=model, filter=SourceFilter(("*.txt",)))
    assert len(retriever.search("orbit")) == 1
    put(filled, model, **{"/docs/new.txt": "A new text about the orbit."})
    assert len(retriever.search("orbit")) == 2
