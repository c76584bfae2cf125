import os
import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.vectorstore.clustered import MADE_UP, clustered, store_clustered
from tests.vectorstore.texts import source_of
from vectorstore.storage.chunk_table import ChunkTable
from vectorstore.storage.store import Store
from vectorstore.types import Chunk

NUMBERS = st.lists(st.integers(0, 9), max_size=6, unique=True)
CHUNKS = [Chunk("/d", "Title", n or None, 5 * n, 5 * n + 4, f"row {n}", ("One", f"{n}")) for n in range(10)]


@given(changes=st.lists(st.tuples(st.booleans(), NUMBERS), max_size=12), asked=NUMBERS)
def test_it_has_what_was_put_last_and_not_dropped_since(
    changes: list[tuple[bool, list[int]]], asked: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table, known = ChunkTable(Path(folder) / "chunks"), dict[str, list[float]]()
        for step, (is_put, numbers) in enumerate(changes):
            ids = [CHUNKS[n].id for n in numbers]
            table.drop(ids)
            known = {one: row for one, row in known.items() if one not in ids}
            if is_put:
                rows = np.arange(2 * len(ids), dtype=np.float32).reshape(len(ids), 2) + 100 * step
                table.put([CHUNKS[n] for n in numbers], rows)
                known |= dict(zip(ids, rows.tolist(), strict=True))
        wanted = {CHUNKS[n].id: CHUNKS[n] for n in asked if CHUNKS[n].id in known}
        table = ChunkTable(Path(folder) / "chunks")
        found, vectors = table.fetch([CHUNKS[n].id for n in asked]), table.vectors([CHUNKS[n].id for n in asked])
    assert {one: row.tolist() for one, row in vectors.items()} == {one: known[one] for one in wanted}
    assert {one: chunk for one, (chunk, _) in found.items()} == wanted
    assert {one: row.tolist() for one, (_, row) in found.items()} == {one: known[one] for one in wanted}


def test_chunks_and_vectors_are_those_of_chroma_whether_the_table_has_them_or_not(store: Store) -> None:
    ids = store_clustered(store, "/d/1", chunks=40)
    in_chroma = store.open_vectors().vectors(ids)
    assert len(store.table.vectors(ids)) == 40
    store.table.drop(ids[::2])
    found, fetched = store.vectors([*ids, "gone"]), store.fetch([*ids, "gone"])
    assert list(found) == list(fetched) == ids
    assert {chunk_id: chunk for chunk_id, (chunk, _) in fetched.items()} == {
        chunk_id: chunk for chunk_id, (chunk, _) in store.open_vectors().fetch(ids).items()
    }
    for chunk_id in ids:
        np.testing.assert_allclose(fetched[chunk_id][1], in_chroma[chunk_id], atol=1e-6)
        np.testing.assert_allclose(found[chunk_id], in_chroma[chunk_id], atol=1e-6)


def test_a_chunk_that_got_another_vector_has_none_of_its_old_one(store: Store) -> None:
    [chunk_id] = store_clustered(store, "/d/1", chunks=1)
    [vector] = clustered(["another"])
    with store.writing(MADE_UP):
        store.replace([source_of("/d/1", ["row 0 of /d/1, version 0"])], lambda part: vector[np.newaxis])
    np.testing.assert_allclose(store.vectors([chunk_id])[chunk_id], vector, atol=1e-6)


def test_what_is_removed_is_gone_from_the_file_too(store: Store) -> None:
    ids = store_clustered(store, "/d/1", chunks=5)
    with store.writing():
        store.remove(["/d/1"], forget=True)
    assert store.vectors(ids) == {}
    with sqlite3.connect(store.folder / "chunks" / "chunks.sqlite3") as connection:
        for table in ("vectors", "texts"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()


def test_a_table_that_was_deleted_and_made_anew_is_read_anew(tmp_path: Path) -> None:
    folder, vector = tmp_path / "chunks", np.ones((1, 2), np.float32)
    table = ChunkTable(folder)
    table.put(CHUNKS[:1], vector)
    assert table.vectors([CHUNKS[0].id])
    shutil.rmtree(folder)
    ChunkTable(folder).put(CHUNKS[1:2], vector)
    assert list(table.vectors([chunk.id for chunk in CHUNKS])) == [CHUNKS[1].id]


def test_connections_are_kept_for_the_next_reading_until_it_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "chunks"
    table = ChunkTable(folder)
    table.put(CHUNKS, np.ones((len(CHUNKS), 2), np.float32))
    ids = [chunk.id for chunk in CHUNKS]
    with ThreadPoolExecutor(4) as pool:
        assert all(len(found) == len(CHUNKS) for found in pool.map(lambda _: table.fetch(ids), range(40)))
    assert 1 <= open_files(folder) <= 4
    table.close()
    assert open_files(folder) == 0
    assert len(table.vectors(ids)) == len(CHUNKS)


def open_files(folder: Path) -> int:
    links = (os.path.realpath(link) for link in Path("/proc/self/fd").iterdir())
    return sum(target.startswith(str(folder)) for target in links)
