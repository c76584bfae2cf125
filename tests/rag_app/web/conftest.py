"""One page server for all tests of a worker process: the samples, and whatever collections its tests ingest."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths
from tests.rag_app.browsing import served


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
