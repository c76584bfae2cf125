"""A change that keeps size and time is noticed; a file that has not changed is not read."""

import mmap
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.library import Library

OLD, NEW = "The old copy says 1 goat.", "The new copy says 2 goat."
LONG_AGO = (10**18, 10**18)


@pytest.fixture
def goats(library: Library, settled: None) -> Path:
    """A file that has been ingested, and changed for the last time long before."""
    path = library.write("goats.md", OLD)
    os.utime(path, ns=LONG_AGO)
    library.ingest()
    time.sleep(0.02)  # longer than a tick of any file system that tests are run on
    return path


def other(path: Path) -> Path:
    """A new version beside the file, of the same size and time."""
    made = path.parent.parent / "other.md"
    made.write_text(NEW)
    os.utime(made, ns=LONG_AGO)
    return made


def write_in_place(path: Path) -> None:
    path.write_text(NEW)
    os.utime(path, ns=LONG_AGO)


def write_by_memory(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[:] = NEW.encode()
    os.utime(path, ns=LONG_AGO)


def copy_with_time(path: Path) -> None:
    subprocess.run(["cp", "-p", other(path), path], check=True)


def rename_over(path: Path) -> None:
    other(path).replace(path)


def link_over(path: Path) -> None:
    path.unlink()
    os.link(other(path), path)


def unpack_over(path: Path) -> None:
    with tarfile.open(path.parent.parent / "backup.tar", "w") as packed:
        packed.add(other(path), "goats.md")
    with tarfile.open(path.parent.parent / "backup.tar") as packed:
        packed.extractall(path.parent, filter="data")


def swap_folders(path: Path) -> None:
    """Nothing of the file itself changes but its inode."""
    folder = path.parent
    shutil.copytree(folder, folder.with_name("next"))
    write_in_place(folder.with_name("next") / path.name)
    folder.rename(folder.with_name("before"))
    folder.with_name("next").rename(folder)


WAYS = [write_in_place, write_by_memory, copy_with_time, rename_over, link_over, unpack_over, swap_folders]


@pytest.mark.parametrize("way", WAYS)
def test_a_change_that_keeps_size_and_time_is_noticed(
    library: Library, goats: Path, way: Callable[[Path], None]
) -> None:
    before = goats.stat()
    way(goats)
    assert (goats.stat().st_size, goats.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert library.statuses() == {"goats.md": "updated"}
    assert library.search("goat")[0].text == NEW


def test_a_second_change_within_one_tick_is_noticed(library: Library) -> None:
    path = library.write("goats.md", OLD)
    library.ingest()
    record = library.store.catalogue.source(str(path))
    assert record is not None
    assert record.stamp == 0
    write_in_place(path)
    assert library.statuses() == {"goats.md": "updated"}


def touch(path: Path) -> None:
    path.touch()


def forbid(path: Path) -> None:
    path.chmod(0o600)


def link(path: Path) -> None:
    os.link(path, path.parent.parent / "linked.md")


def restore(path: Path) -> None:
    copied = Path(shutil.copy2(path, path.parent.parent / "copied.md"))
    copied.replace(path)


@pytest.mark.parametrize("way", [touch, forbid, link, restore])
def test_a_file_of_the_same_content_is_hashed_once_and_not_read(
    library: Library, goats: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Path], None]
) -> None:
    way(goats)
    assert library.reads() == []
    monkeypatch.delattr("ingest.pipeline.hash_file")
    assert library.statuses() == {"goats.md": "unchanged"}


def test_a_folder_that_was_copied_and_put_in_its_place_is_hashed_and_nothing_is_embedded(
    library: Library, goats: Path
) -> None:
    library.write("sub/apples.md", "Apples grow on trees.")
    library.ingest()
    shutil.copytree(library.docs, library.folder / "copied")
    shutil.rmtree(library.docs)
    (library.folder / "copied").rename(library.docs)
    report = library.ingest()
    assert (report.counts(), report.chunks_embedded) == ({"unchanged": 2}, 0)


def test_a_file_that_was_refused_is_read_again_after_a_change_that_keeps_size_and_time(
    library: Library, settled: None
) -> None:
    path = library.write("a.pdf", b"%PDF-1.7 no more than that")
    os.utime(path, ns=LONG_AGO)
    assert library.statuses() == {"a.pdf": "failed"}
    time.sleep(0.02)
    path.write_bytes(b"A letter no more than that")
    os.utime(path, ns=LONG_AGO)
    assert library.statuses() == {"a.pdf": "added"}


def test_refusals_are_forgotten_once_a_file_is_read_or_gone(library: Library) -> None:
    def refused() -> list[str]:
        return [Path(row[0]).name for row in library.store.catalogue._read("SELECT source FROM refusals")]

    for name in ("a.pdf", "b.pdf"):
        library.write(name, b"%PDF-1.7 no more than that")
    library.ingest()
    assert refused() == ["a.pdf", "b.pdf"]
    library.write("a.pdf", b"A letter no more than that")
    (library.docs / "b.pdf").unlink()
    library.ingest()
    assert refused() == []
