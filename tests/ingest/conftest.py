"""What every test of ingest has: the real embedding model, and libraries, embedded by hash, that live a test long."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest
from hypothesis import settings

from tests.hash_embedding import hash_model
from vectorstore.embeddings import EmbeddingModel, load_embedding_model

pytest.register_assert_rewrite("tests.ingest.library")
from tests.ingest.library import Library  # noqa: E402 - its assertions are to tell what differs

# Opening a model, a file or an index the first time takes longer than any deadline for one example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Every commit waits for the disk, four times as long as all the rest takes: where there is memory to write to, it is.
SHARED_MEMORY = Path("/dev/shm")

NewLibrary = Callable[[], Library]


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))


@pytest.fixture(scope="session")
def new_library(tmp_path_factory: pytest.TempPathFactory, chroma_server: str | None) -> Iterator[NewLibrary]:
    """Makes empty libraries, any number in one test: an example of hypothesis has no fixtures of its own."""
    parent = SHARED_MEMORY if SHARED_MEMORY.is_dir() else tmp_path_factory.mktemp("libraries")
    with tempfile.TemporaryDirectory(dir=parent, prefix="rag-test-") as folder:
        yield lambda: Library(Path(tempfile.mkdtemp(dir=folder)), hash_model())


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if each file had changed for the last time long ago."""
    monkeypatch.setattr("ingest.discovery.TICK_NS", -(10**12))


@pytest.fixture
def library(new_library: NewLibrary) -> Iterator[Library]:
    library = new_library()
    yield library
    library.close()
