"""A reader that opens the index anew for each change by another process: in time, without leaks, without a crash."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vectorstore.clustered import store_clustered
from vectorstore.search.retriever import DENSE_CANDIDATES
from vectorstore.storage.store import Store

ROOT = Path(__file__).parents[3]
SEEN_WITHIN_S = 2.0
WARM_UP = 20
# Malloc and Chroma's threads reach their size within the first changes; a leak of one index a change is far above.
GROWTH_MB = 100
SLOW = [pytest.mark.slow, pytest.mark.timeout(1800)]
HANDLES = Path("/proc/self/fd")
# For each number that it reads, stores a document of that many chunks, and says by which ids they go.
WRITER = """
import sys
from pathlib import Path
from tests.vectorstore.clustered import store_clustered
from tests.vectorstore.opened import open_again

store = open_again(Path(sys.argv[1]))
for number, line in enumerate(sys.stdin):
    print(*store_clustered(store, f"s{number}", chunks=int(line)), flush=True)
"""
# Rewrites documents, for which Chroma persists its index each time.
REWRITER = """
import sys
from pathlib import Path
from tests.vectorstore.clustered import store_clustered
from tests.vectorstore.opened import open_again

store = open_again(Path(sys.argv[1]))
for number in range(8):
    store_clustered(store, f"s{number % 2}", chunks=600, version=number)
"""
# Opens the index anew as often as it can, until its input ends.
REOPENER = """
import select, sys
from pathlib import Path
from tests.vectorstore.clustered import clustered
from tests.vectorstore.opened import open_again

store = open_again(Path(sys.argv[1]))
opened = 0
while not select.select([sys.stdin], [], [], 0.01)[0]:
    store.close()
    assert store.snapshot().nearest(clustered(["question"])[0], limit=20)
    opened += 1
print(opened)
"""


class Writer:
    def __init__(self, folder: Path) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", WRITER, str(folder)]
        self.child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def store(self, *, chunks: int) -> list[str]:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(f"{chunks}\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().split()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    writer = Writer(store.folder)
    yield writer
    writer.child.kill()
    writer.child.communicate()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not HANDLES.is_dir(), reason="counts open files where Linux lists them")
@pytest.mark.parametrize(
    ("rows", "changes", "growth_mb"),
    [
        (2_000, 30, GROWTH_MB),
        pytest.param(2_000, 1000, GROWTH_MB, marks=SLOW),
        # Two indexes are open at once while one takes the place of the other.
        pytest.param(200_000, 60, 1000, marks=SLOW),
    ],
)
def test_each_change_of_another_process_is_found_in_time_and_leaves_nothing_open(
    store: Store, writer: Writer, rows: int, changes: int, growth_mb: int
) -> None:
    writer.store(chunks=rows)
    delays, handles, resident = [], [], []
    for _ in range(changes):
        [added] = writer.store(chunks=1)
        began = time.monotonic()
        [(chunk, vector)] = store.fetch([added]).values()
        nearest = store.snapshot().nearest(vector, limit=DENSE_CANDIDATES)
        delays.append(time.monotonic() - began)
        assert added in nearest, chunk.text
        handles.append(len(list(HANDLES.iterdir())))
        resident.append(resident_mb())
    assert max(delays) < SEEN_WITHIN_S
    # Two indexes are open for a moment at each change: what stays is the least of some.
    assert min(handles[-WARM_UP:]) <= max(handles[:WARM_UP])
    assert resident[-1] - resident[WARM_UP] < growth_mb


def test_a_reader_that_opens_the_index_while_another_process_writes_it_does_not_crash(store: Store) -> None:
    store_clustered(store, "s0", chunks=600)
    store.close()
    pipe = subprocess.PIPE
    writer, reader = (
        subprocess.Popen([sys.executable, "-c", code, str(store.folder)], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for code in (REWRITER, REOPENER)
    )
    writer.communicate(timeout=100)
    opened = reader.communicate(timeout=60)[0]
    assert (writer.returncode, reader.returncode) == (0, 0)
    assert int(opened) >= 10
    ids = store.catalogue.chunk_ids()
    assert store.open_vectors().ids() == ids
    assert store.fetch(sorted(ids)).keys() == ids
