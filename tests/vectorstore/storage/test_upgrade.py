"""A collection of an older format has all that it had when it is opened, and nothing is embedded for it."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from tests.ingest.library import state_of, vectors_of
from tests.vectorstore.storage.format_1 import make_format_1
from tests.vectorstore.storage.stopping import stop_before
from tests.vectorstore.texts import chroma_url, embedded, open_again, put, source_of
from vectorstore.collections import list_collections, open_store
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage import changes, database, upgrade
from vectorstore.storage.database import FORMAT, OF_FORMAT_1
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint, Page, Picture, Refusal

PICTURE = Picture("f00", b"webp", 4, 3, b"signature")
STEPS = {one.__code__ for one in (upgrade.copy, upgrade.fetch_missing, database.put_in_place, database.remove)}


@pytest.fixture(params=["as it was made", "after a rebuild"])
def filled(store: Store, model: EmbeddingModel, request: pytest.FixtureRequest) -> Iterator[Store]:
    """With every kind of row: several pages, a picture, a missing and a hidden source, an unfinished change."""
    made_by = Fingerprint(model.name, "cosine")
    if request.param == "after a rebuild":
        with store.writing(made_by), store.rebuilding(made_by) as rebuilt:
            fill(rebuilt, model)
    else:
        with store.writing(made_by):
            fill(store, model)
    store.catalogue.hide(["hidden"])
    store.catalogue.set_facts(uploads="library")
    store.catalogue.note_repair("a run was cut short")
    changes.announce(store.catalogue.database, [source_of("boats", ["boats float"])])
    yield store
    store.close()


def fill(store: Store, model: EmbeddingModel) -> None:
    apples = source_of("apples", ["apples are red", "apples are sweet", "a photograph of an apple"])
    last = replace(apples.chunks[2], picture=PICTURE.hash, headings=("Fruit", "Ünïcode"))
    apples = replace(apples, chunks=[*apples.chunks[:2], last], pictures={PICTURE.hash: PICTURE})
    book = replace(source_of("book", ["the sea is wide"]), pages=[Page(1, "the sea is wide"), Page(2, "\ud800 half")])
    batch = [apples, book, source_of("hidden", ["apples hidden"]), source_of("missing", ["gone"])]
    store.replace(batch, embedded(model, *batch))
    store.remove(["missing"], forget=False)
    store.catalogue.note_refusals([Refusal("bad", 1, 2, "failed", "damaged")], reader="reader")


def all_of(store: Store, model: EmbeddingModel) -> dict[str, Any]:
    catalogue = store.catalogue
    return state_of(store) | {
        "facts": {name: value for name, value in catalogue.state().facts.items() if name != "changes"},
        "states": [catalogue.chunk_ids(state=state) for state in ("adding", "live", "removing")],
        "vectors": vectors_of(store).tolist(),
        "pictures": catalogue.pictures([PICTURE.hash]),
        "refusals": catalogue.refusals("reader"),
        "repairs": catalogue.repairs(),
        "found": [HybridRetriever(store=store, model=model).search(words) for words in ("apples", "the wide sea")],
    }


def files_of(store: Store) -> set[str]:
    return {path.name for path in store.folder.rglob("*") if path.suffix == ".sqlite3"} - {"chroma.sqlite3"}


def test_it_has_all_that_it_had_and_embeds_nothing(filled: Store, model: EmbeddingModel) -> None:
    before, data_dir = all_of(filled, model), filled.folder.parents[1]
    make_format_1(filled)
    assert files_of(filled) == {"catalogue.sqlite3", "chunks.sqlite3", "pictures.sqlite3"}
    assert list_collections(data_dir) == ["library"]
    # No model is given to it: there is none that could embed.
    opened = open_store(data_dir, "library", chroma_url=chroma_url())
    assert all_of(opened, model) == before
    assert files_of(filled) == {"collection.sqlite3"}
    assert list_collections(data_dir) == ["library"]
    put(opened, model, clouds="clouds rain")
    assert opened.load_page("clouds", None) == "clouds rain"
    assert len(set(opened.count_chunks().values())) == 1


def test_one_that_is_killed_before_any_of_its_steps_is_made_by_the_next(filled: Store, model: EmbeddingModel) -> None:
    before = all_of(filled, model)
    make_format_1(filled)
    nth = 1
    while stop_before(nth, partial(open_again, filled.folder), steps=STEPS):
        assert list_collections(filled.folder.parents[1]) == ["library"]
        nth += 1
    assert nth > 7
    opened = open_again(filled.folder)
    assert all_of(opened, model) == before
    opened.mend()
    assert files_of(opened) == {"collection.sqlite3"}


def test_chunks_that_only_chroma_has_are_read_from_there(filled: Store, model: EmbeddingModel) -> None:
    before = all_of(filled, model)
    make_format_1(filled, only_in_chroma=sorted(filled.catalogue.chunk_ids())[::2])
    after = all_of(open_again(filled.folder), model)
    for name in ("states", "chunks"):
        assert after[name] == before[name]
    np.testing.assert_allclose(after["vectors"], before["vectors"], atol=1e-6)


@pytest.mark.parametrize("is_cut_short", [False, True])
def test_an_empty_one_and_one_whose_making_was_killed_at_once_are_empty(store: Store, is_cut_short: bool) -> None:
    make_format_1(store)
    if is_cut_short:
        (store.folder / OF_FORMAT_1).write_bytes(b"")
    assert open_again(store.folder).catalogue.sources() == []


def test_one_of_format_2_is_read_as_it_is_and_brought_up_to_date_by_its_first_change(
    filled: Store, model: EmbeddingModel
) -> None:
    before, path = all_of(filled, model), filled.catalogue.database.path
    filled.close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "ALTER TABLE sources RENAME COLUMN stamp TO mtime_ns; ALTER TABLE refusals RENAME COLUMN stamp TO mtime_ns;"
            "PRAGMA user_version = 2;"
        )
        opened = open_again(filled.folder)
        assert all_of(opened, model) == before
        assert old.execute("PRAGMA user_version").fetchall() == [(2,)]
        opened.catalogue.note_stamps({"apples": 5})
        assert all_of(opened, model) == before
        assert old.execute("PRAGMA user_version").fetchall() == [(FORMAT,)]
        assert old.execute("SELECT stamp FROM sources WHERE source = 'apples'").fetchall() == [(5,)]


def test_one_that_waits_for_a_writer_says_so(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    make_format_1(store)
    lock = FileLock(store.folder / "write.lock")
    lock.acquire()
    with ThreadPoolExecutor(1) as threads:
        opening = threads.submit(open_again, store.folder)
        while "waiting" not in caplog.text:
            time.sleep(0.01)
        assert not opening.done()
        lock.release()
        assert opening.result().catalogue.sources() == []
