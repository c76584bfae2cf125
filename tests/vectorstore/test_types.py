"""What a chunk and a passage promise: an id that stays, and a way to a Document and back that loses nothing."""

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_chroma import Chroma

from tests.vectorstore.conftest import NewStore
from vectorstore.types import Chunk, Fingerprint, Passage, embedded_context

CHUNK = Chunk("/docs/apollo.pdf", "Apollo 11", 3, 14, 38, "Collins stayed in orbit.", ("The crew", "In orbit"))

# Any character but halves of surrogate pairs, which no decoded file holds.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLACES = st.integers(0, 2**40)
CHUNKS = st.builds(
    Chunk,
    source=TEXTS,
    title=TEXTS,
    page=st.none() | st.integers(1, 10**6),
    start=PLACES,
    end=PLACES,
    text=TEXTS,
    headings=st.lists(TEXTS, max_size=4).map(tuple),
)


def test_the_id_is_as_ever_and_depends_on_source_page_start_and_text_alone() -> None:
    assert CHUNK.id == "b78a0df9da0a4dd343b7eafa015d7af8"
    same = [replace(CHUNK, title="Other"), replace(CHUNK, end=0), replace(CHUNK, headings=())]
    other = [replace(CHUNK, source="/x"), replace(CHUNK, page=None), replace(CHUNK, start=0), replace(CHUNK, text="x")]
    assert {chunk.id for chunk in same} == {CHUNK.id}
    assert len({CHUNK.id, *(chunk.id for chunk in other)}) == 5


@given(one=CHUNKS, other=CHUNKS)
def test_chunks_of_different_places_have_different_ids(one: Chunk, other: Chunk) -> None:
    def place(chunk: Chunk) -> tuple[object, ...]:
        return chunk.source, chunk.page, chunk.start, chunk.text

    assert (one.id == other.id) == (place(one) == place(other))


@given(chunk=CHUNKS, score=st.floats(-1, 1))
def test_a_chunk_comes_back_from_a_document_and_a_passage_from_json_as_it_was(chunk: Chunk, score: float) -> None:
    document = chunk.to_document()
    assert Chunk.from_document(document) == chunk
    assert (document.id, document.page_content) == (chunk.id, chunk.text)
    described = Passage(chunk, score, 0.25, 0.75).to_json()
    assert json.loads(json.dumps(described)) == described
    assert list(described) == ["id", "source", "title", "page", "start", "end", "text", "score"]  # scripts rely on them


@settings(max_examples=15)
@given(chunks=st.lists(CHUNKS, min_size=1, max_size=5, unique_by=lambda chunk: chunk.id))
def test_chunks_come_back_from_chroma_as_they_were_for_langchain_too(new_store: NewStore, chunks: list[Chunk]) -> None:
    store = new_store()
    with store.writing(Fingerprint("any", "cosine")):
        vectors = np.random.default_rng(0).random((len(chunks), 4), dtype=np.float32)
        index = store.open_vectors()
        index.upsert(chunks, vectors)
        fetched = index.fetch([chunk.id for chunk in chunks])
        nearest = index.nearest_ids(vectors[0], limit=10)
        langchain = Chroma(index.collection.name, client=index.client, create_collection_if_not_exists=False)
        documents = langchain.similarity_search_by_vector(vectors[0].tolist(), k=10)
    store.close()
    assert {chunk_id: chunk for chunk_id, (chunk, _) in fetched.items()} == {chunk.id: chunk for chunk in chunks}
    assert [document.id for document in documents] == nearest
    assert [Chunk.from_document(document) for document in documents] == [fetched[one][0] for one in nearest]
    for chunk, vector in zip(chunks, vectors, strict=True):
        np.testing.assert_allclose(fetched[chunk.id][1], vector, rtol=1e-6)


def test_the_embedded_text_begins_with_the_title_and_the_two_innermost_headings() -> None:
    assert CHUNK.embedded_text == "Apollo 11 > The crew > In orbit\nCollins stayed in orbit."
    assert embedded_context("T", ("a", "b", "c")) == "T > b > c"
    assert embedded_context("t" * 300, ("h" * 100,)) == f"{'t' * 200} > {'h' * 60}"
    with pytest.raises(FrozenInstanceError):
        CHUNK.text = "other"  # type: ignore[misc]
