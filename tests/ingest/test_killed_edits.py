"""Law 3 under the worst: random edits, a real process killed at a random moment, a rerun; and all is as built anew."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.chunking.chunks import ChunkSize
from ingest.pipeline import IngestOptions
from ingest.reading.read_source import ReadOptions, ReadRequest, read_source
from tests.ingest.library import Library, check_alike, check_in_step

ROOT = Path(__file__).parents[2]
OPTIONS = IngestOptions(chunk_tokens=16, prune=True)
CHILD = """
import sys
from pathlib import Path
from tests.hash_embedding import hash_model
from tests.ingest.library import Library
from tests.ingest.test_killed_edits import OPTIONS

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


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("runs", [2, pytest.param(300, marks=pytest.mark.slow)])
def test_random_edits_each_with_a_kill_and_a_rerun_end_as_a_clean_build(library: Library, runs: int) -> None:
    library.options = OPTIONS
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    for number in range(8):
        library.write(f"{number}.md", document(chance))
    library.ingest()
    child, next_child = start_run(library), start_run(library)
    try:
        for number in range(runs):
            edit_at_random(library, chance)
            run_and_kill(child, after_s=chance.uniform(0, 1.2))
            child, next_child = next_child, start_run(library)  # starts while this process is at work
            library.ingest()
            expected = ids_of_clean_build(library)
            found = (
                library.store.catalogue.chunk_ids(),
                library.store.open_vectors().ids(),
                library.store.lexical.reader().ids(),
            )
            assert found == (expected,) * 3, f"run {number} of seed {seed}"
        check_in_step(library.store)
        check_alike(library.store, library.clean_build().store)
    finally:
        for process in (child, next_child):
            process.kill()
            process.communicate()
