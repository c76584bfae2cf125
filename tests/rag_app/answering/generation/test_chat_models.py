"""Loads chat models by name, or says what is missing; what is sent to an OpenAI-compatible server on loopback."""

import asyncio
import importlib.util

import pytest
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.chat_models import load_chat_model
from tests.rag_app.chat_models import GREETING, SPEC, refusal_of, told
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import MissingPackageError, ProviderError, SettingsError

EXAMPLES = "such as RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:/models/model.gguf"


class TestNames:
    @pytest.mark.parametrize("spec", ["", " ", "openai", "openai:", ":gpt-5", "quotes", "/models/model.gguf", "gguf:"])
    def test_a_name_that_is_not_provider_and_model_is_refused(self, spec: str) -> None:
        error = refusal_of(spec)
        assert isinstance(error, SettingsError)
        assert told(error) == (f"RAG_LLM={spec} names no chat model", f"set RAG_LLM=provider:model, {EXAMPLES}")

    def test_an_unknown_provider_is_refused_with_the_nearest_and_never_guessed(self) -> None:
        assert told(refusal_of("opanai:gpt-5-mini")) == (
            "RAG_LLM=opanai:gpt-5-mini names an unknown provider: opanai",
            f"did you mean openai? set RAG_LLM=provider:model, {EXAMPLES}",
        )
        assert refusal_of("gpt-5:mini").message == "RAG_LLM=gpt-5:mini names an unknown provider: gpt-5"

    @pytest.mark.parametrize(
        ("spec", "package"),
        [
            ("anthropic:claude", "langchain-anthropic"),
            ("bedrock:nova", "langchain-aws"),
            ("google_genai:gemini", "langchain-google-genai"),
            ("groq:llama", "langchain-groq"),
            ("mistralai:small", "langchain-mistralai"),
            ("nvidia:nemotron", "langchain-nvidia-ai-endpoints"),
            ("ollama:llama3:8b", "langchain-ollama"),
        ],
    )
    def test_a_provider_whose_package_is_missing_is_refused_with_the_command(self, spec: str, package: str) -> None:
        if importlib.util.find_spec(package.replace("-", "_")):
            pytest.skip(f"{package} is installed")
        error = refusal_of(spec)
        assert isinstance(error, MissingPackageError)
        assert told(error) == (f"{spec} needs the package {package}, which is not installed", f"pip install {package}")

    def test_a_missing_key_or_setting_of_a_provider_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for spec, name in ((SPEC, "OPENAI_API_KEY"), ("azure_openai:deployment", "AZURE_OPENAI_API_KEY")):
            error = refusal_of(spec)
            assert isinstance(error, ProviderError)
            assert error.message == f"{spec} needs a key, and none is set"
            assert error.hint.startswith(f"set {name} in the environment or in .env")
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "secret-key")
        assert refusal_of("azure_openai:deployment").message == (
            "azure_openai:deployment failed: Must provide either the `api_version` argument or the "
            "`OPENAI_API_VERSION` environment variable"
        )

    @pytest.mark.parametrize(
        "address", ["localhost:8000/v1", "models.example/v1", "http://", "http://[::1/v1", "http://localhost:99999/v1"]
    )
    def test_an_address_that_is_none_is_refused(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        assert told(refusal_of(SPEC)) == (
            f"OPENAI_BASE_URL={address} is not an address",
            "write it with http:// or https://, such as OPENAI_BASE_URL=http://localhost:8000/v1",
        )


class TestOpenAI:
    def test_a_real_server_writes_and_streams_through_openai(
        self, smollm: ChatOpenAI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert smollm.openai_api_base
        monkeypatch.setenv("OPENAI_BASE_URL", smollm.openai_api_base)
        monkeypatch.setenv("OPENAI_API_KEY", smollm.openai_api_key.get_secret_value())  # type: ignore[union-attr]
        model = load_chat_model(SPEC)
        pieces = [piece.text for piece in model.stream(GREETING, max_tokens=30)]
        assert len([piece for piece in pieces if piece]) > 3
        assert "".join(pieces) == model.invoke(GREETING, max_tokens=30).text

    def test_a_request_carries_key_model_question_and_temperature_0_and_loading_sends_nothing(
        self, fault_server: FaultServer
    ) -> None:
        model = load_chat_model("OpenAI: test-model")
        assert fault_server.requests == []
        assert model.invoke("Who flew?").text == fault_server.answer
        (request,) = fault_server.chats
        assert request.headers["Authorization"] == "Bearer key-of-the-tests"
        assert request.body == {
            "model": "test-model",
            "messages": [{"role": "user", "content": "Who flew?"}],
            "temperature": 0,
            "stream": False,
        }
        load_chat_model("openai:o3-mini").invoke(GREETING)
        assert "temperature" not in fault_server.chats[1].body, "it accepts none"

    def test_the_first_text_comes_before_the_last_is_written(self, fault_server: FaultServer) -> None:
        fault_server.hold_after = 2
        pieces = load_chat_model(SPEC).stream(GREETING)
        assert next(piece.text for piece in pieces if piece.text) == "Three"
        fault_server.release()
        assert "".join(piece.text for piece in pieces) == fault_server.answer.removeprefix("Three")

    def test_a_short_failure_of_the_server_is_tried_again(self, fault_server: FaultServer) -> None:
        fault_server.behave("server_error", "rate_limit", "answer")
        assert load_chat_model(SPEC).invoke(GREETING).text == fault_server.answer
        assert len(fault_server.requests) == 3

    def test_a_remote_model_answers_in_one_event_loop_after_another(self, fault_server: FaultServer) -> None:
        model = load_chat_model(SPEC)
        texts = [asyncio.run(model.ainvoke(GREETING)).text for _ in range(2)]
        assert texts == [fault_server.answer] * 2

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "OPENAI_PROXY"])
    def test_a_server_on_this_machine_is_reached_without_a_proxy_and_one_elsewhere_through_it(
        self, fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert load_chat_model(SPEC).invoke(GREETING).text == fault_server.answer
        monkeypatch.setenv(name, f"http://{fault_server.address}")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example/v1")
        assert load_chat_model(SPEC).invoke(GREETING).text == fault_server.answer
        assert fault_server.requests[-1].path == "http://models.example/v1/chat/completions"
