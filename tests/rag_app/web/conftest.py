"""Two servers for all tests of a worker process, one that quotes and one where a model writes, over the same data."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths
from tests.rag_app.browsing import served
from tests.rag_app.fault_server import FaultServer

MODEL = "openai:a*model*"


@dataclass(frozen=True, slots=True)
class Site:
    """A served page whose default collection is `samples`; `/library?collection=NAME` opens another one."""

    url: str
    folder: Path

    def settings(self, collection: str = "samples") -> Settings:
        return Settings(collection=collection, data_dir=self.folder / "data")

    def ingest(self, collection: str, texts: dict[str, str], *paths: Path) -> Path:
        """Ingest texts by file name, and files, into a collection of their own; returns the folder of the texts."""
        docs = self.folder / collection
        docs.mkdir(exist_ok=True)
        for name, text in texts.items():
            (docs / name).write_text(text, encoding="utf-8")
        ingest_paths([docs, *paths], settings=self.settings(collection))
        return docs


@pytest.fixture(scope="session")
def site(samples_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Each test takes a collection of its own, unless it only reads `samples`: the others read it too."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(samples_settings.data_dir, folder / "data")
    with served(folder / "data", "samples", log=folder / "log") as url:
        yield Site(url, folder)


@pytest.fixture(scope="session")
def model() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="session")
def written_url(model: FaultServer, site: Site) -> Iterator[str]:
    """Where MODEL writes the answers, of five passages at most."""
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "key-of-the-tests", "RAG_TOP_K": "5"}
    with served(site.folder / "data", "samples", log=site.folder / "log-written", RAG_LLM=MODEL, **settings) as url:
        yield url
