"""What a person is told when the disk fails, and that nothing that was finished is lost by it. The disks are real."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vectorstore.texts import open_again, put
from vectorstore.collections import create_store, list_collections
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import StorageError, require_space
from vectorstore.storage.store import Store

ROOT = Path(__file__).parents[3]
LIBRARY = Path("collections", "library")
FULL = "the disk that holds {} is full; what was finished before is kept"
SPACE_HINT = "free some space and run the same command again, or set RAG_DATA_DIR to another disk"
READ_ONLY = "the data folder {} cannot be written to"
WRITABLE_HINT = "make it writable, or set RAG_DATA_DIR to a folder that is"


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The facts of `on_a_disk` by case, with mounts in a namespace that ends with it; where the disks were."""
    if "RAG_CHROMA_URL" in os.environ:
        pytest.skip("the vectors are on a server's disk")
    folder = tmp_path_factory.mktemp("disks")
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        probe = subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare on this system")
    if probe.returncode != 0:
        pytest.skip(f"this system lets nobody mount a disk: {probe.stderr.decode().strip()}")
    command = [*namespace, sys.executable, "-m", "tests.vectorstore.on_a_disk", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout), folder


def test_a_disk_that_is_too_small_is_an_error_and_all_that_was_there_is_found(
    disks: tuple[dict[str, Any], Path],
) -> None:
    facts, folder = disks
    assert facts["fills_up"] == {
        "ingest": ["StorageError", FULL.format(folder / "fills_up" / LIBRARY), SPACE_HINT],
        "found": "Apples grow on trees, version 0.",
        "found in a new Store": "Apples grow on trees, version 0.",
        "alike": True,
    }


def test_a_disk_that_is_filled_at_any_moment_of_an_ingest_loses_nothing(disks: tuple[dict[str, Any], Path]) -> None:
    facts, error = disks[0]["is_filled"], FULL.format(disks[1] / "is_filled" / LIBRARY)
    steps = ("announce", "put", "upsert", "change", "swap", "delete", "settle")
    assert [facts[step] for step in steps] == [["StorageError", error, SPACE_HINT]] * 7
    # Until the new version is in for good the old one is found, by whoever has it open and by who opens it after.
    assert [facts[f"{step}, found while full"][-2] for step in steps] == ["0", "0", "1", "2", "3", "5", "6"]
    assert [facts[f"{step}, found before"][-2] for step in steps] == ["0", "0", "1", "2", "3", "5", "6"]
    assert [facts[f"{step}, found"][-2] for step in steps] == ["0", "1", "2", "3", "4", "5", "6"]
    assert facts["alike"]


def test_a_disk_that_is_read_only_is_an_error_and_its_sources_are_listed(disks: tuple[dict[str, Any], Path]) -> None:
    facts, folder = disks
    message = READ_ONLY.format(folder / "is_read_only" / LIBRARY)
    assert facts["is_read_only"] == {
        "ingest": ["StorageError", message, WRITABLE_HINT],
        "search": ["StorageError", f"{message}, which its indexes need even for a search", WRITABLE_HINT],
        "sources": ["small"],
        "alike": True,
    }


CREATE = """
import sys
from collections.abc import Callable
from pathlib import Path
from vectorstore.collections import create_store
from vectorstore.errors import StorageError

try:
    create_store(Path(sys.argv[1]), "library")
except StorageError as error:
    print(error.message, error.hint, sep="\\n")
"""


def test_a_data_folder_that_this_user_may_not_write_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o500)
    # Root may write everywhere, unless it gives that up.
    plain_user = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"] if os.geteuid() == 0 else []
    if plain_user and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    command = [*plain_user, sys.executable, "-c", CREATE, str(tmp_path / "theirs" / "data")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout.splitlines() == [READ_ONLY.format(tmp_path / "theirs" / "data"), WRITABLE_HINT], run.stderr


def test_damaged_files_are_errors_in_words(store: Store, model: EmbeddingModel, tmp_path: Path) -> None:
    put(store, model, a="apples")
    (tmp_path / "data").write_text("no folder")
    assert list_collections(tmp_path / "data") == []
    (store.folder / "lexical" / "meta.json").write_text("no index")
    again = open_again(store.folder)
    store.catalogue.database.path.write_bytes(b"no database" * 100)
    rebuild = "ingest it again: rag ingest --rebuild PATH"
    cases: list[tuple[Callable[[], object], str, str]] = [
        (
            lambda: create_store(tmp_path / "data", "library"),
            f"the data folder {tmp_path / 'data'} cannot be used: Not a directory",
            "set RAG_DATA_DIR to a folder that can be written to",
        ),
        (lambda: store.lexical.reader(), f"the lexical index in {store.folder} cannot be used: ", rebuild),
        (lambda: again.lexical.reader(), f"the lexical index in {store.folder} cannot be used: ", rebuild),
        (
            lambda: store.catalogue.sources(),
            f"the catalogue in {store.folder} cannot be used: file is not a database",
            "rag doctor",
        ),
    ]
    for action, message, hint in cases:
        with pytest.raises(StorageError) as raised:
            action()
        assert raised.value.message.startswith(message)
        assert raised.value.hint == hint
        assert raised.value.__cause__ is not None
    (store.folder / "current").write_bytes(b"\xff\xfe")
    with pytest.raises(StorageError, match=r"unable to open database file|cannot be used"):
        open_again(store.folder)


def test_space_that_no_disk_has_is_not_there(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(StorageError) as raised:
        require_space(tmp_path, 2**62)
    assert (raised.value.message, raised.value.hint) == (FULL.format(tmp_path), SPACE_HINT)
