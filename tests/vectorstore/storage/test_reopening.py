"""A reader that opens the index for each change by another process: in time, without leaks, without a crash."""

import os
import time
from pathlib import Path

import pytest

from tests.vectorstore.clustered import store_clustered
from tests.vectorstore.storage.other_process import OtherProcess
from vectorstore.search.retriever import DENSE_CANDIDATES
from vectorstore.storage.store import Store

SEEN_WITHIN_S = 2.0
# Malloc and Chroma's threads reach their size within the first changes; a leak of one index a change is far above.
GROWTH_MB = 100
SLOW = [pytest.mark.slow, pytest.mark.timeout(1800)]
HANDLES = Path("/proc/self/fd")


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.long("another process writes")
@pytest.mark.skipif(not HANDLES.is_dir(), reason="counts open files where Linux lists them")
@pytest.mark.parametrize(
    ("rows", "changes", "growth_mb"),
    [
        (2_000, 20, GROWTH_MB),
        pytest.param(2_000, 1000, GROWTH_MB, marks=SLOW),
        # Two indexes are open at once while one takes the place of the other.
        pytest.param(200_000, 60, 1000, marks=SLOW),
    ],
)
def test_each_change_of_another_process_is_found_in_time_and_leaves_nothing_open(
    store: Store, others: list[OtherProcess], rows: int, changes: int, growth_mb: int
) -> None:
    others[0].does(store.folder, "store", [("s", rows, 0)])
    delays, handles, resident, warm = [], [], [], min(changes // 2, 20)
    for number in range(changes):
        [added] = others[0].does(store.folder, "store", [(f"s{number}", 1, 0)])
        began = time.monotonic()
        [(chunk, vector)] = store.fetch([added]).values()
        nearest = store.snapshot().nearest(vector, limit=DENSE_CANDIDATES)
        delays.append(time.monotonic() - began)
        assert added in nearest, chunk.text
        handles.append(len(list(HANDLES.iterdir())))
        resident.append(resident_mb())
    assert max(delays) < SEEN_WITHIN_S
    # Two indexes are open for a moment at each change: what stays is the least of some.
    assert min(handles[-warm:]) <= max(handles[:warm])
    assert resident[-1] - resident[warm] < growth_mb


@pytest.mark.long("another process writes")
@pytest.mark.parametrize("rewrites", [4, pytest.param(40, marks=SLOW)])
def test_a_reader_that_opens_the_index_while_another_process_writes_it_does_not_crash(
    store: Store, others: list[OtherProcess], rewrites: int
) -> None:
    """Chroma persists its index each time that a document is rewritten."""
    writer, reader = others
    store_clustered(store, "s0", chunks=600)
    store.close()
    reader.send(store.folder, "reopen")
    writer.does(store.folder, "store", [(f"s{number % 2}", 600, number) for number in range(rewrites)])
    assert reader.does(store.folder, "end") > 1
    ids = store.catalogue.chunk_ids()
    assert store.open_vectors().ids() == ids
    assert store.fetch(sorted(ids)).keys() == ids
