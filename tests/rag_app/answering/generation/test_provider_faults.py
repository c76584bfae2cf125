"""Every way in which a provider fails, over real HTTP on loopback, becomes a message and a hint."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from rag_app.answering.generation.chat_models import load_chat_model
from tests.rag_app.chat_models import GREETING, SPEC, error_of, failure_of, told
from tests.rag_app.fault_server import Behaviour, FaultServer
from vectorstore.errors import ProviderError
from vectorstore.provider_errors import explain_provider_error, explain_unfinished, retry_after_s

BASE = ", and check OPENAI_BASE_URL, which usually ends in /v1"
LATER = "ask again in a minute; if it stays so, see that server's log or status page"
KEY = f"set OPENAI_API_KEY to a key that is valid for {{server}}, without line breaks, quotation marks or accents{BASE}"
UNREACHABLE = f"start that server or check the network{BASE}, or change RAG_LLM"
# Of each fault: the message and the hint, {server} for the server's address, and how often it is asked.
FAULTS: dict[Behaviour, tuple[str, str, int]] = {
    "wrong_key": ("the key for openai:test-model was refused (401): Incorrect API key provided: ***", KEY, 1),
    "rate_limit": (
        "{server} takes no more requests for openai:test-model just now (429); it asks to wait 7 s",
        "ask again in 7 s",
        3,
    ),
    "no_quota": (
        "the account at {server} has no quota left for openai:test-model: You exceeded your current quota",
        "check the plan and the billing there, or name another model in RAG_LLM",
        3,
    ),
    "server_error": (
        "{server} failed on openai:test-model (500): The server had an error",
        "ask again in 7 s; if it stays so, see that server's log or status page",
        3,
    ),
    "no_such_model": (
        "{server} has no model test-model (404): The model does not exist",
        f"name a model it has in RAG_LLM{BASE}",
        1,
    ),
    "prompt_too_long": (
        "the text is too long for openai:test-model: This model's maximum context length is 4096 tokens. "
        "However, your messages have 9031 tokens",
        "set RAG_CONTEXT_TOKENS lower, or name a model with a longer context in RAG_LLM",
        1,
    ),
    "dies_before_answer": (
        "{server} failed on openai:test-model: Server disconnected without sending a response",
        LATER,
        2,
    ),
    "hangs": ("{server} failed on openai:test-model: no answer in time", LATER, 2),
}


@pytest.mark.parametrize("behaviour", FAULTS)
@pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke"])
def test_each_fault_of_a_server_is_explained(fault_server: FaultServer, behaviour: Behaviour, way: str) -> None:
    fault_server.behave(behaviour)
    message, hint, requests = FAULTS[behaviour]
    # Waits between attempts that no header of the server shortens are half a second and more.
    model = load_chat_model(SPEC, timeout_s=0.3, max_retries=requests - 1 if requests > 1 else 2)
    raised = failure_of(lambda: ask(model, way))
    expected = tuple(text.format(server=fault_server.address) for text in (message, hint))
    assert told(explain_provider_error(raised, SPEC)) == expected
    assert len(fault_server.requests) == requests


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("dies_in_stream", "peer closed connection without sending complete message body (incomplete chunked read)"),
        ("error_in_stream", "The model ran out of memory"),
    ],
)
def test_a_server_that_dies_in_mid_stream_is_named_after_its_first_words(
    fault_server: FaultServer, behaviour: Behaviour, reason: str
) -> None:
    fault_server.behave(behaviour)
    pieces: list[str] = []
    raised = failure_of(lambda: pieces.extend(piece.text for piece in load_chat_model(SPEC).stream(GREETING)))
    assert pieces == ["Three", " people", " flew"]
    message, hint = told(explain_provider_error(raised, SPEC))
    assert message.startswith(f"{fault_server.address} failed on {SPEC}: {reason}")
    assert hint == LATER
    assert len(fault_server.requests) == 1


def test_a_stream_that_ends_without_its_last_piece_is_unfinished(fault_server: FaultServer) -> None:
    assert explain_unfinished(sum_of(load_chat_model(SPEC)), SPEC) is None
    fault_server.behave("ends_early")
    message = sum_of(load_chat_model(SPEC))
    assert message.text == "Three people flew"
    error = explain_unfinished(message, SPEC)
    assert error is not None
    assert error.message == f"{fault_server.address} failed on {SPEC}: the answer ended before it was complete"


def test_a_server_that_speaks_something_else_is_no_model_server(fault_server: FaultServer) -> None:
    fault_server.behave("not_json")
    for way in ("invoke", "stream"):
        assert_unreachable(failure_of(partial(ask, load_chat_model(SPEC), way)), fault_server.address)


def test_a_server_that_is_down_and_a_host_that_does_not_exist_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as server:
        address = server.address
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    model = load_chat_model(SPEC, max_retries=0)
    for way in ("invoke", "ainvoke"):
        assert_unreachable(failure_of(partial(ask, model, way)), address)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example:8000/v1")
    # What resolving a name raises, without a network.
    raised = failure_of(lambda: socket.getaddrinfo("127.0.0.1", "no-such-service"))
    assert_unreachable(raised, "models.example:8000", "[Errno -8] Servname not supported for ai_socktype")


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert error_of(load_chat_model(SPEC, max_retries=0)) == (
        f"the key for {SPEC} was refused: it holds a character that cannot be sent",
        KEY.format(server=fault_server.address),
    )
    assert fault_server.requests == []


def test_a_key_that_a_server_repeats_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "abc-secret-def")
    raised = ValueError("abc-secret-def and sk-proj-123456789 at https://me:pass@models.example/?key=hidden")
    message = explain_provider_error(raised, "mistralai:small").message
    assert message == "mistralai:small failed: *** and *** at https://***@models.example/?key=***"


def test_an_error_nobody_knows_keeps_its_first_line_and_names_its_setting() -> None:
    error = RuntimeError("tensor went flat.\nTraceback")
    for setting in ("RAG_LLM", "RAG_EMBEDDINGS"):
        assert told(explain_provider_error(error, "ollama:llama3", setting=setting)) == (
            "ollama:llama3 failed: tensor went flat",
            f"ask again, or name another model in {setting}",
        )
    explained = ProviderError("said", "hint")
    assert explain_provider_error(explained, SPEC) is explained


@pytest.mark.parametrize(
    ("spec", "name"),
    [("nvidia:nemotron", "NVIDIA_API_KEY"), ("bedrock_converse:nova", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")],
)
def test_a_refused_key_is_not_said_to_be_missing(spec: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raised = Exception("[401] Unauthorized. Check your API key.")
    assert explain_provider_error(raised, spec).hint == f"set {name} in the environment or in .env"
    for one in name.split(" and "):
        monkeypatch.setenv(one, "expired-key")
    assert explain_provider_error(raised, spec).message == f"{spec} failed: [401] Unauthorized. Check your API key"


def test_a_package_that_a_provider_s_package_lacks_is_the_one_to_install() -> None:
    error = ImportError("Please install it with `pip install langchain-any`")
    assert explain_provider_error(error, "any:model").hint == "pip install langchain-any"
    error.__cause__ = ModuleNotFoundError(name="any_client.v2")
    assert explain_provider_error(error, "any:model").hint == "pip install any-client"


def test_a_wait_is_a_number_or_a_date() -> None:
    def wait(value: str | None) -> float | None:
        error = Exception()
        error.response = SimpleNamespace(headers={"retry-after": value})  # type: ignore[attr-defined]
        return retry_after_s(error)

    def date(seconds: int) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    assert wait("1.5") == 1.5
    assert 80 < (wait(date(90)) or 0) < 91
    assert [wait(value) for value in (None, "", "0", "-3", date(-90), "soon")] == [None] * 6


def assert_unreachable(raised: Exception, address: str, reason: str = "") -> None:
    message, hint = told(explain_provider_error(raised, SPEC))
    assert message.startswith(f"no model server can be reached at {address}, for {SPEC}: {reason}")
    assert hint == UNREACHABLE


def ask(model: BaseChatModel, way: str) -> Any:
    if way == "stream":
        return list(model.stream(GREETING))
    return model.invoke(GREETING) if way == "invoke" else asyncio.run(model.ainvoke(GREETING))


def sum_of(model: BaseChatModel) -> Any:
    first, *others = model.stream(GREETING)
    return sum(others, first)
