"""The notebook runs from its first cell to its last, and is kept without anything of the machine that it ran on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "tour.ipynb"
CELL_TIMEOUT_S = 300


def test_the_notebook_is_kept_without_outputs_and_paths() -> None:
    written = NOTEBOOK.read_text(encoding="utf-8")
    cells = json.loads(written)["cells"]
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert re.findall(r"/(?:home|root|tmp|work|Users)\b", written) == []


@pytest.mark.long("a kernel of its own runs the notebook")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_notebook_runs_from_its_first_cell_to_its_last(
    is_whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not whole, up to where a model is trained and compared, as tests of `rag train` and `rag eval compare` do."""
    nbformat = pytest.importorskip("nbformat", reason="the extra jupyter is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra jupyter is not installed")
    pytest.importorskip("ipykernel", reason="the extra jupyter is not installed")
    pytest.importorskip("datasets", reason="the extra train is not installed")
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # what it trains is left there
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    if not is_whole:
        training = next(n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## Fine-tune"))
        del notebook.cells[training:]
    place = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", resources=place).execute()
    nbformat.write(notebook, tmp_path / "tour.ipynb")
    assert "11 added in the collection tour" in output(notebook, "ingest_paths([")["text/html"]
    assert "<mark>" in output(notebook, "Who stayed in orbit?")["text/html"]
    assert "Closest passages" in output(notebook, "capital of France")["text/html"]
    assert "Searched for: " in output(notebook, "history")["text/html"]
    assert "guidance computer" in output(notebook, "1202 alarm")["text/html"].lower()
    assert "image/png" in output(notebook, "draw_map")
    if not is_whole:
        return
    assert "held out" in output(notebook, "tempfile")["text"]
    assert all(name in output(notebook, "compare")["text/html"] for name in ("tuned", "hybrid ndcg@10", "question_ms"))


def output(notebook: Any, part: str) -> dict[str, str]:
    """What the first code cell that has this in its source showed, by kind."""
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code" and part in cell.source)
    shown: dict[str, str] = {}
    for one in cell.outputs:
        shown |= one.get("data", {"text": one.get("text", "")})
    return shown
