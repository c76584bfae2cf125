"""The name of a chat model becomes the model, or an error that says what it lacks."""

import importlib.util

import pytest

from rag_app.answering.generation.chat_models import load_chat_model
from tests.rag_app.chat_models import GREETING, SPEC, refusal_of, told
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import MissingPackageError, ProviderError, SettingsError

EXAMPLES = "such as RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:/models/model.gguf"


class TestNames:
    @pytest.mark.parametrize("spec", ["", " ", "openai", "openai:", ":gpt-5", "quotes", "/models/model.gguf", "gguf:"])
    def test_a_name_that_is_not_provider_and_model_is_told(self, spec: str) -> None:
        error = refusal_of(spec)
        assert isinstance(error, SettingsError)
        assert told(error) == (f"RAG_LLM={spec} names no chat model", f"set RAG_LLM=provider:model, {EXAMPLES}")

    def test_an_unknown_provider_is_told_with_the_nearest(self) -> None:
        error = refusal_of("opanai:gpt-5-mini")
        assert isinstance(error, SettingsError)
        assert told(error) == (
            "RAG_LLM=opanai:gpt-5-mini names an unknown provider: opanai",
            f"did you mean openai? set RAG_LLM=provider:model, {EXAMPLES}",
        )

    def test_a_provider_may_be_spelled_as_its_package(self, fault_server: FaultServer) -> None:
        assert load_chat_model("OpenAI: test-model").invoke(GREETING).text == fault_server.answer
        assert fault_server.chats[0].body["model"] == "test-model"

    @pytest.mark.usefixtures("fault_server")
    def test_a_provider_is_never_guessed_from_the_name_of_a_model(self) -> None:
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
    def test_a_provider_whose_package_is_missing_is_told_with_the_command(self, spec: str, package: str) -> None:
        if importlib.util.find_spec(package.replace("-", "_")):
            pytest.skip(f"{package} is installed")
        error = refusal_of(spec)
        assert isinstance(error, MissingPackageError)
        assert told(error) == (f"{spec} needs the package {package}, which is not installed", f"pip install {package}")

    @pytest.mark.parametrize("spec", [SPEC, "azure_openai:deployment"])
    def test_a_missing_key_is_told_with_its_name(self, spec: str) -> None:
        name = f"{spec.partition(':')[0].upper()}_API_KEY"
        error = refusal_of(spec)
        assert isinstance(error, ProviderError)
        assert error.message == f"{spec} needs a key, and none is set"
        assert error.hint.startswith(f"set {name} in the environment or in .env")

    def test_a_setting_that_a_provider_asks_for_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "secret-key")
        assert refusal_of("azure_openai:deployment").message == (
            "azure_openai:deployment failed: Must provide either the `api_version` argument or the "
            "`OPENAI_API_VERSION` environment variable"
        )
