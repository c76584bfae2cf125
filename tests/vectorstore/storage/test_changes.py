"""Each change of chunks leaves states from which the next can go on, and rows from before an index finds them."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.clustered import store_clustered
from tests.vectorstore.conftest import SHARED_MEMORY
from tests.vectorstore.storage.rows import announce, ids, open_catalogue, record, swap
from vectorstore.storage import changes
from vectorstore.storage.catalogue import ADDING, LIVE, REMOVING, Catalogue
from vectorstore.storage.store import Store
from vectorstore.types import Chunk, Page

MEMORY = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
NUMBERS = st.lists(st.integers(0, 9), max_size=6, unique=True)
CHUNKS = [
    Chunk("/d", "Title", n or None, 5 * n, 5 * n + 4, f"row {n}", ("One", f"{n}"), n % 2 == 0, "hash" if n > 7 else "")
    for n in range(10)
]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return open_catalogue(tmp_path)


def test_text_that_two_sources_share_is_kept_until_both_are_gone(catalogue: Catalogue) -> None:
    pages = [Page(None, "the same")]
    one, other = swap(catalogue, "/docs/one", pages), swap(catalogue, "/docs/other", pages)
    assert one.text_id == other.text_id
    changes.retire(catalogue.database, ["/docs/one"], forget=True)
    assert catalogue.pages(one.text_id) == pages
    swap(catalogue, "/docs/other", [Page(None, "something else")])
    assert catalogue.pages(one.text_id) == []


def test_chunks_are_announced_then_live_then_to_be_removed_then_gone(catalogue: Catalogue) -> None:
    one, two, three = ids("/docs/a", 1), ids("/docs/a", 2), ids("/docs/a", 3)
    none: set[str] = set()
    steps: list[tuple[Callable[[], object], list[set[str]]]] = [
        (lambda: announce(catalogue, "/docs/a", 1, 2), [one | two, none, none]),
        (lambda: changes.swap(catalogue.database, [record("/docs/a", [])]), [none, one | two, none]),
        (lambda: announce(catalogue, "/docs/a", 2, 3), [two | three, one | two, none]),
        (lambda: changes.swap(catalogue.database, [record("/docs/a", [])]), [none, two | three, one]),
        (lambda: changes.settle(catalogue.database), [none, two | three, none]),
        (lambda: changes.retire(catalogue.database, ["/docs/a"], forget=True), [none, none, two | three]),
    ]
    generations = [catalogue.generation()]
    for step, expected in steps:
        step()
        found = [catalogue.chunk_ids(state=state) for state in (ADDING, LIVE, REMOVING)]
        assert found == expected
        assert catalogue.state().hidden == (found[0] - found[1]) | found[2]
        assert catalogue.chunk_ids(sources=["/docs/a", "/docs/b"]) == found[1]
        generations.append(catalogue.generation())
    # All but an announcement change what can be found, or what the indexes have.
    assert [one < two for one, two in pairwise(generations)] == [False, True, False, True, True, True]


def test_a_source_that_was_announced_and_never_finished_is_to_be_read_again(catalogue: Catalogue) -> None:
    stored, untouched = swap(catalogue, "/docs/a", [], 1), swap(catalogue, "/docs/b", [], 2)
    announce(catalogue, "/docs/a", 1)
    changes.settle(catalogue.database)
    assert catalogue.sources() == [replace(stored, content_hash="", stamp=0), untouched]
    assert catalogue.chunk_ids() == ids("/docs/a", 1) | ids("/docs/b", 2)


@settings(max_examples=30)
@given(taken=st.lists(st.tuples(st.booleans(), NUMBERS), max_size=12), asked=NUMBERS)
def test_the_rows_are_those_that_were_put_last_and_not_dropped_since(
    taken: list[tuple[bool, list[int]]], asked: list[int]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        catalogue, known = open_catalogue(Path(folder)), dict[str, list[float]]()
        for step, (is_put, numbers) in enumerate(taken):
            names = [CHUNKS[n].id for n in numbers]
            if is_put:
                rows = np.arange(2 * len(names), dtype=np.float32).reshape(len(names), 2) + 100 * step
                changes.put(catalogue.database, [CHUNKS[n] for n in numbers], rows)
                known |= dict(zip(names, rows.tolist(), strict=True))
            else:
                with catalogue.database.writing() as connection:
                    changes.drop_chunks(connection, f"SELECT value FROM json_each('{json.dumps(names)}')")
                known = {one: row for one, row in known.items() if one not in names}
        wanted = {CHUNKS[n].id: CHUNKS[n] for n in asked if CHUNKS[n].id in known}
        names = [CHUNKS[n].id for n in asked]
        fetched, vectors = catalogue.fetch(names), catalogue.vectors(names)
        catalogue.database.close()
    assert list(vectors) == list(fetched) == list(wanted)
    assert {one: chunk for one, (chunk, _) in fetched.items()} == wanted
    for one in wanted:
        assert fetched[one][1].tolist() == vectors[one].tolist() == known[one]


def test_chunks_and_vectors_are_those_of_chroma(store: Store) -> None:
    names = store_clustered(store, "/d/1", chunks=40)
    in_chroma = store.open_vectors().fetch(names)
    fetched = store.fetch([*names, "gone"])
    assert list(fetched) == names
    for one in names:
        assert fetched[one][0] == in_chroma[one][0]
        np.testing.assert_allclose(fetched[one][1], in_chroma[one][1], atol=1e-6)
