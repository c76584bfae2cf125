"""Law 3 under the worst: an ingest that stops at any moment and is run again ends in what one clean run makes."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from ingest.pipeline import IngestOptions
from tests.ingest.conftest import NewLibrary
from tests.ingest.library import Library, check_alike, names_of
from vectorstore.catalogue import Catalogue
from vectorstore.lexical import LexicalIndex
from vectorstore.vectors import VectorIndex

ROOT = Path(__file__).parents[2]
# The functions by which an ingest changes the three indexes: what can be left half done lies between two of them.
STEPS: set[CodeType] = {
    Catalogue.announce.__code__,
    Catalogue.swap.__code__,
    Catalogue.retire.__code__,
    Catalogue.settle.__code__,
    Catalogue.set_facts.__code__,
    VectorIndex.upsert.__code__,
    VectorIndex.delete.__code__,
    LexicalIndex.change.__code__,
}


class Stopped(BaseException):
    """Stands for the process's end: nothing catches it."""


class StopBefore:
    """Stops what runs inside before its nth step; `steps` counts them."""

    def __init__(self, nth: int) -> None:
        self.nth, self.steps = nth, 0

    def __enter__(self) -> "StopBefore":
        sys.setprofile(self._look)
        return self

    def __exit__(self, *raised: object) -> bool:
        sys.setprofile(None)
        return raised[0] is Stopped

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in STEPS:
            self.steps += 1
            if self.steps == self.nth:
                raise Stopped


def write_first_version(library: Library) -> None:
    library.write("same.md", "# Same\n\nApples grow on trees.")
    library.write("edited.md", "# Old title\n\nOne.\n\n## Part\n\nBoats cross the river.\n\n## Gone\n\nClouds rain.")
    library.write("gone.md", "Dogs bark.")


def write_second_version(library: Library) -> None:
    # Under another title the chunk of a text that stays has its id and another embedding.
    library.write("edited.md", "# New title\n\nTwo.\n\n## Part\n\nBoats cross the river.\n\n## New\n\nEels swim.")
    library.write("added.md", "Foxes run.")
    (library.docs / "gone.md").unlink(missing_ok=True)


@pytest.fixture
def versions(new_library: NewLibrary) -> Iterator[tuple[Library, Library, Library]]:
    """A library with its second version on disk, and collections of each version made in one run."""
    library = new_library()
    write_first_version(library)
    library.ingest()
    first = library.clean_build()
    library.store.close()
    write_second_version(library)
    second = Library(library.folder, library.model, "second", ticks=library.ticks)
    second.ingest()
    yield library, first, second
    library.close()


def copy_of(library: Library, number: int, *, of: str = "data") -> Library:
    shutil.copytree(library.folder / of, library.folder / f"copy-{number}")
    return Library(library.folder, library.model, f"copy-{number}", library.options, library.ticks)


def test_an_ingest_that_stops_before_any_of_its_steps_is_finished_by_the_next(
    versions: tuple[Library, Library, Library],
) -> None:
    library, _, second = versions
    for nth in range(1, 100):
        copy = copy_of(library, nth)
        with StopBefore(nth) as stop:
            copy.ingest(prune=True)
        copy.reopen()
        # Whatever was stopped: every file that stays is found, in its old version or in its new one.
        assert names_of(copy.search("apples, boats")) >= {"same.md", "edited.md"}, nth
        copy.ingest(prune=True)
        check_alike(copy.store, second.store)
        copy.store.close()
        if stop.steps < nth:
            break
    assert nth > 10


def test_after_an_ingest_that_stopped_the_old_files_put_back_make_the_old_collection(
    versions: tuple[Library, Library, Library],
) -> None:
    library, first, _ = versions
    for nth in range(1, 100):
        write_second_version(library)
        copy = copy_of(library, nth)
        with StopBefore(nth) as stop:
            copy.ingest(prune=True)
        copy.reopen()
        library.ticks = 0
        write_first_version(library)
        (library.docs / "added.md").unlink(missing_ok=True)
        copy.ingest(prune=True)
        check_alike(copy.store, first.store)
        copy.store.close()
        if stop.steps < nth:
            break
    assert nth > 10


CHILD = """
import sys
from pathlib import Path
import platformdirs
from ingest.pipeline import IngestOptions
from tests.ingest.library import Library
from vectorstore.embeddings import load_embedding_model

model = load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))
model.embeddings.embed_query("warm")
library = Library(Path(sys.argv[1]), model, sys.argv[2], IngestOptions(chunk_tokens=16))
print("ready", flush=True)
sys.stdin.readline()
library.ingest(prune=True)
print("done", flush=True)
"""


def write_versions(library: Library, *, files: int, parts: int) -> Library:
    """The first version of many files ingested, the second on disk; gives back the second's collection."""
    library.options = IngestOptions(chunk_tokens=16)
    for number in range(files):
        library.write(f"{number}.md", document(number, "first", parts))
    library.ingest()
    library.store.close()
    for number in range(files // 2, files * 3 // 2):
        library.write(f"{number}.md", document(number, "second", parts))
    for number in range(files // 8):
        (library.docs / f"{number}.md").unlink()
    second = Library(library.folder, library.model, "second", library.options, library.ticks)
    second.ingest()
    return second


def document(number: int, version: str, parts: int) -> str:
    texts = (f"## Part {part}\n\nThe {version if part % 3 else 'same'} words of {number}." for part in range(parts))
    return f"# Document {number}, {version}\n\n" + "\n\n".join(texts)


def check_killed_runs(library: Library, second: Library, *, numbers: range, longest_s: float) -> None:
    """Start as many runs, kill each after a random time, and let the next run finish its work."""
    children = [start_run(library, f"killed-{number}") for number in numbers]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for number, child in zip(numbers, children, strict=True):
        seconds = random.uniform(0, longest_s)
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(seconds)
        child.kill()
        child.communicate()
        copy = Library(library.folder, library.model, f"killed-{number}", library.options, library.ticks)
        try:
            copy.ingest(prune=True)
            check_alike(copy.store, second.store)
        except Exception as error:
            error.add_note(f"killed after {seconds:.4f} of {longest_s:.4f} s")
            raise
        copy.store.close()
        shutil.rmtree(library.folder / f"killed-{number}")


def start_run(library: Library, data: str) -> subprocess.Popen[str]:
    shutil.copytree(library.folder / "data", library.folder / data)
    command = [sys.executable, "-c", CHILD, str(library.folder), data]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def check_killed_at_random(library: Library, second: Library, *, runs: int) -> None:
    longest_s = time_of_a_run(library)
    for start in range(0, runs, 5):
        check_killed_runs(library, second, numbers=range(start, start + 5), longest_s=longest_s)


def test_an_ingest_killed_at_a_random_moment_and_run_again_equals_a_clean_build(library: Library) -> None:
    second = write_versions(library, files=12, parts=8)
    check_killed_at_random(library, second, runs=5)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_large_ingests_killed_at_random_moments_and_run_again_equal_a_clean_build(library: Library) -> None:
    second = write_versions(library, files=20, parts=30)  # two groups of chunks
    check_killed_at_random(library, second, runs=50)


def time_of_a_run(library: Library) -> float:
    shutil.copytree(library.folder / "data", library.folder / "timed")
    timed = Library(library.folder, library.model, "timed", library.options, library.ticks)
    began = time.monotonic()
    timed.ingest(prune=True)
    seconds = time.monotonic() - began
    timed.store.close()
    shutil.rmtree(library.folder / "timed")
    return seconds
