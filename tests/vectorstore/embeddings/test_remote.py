"""OpenAI's embeddings over real HTTP on loopback: shortened, in parts, sent again as the server asks, and counted."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from rag_app import Settings, ingest_paths
from tests.conftest import CommandLine
from tests.rag_app.embeddings_server import EmbeddingsServer, count_words
from vectorstore.embeddings import EmbeddingModel, embed_question, load_embedding_model
from vectorstore.embeddings.providers.remote import request_batches
from vectorstore.errors import MissingPackageError, ProviderError

NAME = "openai:text-embedding-3-small"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        yield server


def open_model(name: str = NAME) -> EmbeddingModel:
    return load_embedding_model(name, cache_dir=Path("cache"))


def test_vectors_come_in_the_order_of_the_texts_and_in_their_whole_length(server: EmbeddingsServer) -> None:
    texts = ["one", "two two", "three three three"]
    assert open_model().embeddings.embed_documents(texts) == [count_words(text) for text in texts]
    assert "dimensions" not in server.requests[0][1]


def test_fewer_dimensions_are_asked_of_the_server(server: EmbeddingsServer) -> None:
    model = open_model(f"{NAME}@64")
    assert np.shape(model.embeddings.embed_documents(["one", "two"])) == (2, 64)
    ((_, body),) = server.requests
    assert (body["model"], body["dimensions"]) == ("text-embedding-3-small", 64)
    server.shortens = False
    with pytest.raises(ProviderError, match="gave 256 numbers, not 64") as caught:
        embed_question(model, "one")
    assert caught.value.hint == "set RAG_EMBEDDINGS=openai:text-embedding-3-small"


def test_a_request_has_no_more_texts_and_bytes_than_the_server_takes(server: EmbeddingsServer) -> None:
    texts = [f"word{n}" for n in range(5_000)] + ["ä" * 4_000] * 100
    parts = list(request_batches(texts))
    assert [text for part in parts for text in part] == texts
    assert [len(part) for part in parts[:3]] == [2048, 2048, 904 + 36]
    assert all(sum(len(text.encode()) for text in part) <= 300_000 for part in parts)
    open_model().embeddings.embed_documents(texts[:2049])
    assert [len(body["input"]) for _, body in server.requests] == [2048, 1]
    assert list(request_batches([])) == []
    assert list(request_batches(["a" * 400_000, "b"])) == [["a" * 400_000], ["b"]]


def test_what_passes_is_sent_again_after_the_time_that_the_server_asks(server: EmbeddingsServer) -> None:
    model = open_model()
    server.refusals += [(429, "0.3"), (500, "0.2"), (503, "0.1")]
    began = time.monotonic()
    assert embed_question(model, "one") == count_words("one")
    assert 0.6 <= time.monotonic() - began < 5
    assert len(server.requests) == 4


def test_what_does_not_pass_and_what_takes_too_long_is_an_error_at_once(server: EmbeddingsServer) -> None:
    model = open_model()
    began = time.monotonic()
    server.refusals += [(400, "0.1"), (429, "3600")]
    for message in (r"failed \(400\)", "takes no more requests"):
        with pytest.raises(ProviderError, match=message):
            embed_question(model, "one")
    assert len(server.requests) == 2
    assert time.monotonic() - began < 5


def test_tokens_are_counted_by_what_the_server_says_from_any_thread(server: EmbeddingsServer) -> None:
    model = open_model()
    assert model.count_sent
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(model.embeddings.embed_query, ["three words each"] * 40))
    assert model.count_sent() == 120


def test_an_ingest_reports_the_tokens_and_what_is_remembered_costs_none(
    server: EmbeddingsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rag: CommandLine
) -> None:
    monkeypatch.setenv("RAG_EMBEDDINGS", NAME)
    monkeypatch.setenv("RAG_VECTOR_CACHE_MB", "10")
    monkeypatch.setenv("RAG_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "a.md").write_text("The ferry leaves at noon.", encoding="utf-8")
    first = rag("ingest", "a.md")
    (sent,) = (sum(len(text.split()) for text in body["input"]) for _, body in server.requests)
    assert f", {sent} tokens sent" in first.stdout
    report = ingest_paths(["a.md"])
    assert (report.tokens_sent, report.to_json()["tokens_sent"]) == (0, 0)
    local = Settings(embeddings="minilm", cache_dir=platformdirs.user_cache_path("rag-app"), vector_cache_mb=0)
    assert "tokens_sent" not in ingest_paths(["a.md"], rebuild=True, settings=local).to_json()


def test_a_server_of_one_s_own_needs_no_key(server: EmbeddingsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.key = ""
    monkeypatch.delenv("OPENAI_API_KEY")
    assert embed_question(open_model(), "one") == count_words("one")
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(ProviderError, match="needs a key, and none is set"):
        open_model()


def test_other_providers_are_langchain_s_and_name_what_they_lack(server: EmbeddingsServer) -> None:
    with pytest.raises(MissingPackageError, match="cohere:embed needs the package langchain-cohere, which is not"):
        open_model("cohere:embed")
    with pytest.raises(ProviderError, match="nobody:model failed: Provider 'nobody' is not supported"):
        open_model("nobody:model")
