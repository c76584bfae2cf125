"""The table has each chunk and vector as it was put last, from before an index finds it until after."""

import json
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.clustered import MADE_UP, clustered, store_clustered
from tests.vectorstore.conftest import SHARED_MEMORY
from tests.vectorstore.texts import source_of
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.changes import drop_chunks, put
from vectorstore.storage.store import Store
from vectorstore.types import Chunk

MEMORY = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
NUMBERS = st.lists(st.integers(0, 9), max_size=6, unique=True)
CHUNKS = [
    Chunk("/d", "Title", n or None, 5 * n, 5 * n + 4, f"row {n}", ("One", f"{n}"), n % 2 == 0, "hash" if n > 7 else "")
    for n in range(10)
]


def open_table(folder: Path) -> Catalogue:
    catalogue = Catalogue(folder)
    catalogue.database.create()
    return catalogue


@settings(max_examples=30)
@given(changes=st.lists(st.tuples(st.booleans(), NUMBERS), max_size=12), asked=NUMBERS)
def test_it_has_what_was_put_last_and_not_dropped_since(
    changes: list[tuple[bool, list[int]]], asked: list[int]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        table, known = open_table(Path(folder)), dict[str, list[float]]()
        for step, (is_put, numbers) in enumerate(changes):
            ids = [CHUNKS[n].id for n in numbers]
            if is_put:
                rows = np.arange(2 * len(ids), dtype=np.float32).reshape(len(ids), 2) + 100 * step
                put(table.database, [CHUNKS[n] for n in numbers], rows)
                known |= dict(zip(ids, rows.tolist(), strict=True))
            else:
                with table.database.writing() as connection:
                    drop_chunks(connection, f"SELECT value FROM json_each('{json.dumps(ids)}')")
                known = {one: row for one, row in known.items() if one not in ids}
        wanted = {CHUNKS[n].id: CHUNKS[n] for n in asked if CHUNKS[n].id in known}
        asked_ids = [CHUNKS[n].id for n in asked]
        fetched, vectors = table.fetch(asked_ids), table.vectors(asked_ids)
        table.database.close()
    assert list(vectors) == list(fetched) == list(wanted)
    assert {one: chunk for one, (chunk, _) in fetched.items()} == wanted
    for one in wanted:
        assert fetched[one][1].tolist() == vectors[one].tolist() == known[one]


def test_chunks_and_vectors_are_those_of_chroma(store: Store) -> None:
    ids = store_clustered(store, "/d/1", chunks=40)
    in_chroma = store.open_vectors().fetch(ids)
    fetched = store.fetch([*ids, "gone"])
    assert list(fetched) == ids
    assert {one: chunk for one, (chunk, _) in fetched.items()} == {one: chunk for one, (chunk, _) in in_chroma.items()}
    for one in ids:
        np.testing.assert_allclose(fetched[one][1], in_chroma[one][1], atol=1e-6)


def test_a_chunk_that_got_another_vector_has_none_of_its_old_one(store: Store) -> None:
    [chunk_id] = store_clustered(store, "/d/1", chunks=1)
    [vector] = clustered(["another"])
    item = source_of("/d/1", ["row 0 of /d/1, version 0"])
    with store.writing(MADE_UP):
        store.replace([item], [(item.chunks, vector[np.newaxis])])
    np.testing.assert_allclose(store.catalogue.vectors([chunk_id])[chunk_id], vector, atol=1e-6)


def test_what_is_removed_is_gone_from_the_file_too(store: Store) -> None:
    ids = store_clustered(store, "/d/1", chunks=5)
    with store.writing():
        store.remove(["/d/1"], forget=True)
    assert store.catalogue.vectors(ids) == {}
    with store.catalogue.database.reading() as connection:
        for table in ("vectors", "chunks", "states", "pages", "sources"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
