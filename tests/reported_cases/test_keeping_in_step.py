"""A collection follows its files: changes that keep size and time, and source trees with empty files."""

import os
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
