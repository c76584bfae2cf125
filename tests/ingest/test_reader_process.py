"""What a file does to its reader ends as an outcome, and nothing of the reader outlives the ingest."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.chunking.chunks import ChunkSize
from ingest.reader_process import Bounds, Reader
from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource
from tests.hash_embedding import count_words

OPTIONS = ReadOptions(ChunkSize(200, 254, count_words), max_bytes=1_000_000)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.md"
    path.write_text("# Moon\n\nIt goes around the Earth.\n")
    return path


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(OPTIONS, Bounds()) as reader:
        yield reader


def read(reader: Reader, path: Path, known_hash: str | None = None) -> ReadSource:
    return reader.read(ReadRequest(str(path), path, known_hash))


def test_a_file_is_read_and_cut_in_another_process_which_is_replaced_when_it_dies(reader: Reader, small: Path) -> None:
    found = read(reader, small)
    assert found.item is not None
    assert (found.outcome, found.item.record.title) == ("read", "Moon")
    assert [chunk.text for chunk in found.item.chunks] == ["# Moon\n\nIt goes around the Earth."]
    again = read(reader, small, found.item.record.content_hash)
    assert (again.outcome, again.item) == ("same", None)
    assert reader._running is not None
    os.kill(reader._running[0].pid, signal.SIGKILL)
    assert read(reader, small).outcome == "read"


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(reader: Reader, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert read(reader, tmp_path / "pipe.md").reason == "not a regular file (name files and folders)"


def test_a_file_that_takes_too_long_fails_and_the_next_is_read(small: Path) -> None:
    with Reader(OPTIONS, Bounds(seconds=0.01)) as hasty:  # the process alone takes longer to start
        found = read(hasty, small)
        assert (found.outcome, found.reason) == (
            "failed",
            "not read within 0.01 s (split it into smaller files, or raise RAG_MAX_FILE_SECONDS)",
        )
        hasty._bounds = Bounds()
        assert read(hasty, small).outcome == "read"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory exactly")
def test_a_file_that_needs_too_much_memory_fails_and_the_next_is_read(small: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.md"
    large.write_text("Many words of no meaning. " * 3_000_000)
    with Reader(OPTIONS, Bounds(memory_bytes=300_000_000)) as reader:
        found = read(reader, large)
        assert (found.outcome, found.reason) == (
            "failed",
            "its reader needed more than 0.3 GB of memory, or broke down "
            "(split it into smaller files, or raise RAG_MAX_READER_MB)",
        )
        assert read(reader, small).outcome == "read"


START = """
import sys, time
from pathlib import Path
from ingest.reader_process import Bounds, Reader
from tests.ingest.test_reader_process import OPTIONS, read

reader = Reader(OPTIONS, Bounds())
read(reader, Path(sys.argv[1]))
print(reader._running[0].pid, flush=True)
time.sleep(60)
"""


def test_a_reader_ends_with_an_ingest_that_is_killed(small: Path) -> None:
    command = [sys.executable, "-c", START, str(small)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as ingest:
        assert ingest.stdout is not None
        pid = int(ingest.stdout.readline())
        assert is_alive(pid)
        ingest.kill()
    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    # A process whose end nobody has asked for yet is no longer one.
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_reader_runs_no_code_of_the_current_folder(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ingest.py").write_text("raise SystemExit('code of this folder')")
    monkeypatch.chdir(tmp_path)
    with Reader(OPTIONS, Bounds()) as reader:
        assert read(reader, small).outcome == "read"
