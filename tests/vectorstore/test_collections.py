"""What can be done to whole collections: made, listed, opened, renamed, deleted, by names that are safe."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectorstore.opened import chroma_url
from tests.vectorstore.texts import put
from vectorstore.collections import (
    collection_folder,
    create_store,
    delete_collection,
    list_collections,
    open_store,
    rename_collection,
)
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import CollectionError, CollectionNotFoundError, InputError
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store

GOOD_NAMES = ["abc", "a.b", "A-1_b", "0" * 3, "a" * 255, "1.2.3", "256.1.1.1"]
BAD_NAMES = [
    "",
    "ab",
    "a/b",
    "../x",
    "a..b",
    "-ab",
    "ab-",
    ".ab",
    "a b",
    "abc\n",
    "été",
    "a" * 256,
    "1.2.3.4",
    "ab\0c",
    "~ab",
]


def found(store: Store, model: EmbeddingModel, question: str = "apples") -> list[str]:
    return [passage.chunk.text for passage in HybridRetriever(store=store, model=model).search(question)]


@pytest.fixture
def data_dir(store: Store) -> Path:
    """Where the collection `library` is."""
    return store.folder.parents[1]


@pytest.mark.parametrize("name", GOOD_NAMES, ids=lambda name: name[:9])
def test_good_names_make_a_collection_that_chroma_takes(data_dir: Path, model: EmbeddingModel, name: str) -> None:
    store = create_store(data_dir, name, chroma_url=chroma_url())
    put(store, model, a="apples")
    assert found(store, model) == ["apples"]
    assert list_collections(data_dir) == sorted(["library", name])
    store.close()


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:9]))
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as raised:
        create_store(tmp_path / "data", name)
    assert raised.value.message == f"{name!r} cannot be the name of a collection"
    assert raised.value.hint == (
        "use 3 to 255 letters, digits, dots, dashes and underscores, with a letter or digit first and last"
    )
    assert not (tmp_path / "data").exists()


@given(name=st.text(max_size=12) | st.text("ab./\\-_~0", max_size=9))
def test_no_name_leads_out_of_the_folder_of_collections(name: str) -> None:
    data_dir = Path("/data")
    try:
        folder = collection_folder(data_dir, name)
    except InputError:
        return
    assert Path(os.path.normpath(folder)).parent == data_dir / "collections"


def test_a_collection_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFoundError) as raised:
        open_store(tmp_path, "papers")
    assert (raised.value.message, raised.value.hint) == (
        "there is no collection papers",
        "rag ingest --collection papers PATH",
    )
    for name in ("notes", "books"):
        create_store(tmp_path, name)
    with pytest.raises(CollectionNotFoundError) as raised:
        open_store(tmp_path, "papers")
    assert raised.value.message == "there is no collection papers (there are: books, notes)"
    assert list_collections(tmp_path) == ["books", "notes"]


def test_looking_for_collections_makes_nothing(tmp_path: Path) -> None:
    assert list_collections(tmp_path / "data") == []
    with pytest.raises(CollectionNotFoundError):
        delete_collection(tmp_path / "data", "papers")
    assert not (tmp_path / "data").exists()


def test_a_deleted_collection_is_gone_from_disk_and_can_be_made_again(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    assert found(store, model) == ["apples"]
    delete_collection(data_dir, "library", chroma_url=chroma_url())
    assert list_collections(data_dir) == []
    assert [path for path in data_dir.rglob("*") if path.is_file()] == []
    again = create_store(data_dir, "library", chroma_url=chroma_url())
    assert again.fingerprint is None
    put(again, model, b="boats")
    assert found(again, model) == ["boats"]
    assert found(store, model) == ["boats"]  # a Store that was open all along


def test_what_a_killed_deletion_left_behind_is_not_taken_for_a_collection(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    store.close()
    (data_dir / "deleted").mkdir()
    shutil.move(store.folder, data_dir / "deleted" / "library-1")
    assert list_collections(data_dir) == []
    put(create_store(data_dir, "library", chroma_url=chroma_url()), model, b="boats")
    delete_collection(data_dir, "library", chroma_url=chroma_url())
    assert [path for path in data_dir.rglob("*") if path.is_file()] == []


def test_deleting_one_collection_leaves_the_others(store: Store, data_dir: Path, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    put(create_store(data_dir, "other", chroma_url=chroma_url()), model, b="boats")
    delete_collection(data_dir, "other", chroma_url=chroma_url())
    assert found(store, model) == ["apples"]
    assert list_collections(data_dir) == ["library"]


def test_a_renamed_collection_has_all_it_had_and_can_be_added_to(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    before = store.catalogue.sources()
    rename_collection(data_dir, "library", "papers", chroma_url=chroma_url())
    assert list_collections(data_dir) == ["papers"]
    papers = open_store(data_dir, "papers", chroma_url=chroma_url())
    assert papers.catalogue.sources() == before
    assert found(papers, model) == ["apples"]
    put(papers, model, b="boats")
    assert set(papers.count_chunks().values()) == {2}
    papers.close()


def test_names_can_be_swapped(store: Store, data_dir: Path, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    put(create_store(data_dir, "other", chroma_url=chroma_url()), model, b="boats")
    rename_collection(data_dir, "library", "aside", chroma_url=chroma_url())
    rename_collection(data_dir, "other", "library", chroma_url=chroma_url())
    rename_collection(data_dir, "aside", "other", chroma_url=chroma_url())
    assert found(open_store(data_dir, "library", chroma_url=chroma_url()), model) == ["boats"]
    assert found(open_store(data_dir, "other", chroma_url=chroma_url()), model) == ["apples"]


def test_an_empty_collection_can_be_renamed_and_deleted(store: Store, data_dir: Path) -> None:
    rename_collection(data_dir, "library", "papers", chroma_url=chroma_url())
    assert list_collections(data_dir) == ["papers"]
    delete_collection(data_dir, "papers", chroma_url=chroma_url())
    assert list_collections(data_dir) == []


def test_a_name_that_is_taken_is_refused(store: Store, data_dir: Path, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    create_store(data_dir, "papers", chroma_url=chroma_url())
    with pytest.raises(CollectionError) as raised:
        rename_collection(data_dir, "library", "papers", chroma_url=chroma_url())
    assert (raised.value.message, raised.value.hint) == (
        "there is a collection papers already",
        "rag collections delete papers",
    )
    with pytest.raises(InputError):
        rename_collection(data_dir, "library", "../papers", chroma_url=chroma_url())
    assert found(store, model) == ["apples"]


def test_a_collection_of_another_model_can_be_renamed_and_deleted(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    store.catalogue.set_facts(model="openai:text-embedding-3-small", distance="ip")
    rename_collection(data_dir, "library", "papers", chroma_url=chroma_url())
    delete_collection(data_dir, "papers", chroma_url=chroma_url())
    assert list_collections(data_dir) == []
