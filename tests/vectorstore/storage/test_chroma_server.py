"""A collection whose vectors are on a Chroma server, a real one on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chroma_server import ChromaServer, free_port
from tests.vectorstore.texts import found_texts, put, remove
from vectorstore.collections import create_store, delete_collection, open_store, rename_collection
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import StorageError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    with ChromaServer(tmp_path / "server") as server:
        yield server


def test_a_collection_on_a_server_is_filled_searched_renamed_and_deleted(
    server: ChromaServer, model: EmbeddingModel, tmp_path: Path
) -> None:
    url = server.url
    store = create_store(tmp_path, "library", chroma_url=url)
    put(store, model, a="apples grow", b="boats sail")
    assert found_texts(store, model, "apples") == ["apples grow", "boats sail"]
    assert not (tmp_path / "collections" / "library" / "chroma").exists()
    put(store, model, a="ants crawl")
    remove(store, "b")
    assert found_texts(store, model, "boats") == ["ants crawl"]
    assert set(store.count_chunks().values()) == {1}
    rename_collection(tmp_path, "library", "papers", chroma_url=url)
    papers = open_store(tmp_path, "papers", chroma_url=url)
    assert found_texts(papers, model, "ants") == ["ants crawl"]
    delete_collection(tmp_path, "papers", chroma_url=url)
    again = create_store(tmp_path, "papers", chroma_url=url)
    put(again, model, c="clouds rain")
    assert found_texts(again, model, "ants") == ["clouds rain"]
    again.close()


def test_a_server_that_dies_is_told_and_what_was_stored_is_kept(
    server: ChromaServer, model: EmbeddingModel, tmp_path: Path
) -> None:
    store = create_store(tmp_path, "library", chroma_url=server.url)
    put(store, model, a="apples grow")
    server.end()
    for action in (lambda: found_texts(store, model, "apples"), lambda: put(store, model, b="boats sail")):
        with pytest.raises(StorageError) as raised:
            action()
        assert raised.value.message.startswith(f"the collection in {store.folder} cannot be read: ")
    store.close()
    assert [record.source for record in store.catalogue.sources()] == ["a"]
    assert store.load_page("a", None) == "apples grow"


def test_a_server_that_is_not_there_is_told(model: EmbeddingModel, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    store = create_store(tmp_path, "library", chroma_url=url)
    with pytest.raises(StorageError) as raised:
        put(store, model, a="apples grow")
    assert raised.value.message == f"no Chroma server answers at {url}"
    assert raised.value.hint == (
        "start one with `chroma run --path FOLDER`, or unset RAG_CHROMA_URL to use the embedded one"
    )
