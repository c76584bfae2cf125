"""Embeddings of a provider, over real HTTP on loopback: ingest and ask, with nothing fetched beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_app import Settings, ingest_paths
from tests.conftest import CommandLine
from tests.rag_app.embeddings_server import EmbeddingsServer
from vectorstore.errors import ProviderError, WrongModelError

SPEC = "openai:text-embedding-3-small"
TEXT = "# Ferry\n\nThe ferry Aurora leaves Kiel at 19:45.\n\n# Bread\n\nBread is made of flour and water.\n"
QUESTION = "The ferry Aurora leaves Kiel when?"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EmbeddingsServer]:
    (tmp_path / "ferry.md").write_text(TEXT, encoding="utf-8")
    with EmbeddingsServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        monkeypatch.setenv("RAG_EMBEDDINGS", SPEC)
        yield server


def test_documents_are_ingested_and_asked_on_the_command_line(rag: CommandLine, server: EmbeddingsServer) -> None:
    ingested = rag("ingest", "ferry.md")
    assert ingested.returncode == 0, ingested.stderr
    ((path, body),) = server.requests
    assert (path, body["model"]) == ("/v1/embeddings", "text-embedding-3-small")
    # As texts, and not as numbers of a vocabulary: langchain-openai would have to download that first.
    assert any("The ferry Aurora leaves Kiel at 19:45." in text for text in body["input"])
    asked = rag("ask", QUESTION)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines()[0] == "The ferry Aurora leaves Kiel at 19:45. [1]"


def test_a_long_document_is_cut_to_what_the_provider_takes(server: EmbeddingsServer, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"汽车站在左边{n}" for n in range(5000)), encoding="utf-8")
    ingest_paths(["long.txt"], settings=Settings(chunk_tokens=8000))
    lengths = [len(text.encode()) for _, body in server.requests for text in body["input"]]
    assert len(lengths) > 10
    assert max(lengths) <= 8191


def test_a_collection_of_another_model_is_refused(server: EmbeddingsServer) -> None:
    ingest_paths(["ferry.md"])
    with pytest.raises(WrongModelError) as caught:
        ingest_paths(["ferry.md"], settings=Settings(embeddings="openai:text-embedding-3-large"))
    assert caught.value.message == (
        f"the collection default was made with the embedding model {SPEC}, not openai:text-embedding-3-large"
    )


def test_a_refused_key_is_named_and_nothing_is_stored(server: EmbeddingsServer) -> None:
    server.key = "another"
    with pytest.raises(ProviderError) as caught:
        ingest_paths(["ferry.md"])
    assert caught.value.message.startswith(f"the key for {SPEC} was refused (401): ")
    assert f"set OPENAI_API_KEY to a key that is valid for {server.address}" in caught.value.hint
    server.key = "key-of-the-tests"
    assert ingest_paths(["ferry.md"]).counts() == {"added": 1}
