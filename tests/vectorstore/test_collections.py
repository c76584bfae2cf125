"""What can be done to whole collections: made, listed, opened, renamed, deleted, by names that are safe."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectorstore.texts import chroma_url, found_texts, put
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
from vectorstore.storage.store import Store

GOOD_NAMES = ["abc", "hr", "q", "1.2.3.4", "a.b", "A-1_b", "0" * 3, "a" * 255, "1.2.3"]
BAD_NAMES = ["", ".", "-", "a/b", "../x", "a..b", "-ab", "ab-", ".ab", "a b", "abc\n", "été", "a" * 256, "ab\0c"]
HINT = "use up to 255 letters, digits, dots, dashes and underscores, with a letter or digit first and last"


def open_it(data_dir: Path, name: str) -> Store:
    return open_store(data_dir, name, chroma_url=chroma_url())


def create(data_dir: Path, name: str) -> Store:
    return create_store(data_dir, name, chroma_url=chroma_url())


def delete(data_dir: Path, name: str) -> None:
    delete_collection(data_dir, name, chroma_url=chroma_url())


def rename(data_dir: Path, name: str, new_name: str) -> None:
    rename_collection(data_dir, name, new_name, chroma_url=chroma_url())


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def data_dir(store: Store) -> Path:
    """Where the collection `library` is."""
    return store.folder.parents[1]


def test_good_names_make_a_collection_that_chroma_takes(data_dir: Path, model: EmbeddingModel) -> None:
    for name in GOOD_NAMES:
        store = create(data_dir, name)
        put(store, model, a="apples")
        assert found_texts(store, model, "apples") == ["apples"]
        store.close()
    assert list_collections(data_dir) == sorted(["library", *GOOD_NAMES])


def test_bad_names_are_refused(tmp_path: Path) -> None:
    for name in BAD_NAMES:
        with pytest.raises(InputError) as raised:
            create_store(tmp_path / "data", name)
        assert (raised.value.message, raised.value.hint) == (f"{name!r} cannot be the name of a collection", HINT)
    assert not (tmp_path / "data").exists()


@given(name=st.text(max_size=12) | st.text("ab./\\-_~0", max_size=9))
def test_no_name_leads_out_of_the_folder_of_collections(name: str) -> None:
    with suppress(InputError):
        folder = collection_folder(Path("/data"), name)
        assert Path(os.path.normpath(folder)).parent == Path("/data/collections")


def test_a_collection_that_is_not_there_is_named_with_those_that_are_and_none_is_made(tmp_path: Path) -> None:
    assert list_collections(tmp_path / "data") == []
    for names in ("", " (there are: books, notes)"):
        with pytest.raises(CollectionNotFoundError) as raised:
            open_store(tmp_path / "data", "papers")
        assert raised.value.message == f"there is no collection papers{names}"
        assert raised.value.hint == "rag ingest --collection papers PATH"
        with pytest.raises(CollectionNotFoundError):
            delete_collection(tmp_path / "data", "papers")
        assert (tmp_path / "data").exists() == bool(names)
        for name in ("notes", "books"):
            create_store(tmp_path / "data", name)
    assert list_collections(tmp_path / "data") == ["books", "notes"]


def test_a_deleted_collection_is_gone_from_disk_and_can_be_made_again(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    put(create(data_dir, "other"), model, b="clouds")
    assert found_texts(store, model, "apples") == ["apples"]
    delete(data_dir, "library")
    assert list_collections(data_dir) == ["other"]
    assert found_texts(open_it(data_dir, "other"), model, "apples") == ["clouds"]
    delete(data_dir, "other")
    assert files_in(data_dir) == []
    again = create(data_dir, "library")
    assert again.fingerprint is None
    put(again, model, b="boats")
    for each in (again, store):  # which was open all along
        assert found_texts(each, model, "apples") == ["boats"]


def test_what_a_killed_deletion_left_behind_is_not_taken_for_a_collection(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    store.close()
    (data_dir / "deleted").mkdir()
    shutil.move(store.folder, data_dir / "deleted" / "library-1")
    assert list_collections(data_dir) == []
    put(create(data_dir, "library"), model, b="boats")
    delete(data_dir, "library")
    assert files_in(data_dir) == []


def test_names_can_be_swapped_and_a_renamed_collection_can_be_added_to(
    store: Store, data_dir: Path, model: EmbeddingModel
) -> None:
    put(store, model, a="apples")
    before = store.catalogue.sources()
    put(create(data_dir, "other"), model, b="boats")
    for name, new_name in (("library", "aside"), ("other", "library"), ("aside", "other")):
        rename(data_dir, name, new_name)
    assert list_collections(data_dir) == ["library", "other"]
    assert found_texts(open_it(data_dir, "library"), model, "apples") == ["boats"]
    renamed = open_it(data_dir, "other")
    assert found_texts(renamed, model, "apples") == ["apples"]
    assert renamed.catalogue.sources() == before
    put(renamed, model, b="clouds")
    assert set(renamed.count_chunks().values()) == {2}
    renamed.close()


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_collection_that_is_empty_or_of_another_model_can_be_renamed_and_deleted(
    store: Store, data_dir: Path, model: EmbeddingModel, is_empty: bool
) -> None:
    if not is_empty:
        put(store, model, a="apples")
        store.catalogue.set_facts(model="openai:text-embedding-3-small", distance="ip")
    rename(data_dir, "library", "papers")
    assert list_collections(data_dir) == ["papers"]
    delete(data_dir, "papers")
    assert list_collections(data_dir) == []


def test_a_name_that_is_in_use_or_bad_is_refused(store: Store, data_dir: Path, model: EmbeddingModel) -> None:
    put(store, model, a="apples")
    create(data_dir, "papers")
    with pytest.raises(CollectionError) as raised:
        rename(data_dir, "library", "papers")
    assert raised.value.message == "there is a collection papers already"
    assert raised.value.hint == "choose another name"
    with pytest.raises(InputError):
        rename(data_dir, "library", "../papers")
    assert found_texts(store, model, "apples") == ["apples"]
