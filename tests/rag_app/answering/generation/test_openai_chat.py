"""A chat model of an OpenAI-compatible server is sent what it should be, over real HTTP on loopback."""

import asyncio

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.chat_models import load_chat_model
from tests.rag_app.chat_models import GREETING, SPEC, refusal_of, told
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import SettingsError


@pytest.fixture
def smollm_as_openai(smollm: ChatOpenAI, monkeypatch: pytest.MonkeyPatch) -> BaseChatModel:
    """The same server, reached the way any OpenAI-compatible one is."""
    assert smollm.openai_api_base is not None
    monkeypatch.setenv("OPENAI_BASE_URL", smollm.openai_api_base)
    monkeypatch.setenv("OPENAI_API_KEY", key_of(smollm))
    return load_chat_model(SPEC)


def key_of(model: ChatOpenAI) -> str:
    return model.openai_api_key.get_secret_value()  # type: ignore[union-attr]


class TestOpenAI:
    def test_a_real_server_writes_and_streams_through_openai(self, smollm_as_openai: BaseChatModel) -> None:
        pieces = [piece.text for piece in smollm_as_openai.stream(GREETING)]
        assert len([piece for piece in pieces if piece]) > 3
        assert "".join(pieces) == smollm_as_openai.invoke(GREETING).text

    def test_a_request_carries_key_model_question_and_temperature_0(self, fault_server: FaultServer) -> None:
        assert load_chat_model(SPEC).invoke("Who flew?").text == fault_server.answer
        (request,) = fault_server.chats
        assert request.headers["Authorization"] == "Bearer key-of-the-tests"
        assert request.body == {
            "model": "test-model",
            "messages": [{"role": "user", "content": "Who flew?"}],
            "temperature": 0,
            "stream": False,
        }

    def test_a_model_that_takes_no_temperature_is_sent_none(self, fault_server: FaultServer) -> None:
        load_chat_model("openai:o3-mini").invoke(GREETING)
        assert "temperature" not in fault_server.chats[0].body

    def test_loading_a_model_sends_nothing(self, fault_server: FaultServer) -> None:
        load_chat_model(SPEC)
        assert fault_server.requests == []

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
    def test_a_server_on_this_machine_is_reached_without_a_proxy(
        self, fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert load_chat_model(SPEC).invoke(GREETING).text == fault_server.answer

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "OPENAI_PROXY"])
    def test_a_server_elsewhere_is_reached_through_the_proxy(
        self, fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, f"http://{fault_server.address}")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example/v1")
        assert load_chat_model(SPEC).invoke(GREETING).text == fault_server.answer
        assert fault_server.requests[0].path == "http://models.example/v1/chat/completions"

    @pytest.mark.parametrize(
        "address", ["localhost:8000/v1", "models.example/v1", "http://", "http://[::1/v1", "http://localhost:99999/v1"]
    )
    def test_an_address_that_is_none_is_told(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        error = refusal_of(SPEC)
        assert isinstance(error, SettingsError)
        assert told(error) == (
            f"OPENAI_BASE_URL={address} is not an address",
            "write it with http:// or https://, such as OPENAI_BASE_URL=http://localhost:8000/v1",
        )
