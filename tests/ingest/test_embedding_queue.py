"""Chunks are embedded ahead of where they are stored, and come out as if each had been embedded when asked for."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from ingest.embedding_queue import Embedder
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import ProviderError
from vectorstore.storage.vector_index import SLICE_CHUNKS
from vectorstore.types import Chunk


class Counting(Embeddings):
    """Turns the text of a number into a vector of it, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.given += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(text), 1.0]


def model_of(embeddings: Embeddings) -> EmbeddingModel:
    return EmbeddingModel("counting", embeddings, 100, lambda texts: [1 for _ in texts])


def chunks_of(numbers: Sequence[int]) -> list[Chunk]:
    return [Chunk("file", "file", None, i, i + 1, str(number), is_titled=False) for i, number in enumerate(numbers)]


@given(
    groups=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=20), min_size=1, max_size=6), ahead=st.booleans()
)
def test_vectors_come_in_the_order_of_what_was_announced(groups: list[list[int]], ahead: bool) -> None:
    embeddings = Counting()
    with Embedder(model_of(embeddings), None) as embedder:
        embedded = (embedder.embed(chunks_of(group)) for group in groups)
        slices = [one for group in (list(embedded) if ahead else embedded) for one in group]
        found = [one.vectors()[:, 0].tolist() for one in slices]
    assert found == groups
    assert set(embeddings.given) == {str(number) for group in groups for number in group}


def test_a_text_of_two_slices_that_are_at_work_together_is_embedded_once() -> None:
    embeddings = Counting()
    numbers = [*range(SLICE_CHUNKS), *range(10)]
    with Embedder(model_of(embeddings), None) as embedder:
        first, second = embedder.embed(chunks_of(numbers))
        assert np.concatenate([first.vectors(), second.vectors()])[:, 0].tolist() == numbers
    assert len(embeddings.given) == SLICE_CHUNKS


def test_no_more_than_two_slices_are_embedded_before_they_are_asked_for() -> None:
    embeddings = Counting()
    with Embedder(model_of(embeddings), None) as embedder:
        slices = embedder.embed(chunks_of(range(8 * SLICE_CHUNKS)))
        for taken in range(1, 4):
            next(slices).vectors()
            assert taken * SLICE_CHUNKS <= len(embeddings.given) <= (taken + 2) * SLICE_CHUNKS


def test_what_the_model_raises_is_raised_where_the_vectors_are_asked_for() -> None:
    with Embedder(model_of(Counting()), None) as embedder:
        (taken,) = embedder.embed([Chunk("file", "file", None, 0, 1, "no number", is_titled=False)])
        with pytest.raises(ProviderError):
            taken.vectors()
