"""What every test of vectorstore has: the real embedding model, and collections in folders of their own."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest
from hypothesis import settings

from tests.vectorstore.texts import chroma_url
from vectorstore.collections import create_store
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.storage.store import Store

# Opening a model, a file or an index the first time takes longer than any deadline for one example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Every commit waits for the disk, four times as long as all the rest takes: where there is memory to write to, it is.
SHARED_MEMORY = Path("/dev/shm")

NewStore = Callable[[], Store]


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory, chroma_server: str | None) -> Iterator[NewStore]:
    """Makes empty collections, any number in one test: an example of hypothesis has no fixtures of its own."""
    parent = SHARED_MEMORY if SHARED_MEMORY.is_dir() else tmp_path_factory.mktemp("stores")
    opened: list[Store] = []

    def create() -> Store:
        opened.append(create_store(Path(tempfile.mkdtemp(dir=folder)), "library", chroma_url=chroma_url()))
        return opened[-1]

    with tempfile.TemporaryDirectory(dir=parent, prefix="rag-test-") as folder:
        yield create
        for store in opened:
            store.close()


@pytest.fixture
def store(new_store: NewStore) -> Iterator[Store]:
    store = new_store()
    yield store
    store.close()
