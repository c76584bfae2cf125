"""The laws of storage hold whatever the model: here it is an embedding by hash."""

from collections.abc import Iterator

import pytest

from tests.hash_embedding import hash_model
from tests.vectorstore.storage.other_process import OtherProcess
from vectorstore.embeddings import EmbeddingModel


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return hash_model()


@pytest.fixture(scope="session")
def others() -> Iterator[list[OtherProcess]]:
    others = [OtherProcess(), OtherProcess()]
    assert [other.answer() for other in others] == ["ready"] * 2
    yield others
    for other in others:
        other.end()


@pytest.fixture
def other(others: list[OtherProcess]) -> OtherProcess:
    return others[0]
