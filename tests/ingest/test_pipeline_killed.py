"""Law 3 under the worst: an ingest that stops at any moment and is run again ends in what one clean run makes."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.chunking.chunks import ChunkSize
from ingest.pipeline import IngestOptions
from ingest.reading.read_source import ReadOptions, ReadRequest, read_source
from tests.ingest.conftest import NewLibrary
from tests.ingest.library import Library, check_alike, check_in_step, names_of
from vectorstore.storage import changes
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.vector_index import VectorIndex

ROOT = Path(__file__).parents[2]
# The functions by which an ingest changes the three indexes: what can be left half done lies between two of them.
STEPS: tuple[tuple[object, str], ...] = (
    *((changes, name) for name in ("announce", "swap", "retire", "settle")),
    (Catalogue, "set_facts"),
    *((VectorIndex, name) for name in ("upsert", "delete")),
    (LexicalIndex, "change"),
)


class Stopped(BaseException):
    """Ends an ingest as the end of its process would: nothing catches it."""


@contextmanager
def stop_before(nth: int) -> Iterator[list[str]]:
    """Stops what runs inside before its nth step; gives the names of the steps."""
    steps: list[str] = []

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def count_and_run(*arguments: Any, **named: Any) -> Any:
            steps.append(step.__name__)
            if len(steps) == nth:
                raise Stopped
            return step(*arguments, **named)

        return count_and_run

    with pytest.MonkeyPatch.context() as patch, suppress(Stopped):
        for owner, name in STEPS:
            patch.setattr(owner, name, counted(getattr(owner, name)))
        yield steps


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


@pytest.mark.parametrize("put_back", [False, True], ids=["run again", "run over the old files, put back"])
def test_an_ingest_that_stops_before_any_of_its_steps_is_finished_by_the_next(
    versions: tuple[Library, Library, Library], put_back: bool
) -> None:
    library, first, second = versions
    for nth in range(1, 100, 2 if put_back else 1):
        if put_back:
            write_second_version(library)
        copy = copy_of(library, nth)
        with stop_before(nth) as steps:
            copy.ingest(prune=True)
        copy.reopen()
        # Whatever was stopped: every file that stays is found, in its old version or in its new one.
        assert names_of(copy.search("apples, boats")) >= {"same.md", "edited.md"}, nth
        if put_back:
            library.ticks = 0
            write_first_version(library)
            (library.docs / "added.md").unlink(missing_ok=True)
        copy.ingest(prune=True)
        check_alike(copy.store, (first if put_back else second).store)
        copy.store.close()
        if len(steps) < nth:
            break
    assert nth > 10


OPTIONS = IngestOptions(chunk_tokens=16, prune=True)
CHILD = """
import sys
from pathlib import Path
from tests.hash_embedding import hash_model
from tests.ingest.library import Library
from tests.ingest.test_pipeline_killed import OPTIONS

library = Library(Path(sys.argv[1]), hash_model(), options=OPTIONS)
print("ready", flush=True)
if sys.stdin.readline():
    library.ingest()
    print("done", flush=True)
"""


def start_run(library: Library) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(library.folder)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_and_kill(child: subprocess.Popen[str], *, after_s: float) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.stdin.write("go\n")
    child.stdin.flush()
    time.sleep(after_s)
    child.kill()
    child.communicate()


def edit_at_random(library: Library, chance: random.Random) -> None:
    """Some files written, edited, renamed and deleted; never all, since an empty folder may be an unmounted one."""
    for _ in range(chance.randint(1, 4)):
        files = sorted(library.docs.rglob("*.md"))
        kind = chance.choice(("write", "write", "edit", "rename", "delete"))
        if kind == "write" or len(files) < 3:
            library.write(f"{chance.randrange(12)}.md", document(chance))
        elif kind == "edit":
            path = chance.choice(files)
            library.write(path.name, path.read_text() + f"\n\n## New\n\nThe words {chance.random()}.")
        elif kind == "rename":
            chance.choice(files).rename(library.docs / f"renamed {chance.randrange(6)}.md")
        else:
            chance.choice(files).unlink()


def document(chance: random.Random) -> str:
    parts = range(chance.randint(1, 20))
    return "# Document\n\n" + "\n\n".join(f"## Part {part}\n\nThe words of {chance.randrange(9)}." for part in parts)


def ids_of_clean_build(library: Library) -> set[str]:
    size = ChunkSize(OPTIONS.chunk_tokens, library.model.max_tokens, library.model.count_tokens)
    options = ReadOptions(size, OPTIONS.max_file_bytes)
    read = [read_source(ReadRequest(str(path), path), options) for path in library.docs.rglob("*.md")]
    return {chunk.id for found in read if found.item for chunk in found.item.chunks}


@pytest.mark.long("several ingests in processes that are killed")
@pytest.mark.parametrize("runs", [2, pytest.param(300, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_random_edits_each_with_a_kill_and_a_rerun_end_as_a_clean_build(library: Library, runs: int) -> None:
    library.options = OPTIONS
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    for number in range(8):
        library.write(f"{number}.md", document(chance))
    library.ingest()
    children = [start_run(library)]
    try:
        for number in range(runs):
            edit_at_random(library, chance)
            if number + 1 < runs:  # starts while this process is at work
                children.append(start_run(library))
            run_and_kill(children[number], after_s=chance.uniform(0, 1.2))
            library.ingest()
            expected = ids_of_clean_build(library)
            store = library.store
            found = store.catalogue.chunk_ids(), store.open_vectors().ids(), store.lexical.reader().ids()
            assert found == (expected,) * 3, f"run {number} of seed {seed}"
        check_in_step(library.store)
        check_alike(library.store, library.clean_build().store)
    finally:
        for process in children:
            process.kill()
            process.communicate()
