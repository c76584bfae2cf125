"""The laws of storage hold whatever the model: here it is an embedding by hash."""

import pytest

from tests.hash_embedding import hash_model
from vectorstore.embeddings import EmbeddingModel


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return hash_model()
