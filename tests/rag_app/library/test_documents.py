"""What happens to files when a document is removed for good, and to the removal while another is writing."""

import threading
from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths
from rag_app.library.documents import bring_back, forget, remove_for_now, removed_records
from rag_app.wiring import build_store
from tests.hash_embedding import hash_model
from vectorstore.errors import CollectionError
from vectorstore.storage.store import Store
from vectorstore.types import SourceFilter


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("rag_app.wiring.load_model", lambda settings, on_message: hash_model())
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    for path in (tmp_path / "own.txt", settings.data_dir / "uploads" / "papers" / "copy.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The words of {path.name} are few.\n", encoding="utf-8")
    ingest_paths([tmp_path / "own.txt", settings.data_dir / "uploads"], settings=settings)
    return settings


def sources(store: Store) -> list[str]:
    return [record.source for record in store.catalogue.sources()]


def test_what_is_forgotten_leaves_its_file_on_disk_unless_it_was_uploaded(settings: Settings) -> None:
    store = build_store(settings)
    copy, own = sorted(map(Path, sources(store)), key=lambda path: path.name)
    remove_for_now(store, [str(own), str(copy)])
    assert len(removed_records(store)) == 2
    assert copy.exists()
    forget(store, [str(own), str(copy)], settings=settings)
    assert sources(store) == []
    assert own.exists()
    assert not copy.exists()


def test_what_was_brought_back_meanwhile_is_not_forgotten(settings: Settings) -> None:
    store = build_store(settings)
    before = sources(store)
    remove_for_now(store, before)
    bring_back(store, before)
    forget(store, before, settings=settings)
    assert sources(store) == before
    assert all(Path(source).exists() for source in before)


def test_while_another_is_writing_a_document_leaves_the_answers_and_is_not_forgotten(settings: Settings) -> None:
    store, is_writing, may_end = build_store(settings), threading.Event(), threading.Event()

    def write() -> None:
        with build_store(settings).writing():
            is_writing.set()
            may_end.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    assert is_writing.wait(30)
    remove_for_now(store, sources(store))
    assert store.catalogue.matching(SourceFilter()) == {}
    with pytest.raises(CollectionError, match="being read just now"):
        forget(store, sources(store), settings=settings)
    may_end.set()
    writer.join()
    assert len(removed_records(store)) == 2
