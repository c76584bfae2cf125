"""What every test of ingest has: the real embedding model, and collections and folders that live as long as a test."""

import platformdirs
import pytest
from hypothesis import settings

from vectorstore.embeddings import EmbeddingModel, load_embedding_model

# Opening a model, a file or an index the first time takes longer than any deadline for one example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))
