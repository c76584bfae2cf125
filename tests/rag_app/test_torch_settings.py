"""`RAG_DEVICE`, `RAG_DTYPE` and `RAG_EMBED_BATCH`: what a collection makes of another device, other numbers."""

from pathlib import Path

import pytest

from rag_app import Settings
from rag_app.wiring import ingest_paths, load_model, load_retriever, torch_options
from tests.conftest import CommandLine
from vectorstore.embeddings import TorchOptions
from vectorstore.errors import SettingsError


@pytest.fixture
def settings(unconverted: Path, tmp_path: Path) -> Settings:
    (tmp_path / "moon.md").write_text("# Orbit\n\nMichael Collins stayed in orbit around the Moon.\n")
    return Settings(embeddings=str(unconverted), cache_dir=tmp_path / "cache", vector_cache_mb=10)


def test_the_environment_says_how_torch_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert torch_options(Settings()) == TorchOptions()
    for name, value in {"DEVICE": "cpu", "DTYPE": "float16", "EMBED_BATCH": "7"}.items():
        monkeypatch.setenv(f"RAG_{name}", value)
    assert torch_options(Settings()) == TorchOptions("cpu", "float16", 7)
    monkeypatch.setenv("RAG_DTYPE", "int8")
    with pytest.raises(SettingsError, match="RAG_DTYPE=int8 cannot be used: input should be 'auto', 'float32'"):
        Settings()


@pytest.mark.long("embeds with torch")
def test_vectors_of_other_numbers_are_made_anew_and_searched_all_the_same(settings: Settings) -> None:
    halves = settings.model_copy(update={"dtype": "bfloat16"})
    assert ingest_paths(["moon.md"], settings).chunks_embedded == 1
    assert ingest_paths(["moon.md"], halves, rebuild=True).chunks_embedded == 1
    for searched in (settings, halves):
        [passage] = load_retriever(settings=searched).search("orbit")
        assert "Collins" in passage.chunk.text
    assert load_model(settings).revision != load_model(halves).revision
    assert ingest_paths(["moon.md"], halves, rebuild=True).chunks_embedded == 0
    assert ingest_paths(["moon.md"], settings, rebuild=True).chunks_embedded == 0


def test_a_device_that_is_not_there_is_one_line(rag: CommandLine, settings: Settings) -> None:
    import torch

    if torch.backends.mps.is_available():
        pytest.skip("this machine has it")
    run = rag("ingest", "moon.md", RAG_EMBEDDINGS=settings.embeddings, RAG_DEVICE="mps")
    assert run.returncode == 2
    assert "error: RAG_DEVICE=mps is not there: torch finds cpu" in run.stderr
    assert "RAG_DEVICE=cpu" in run.stderr
    assert "Traceback" not in run.stderr
