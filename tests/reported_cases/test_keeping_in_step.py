"""A collection follows its files: changes that keep size and time, and source trees with empty files."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import CommandLine


@pytest.mark.long("three processes, each with the model")
def test_a_change_that_keeps_size_and_time_is_noticed(cases: Path, rag: CommandLine, tmp_path: Path) -> None:
    assert (cases / "mtime-same").is_dir()
    path = tmp_path / "docs" / "a.md"
    path.parent.mkdir()
    for text in ("The old copy says 1 goat.\n", "The new copy says 2 goat.\n"):
        path.write_text(text)
        os.utime(path, (1_577_836_800, 1_577_836_800))
        assert rag("ingest", path.parent).returncode == 0
    assert "The new copy says 2 goat." in rag("ask", "How many goats?").stdout


@pytest.mark.long("a process with the model")
def test_a_source_tree_with_empty_files_is_ingested_without_a_failure(
    cases: Path, rag: CommandLine, tmp_path: Path
) -> None:
    folder = shutil.copytree(cases / "repo-empty-init", tmp_path / "tree")
    (folder / "expected.md").unlink()
    run = rag("ingest", folder, "--json")
    assert run.returncode == 0
    statuses = {
        str(Path(file["source"]).relative_to(folder)): file["status"] for file in json.loads(run.stdout)["files"]
    }
    empty = ["pkg/__init__.py", "pkg/py.typed", "tests/__init__.py"]
    assert statuses == {"pkg/plots.py": "added", **dict.fromkeys(empty, "skipped")}
