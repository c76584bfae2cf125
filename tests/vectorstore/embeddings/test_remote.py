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
from vectorstore.errors import MissingPackageError, ProviderError, WrongModelError

MODEL = "text-embedding-3-small"
NAME = f"openai:{MODEL}"
CONVERTED = platformdirs.user_cache_path("rag-app")  # with MiniLM, by which answers are judged


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        yield server


def open_model(name: str = NAME) -> EmbeddingModel:
    return load_embedding_model(name, cache_dir=Path("cache"))


def test_vectors_come_in_the_order_of_the_texts_as_long_as_asked(server: EmbeddingsServer) -> None:
    texts = ["one", "two two", "three three three"]
    assert open_model().embeddings.embed_documents(texts) == [count_words(text) for text in texts]
    model = open_model(f"{NAME}@64")
    assert np.shape(model.embeddings.embed_documents(texts)) == (3, 64)
    assert [(body["model"], body.get("dimensions")) for _, body in server.requests] == [(MODEL, None), (MODEL, 64)]
    server.shortens = False
    with pytest.raises(ProviderError, match="gave 256 numbers, not 64") as caught:
        embed_question(model, "one")
    assert caught.value.hint == f"set RAG_EMBEDDINGS={NAME}"


def test_a_request_has_no_more_texts_or_bytes_than_the_server_takes(server: EmbeddingsServer) -> None:
    texts = [f"word{n}" for n in range(5_000)] + ["ä" * 4_000] * 100
    parts = list(request_batches(texts))
    assert [text for part in parts for text in part] == texts
    assert [len(part) for part in parts[:3]] == [2048, 2048, 904 + 36]
    assert all(sum(len(text.encode()) for text in part) <= 300_000 for part in parts)
    open_model().embeddings.embed_documents(["one"] * 2049)
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


@pytest.fixture
def collection(server: EmbeddingsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddingsServer:
    settings = {"EMBEDDINGS": NAME, "VECTOR_CACHE_MB": "10", "CACHE_DIR": str(tmp_path / "cache")}
    for name, value in settings.items():
        monkeypatch.setenv(f"RAG_{name}", value)
    (tmp_path / "ferry.md").write_text("# Ferry\n\nThe ferry Aurora leaves Kiel at 19:45.\n", encoding="utf-8")
    return server


def test_documents_are_ingested_and_asked_on_the_command_line_and_what_is_remembered_costs_no_tokens(
    collection: EmbeddingsServer, rag: CommandLine
) -> None:
    ingested = rag("ingest", "ferry.md")
    ((path, body),) = collection.requests
    assert (path, body["model"]) == ("/v1/embeddings", MODEL)
    # As texts, and not as numbers of a vocabulary: langchain-openai would have to download that first.
    assert any("The ferry Aurora leaves Kiel at 19:45." in text for text in body["input"])
    assert f", {sum(len(text.split()) for text in body['input'])} tokens sent" in ingested.stdout
    asked = rag("ask", "The ferry Aurora leaves Kiel when?", RAG_CACHE_DIR=str(CONVERTED))
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines()[0] == "The ferry Aurora leaves Kiel at 19:45. [1]"
    report = ingest_paths(["ferry.md"])
    assert (report.tokens_sent, report.to_json()["tokens_sent"]) == (0, 0)
    with pytest.raises(WrongModelError, match=f"made with the embedding model {NAME}, not openai:another"):
        ingest_paths(["ferry.md"], settings=Settings(embeddings="openai:another"))
    local = Settings(embeddings="minilm", cache_dir=CONVERTED, vector_cache_mb=0)
    assert "tokens_sent" not in ingest_paths(["ferry.md"], rebuild=True, settings=local).to_json()


def test_a_long_document_is_cut_to_what_the_provider_takes(collection: EmbeddingsServer, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"汽车站在左边{n}" for n in range(5000)), encoding="utf-8")
    ingest_paths(["long.txt"], settings=Settings(chunk_tokens=8000))
    lengths = [len(text.encode()) for _, body in collection.requests for text in body["input"]]
    assert len(lengths) > 10
    assert max(lengths) <= 8191


def test_a_refused_key_is_named_and_nothing_is_stored(collection: EmbeddingsServer) -> None:
    collection.key = "another"
    with pytest.raises(ProviderError, match=rf"the key for {NAME} was refused \(401\): ") as caught:
        ingest_paths(["ferry.md"])
    assert f"set OPENAI_API_KEY to a key that is valid for {collection.address}" in caught.value.hint
    collection.key = "key-of-the-tests"
    assert ingest_paths(["ferry.md"]).counts() == {"added": 1}


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
    with pytest.raises(ProviderError, match="nobody:model could not be opened: there is no provider nobody"):
        open_model("nobody:model")
