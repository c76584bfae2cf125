"""Chat models over real HTTP on loopback: a real small model, and a server that fails in every way a provider does."""

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from rag_app.chat_models import explain_provider_error, explain_unfinished, load_chat_model
from rag_app.gguf import load_gguf_model
from tests.rag_app.fault_server import Behaviour, FaultServer
from vectorstore.errors import MissingPackageError, ProviderError, RagError, SettingsError

ROOT = Path(__file__).parents[2]
SPEC = "openai:test-model"
EXAMPLES = "such as RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:/models/model.gguf"
GREETING = "Say hello."


@pytest.fixture(scope="module")
def smollm(smollm_path: Path) -> ChatOpenAI:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTP_PROXY", "ALL_PROXY", "OPENAI_PROXY"):
            environment.setenv(name, "http://127.0.0.1:1")
        model = load_chat_model(f"gguf:{smollm_path}")
    assert isinstance(model, ChatOpenAI)
    return model


@pytest.fixture
def smollm_as_openai(smollm: ChatOpenAI, monkeypatch: pytest.MonkeyPatch) -> BaseChatModel:
    """The same server, reached the way any OpenAI-compatible one is."""
    assert smollm.openai_api_base is not None
    monkeypatch.setenv("OPENAI_BASE_URL", smollm.openai_api_base)
    monkeypatch.setenv("OPENAI_API_KEY", key_of(smollm))
    return load_chat_model(SPEC)


def key_of(model: ChatOpenAI) -> str:
    return model.openai_api_key.get_secret_value()  # type: ignore[union-attr]


def error_of(model: BaseChatModel, *, spec: str = SPEC) -> tuple[str, str]:
    return told(explain_provider_error(failure_of(lambda: model.invoke(GREETING)), spec))


def failure_of(call: Callable[[], object]) -> Exception:
    """What a call raises, of whatever class: each provider's package has its own."""
    with pytest.raises(Exception, match=r".") as caught:
        call()
    return caught.value


def told(error: RagError) -> tuple[str, str]:
    return error.message, error.hint


def refusal_of(spec: str) -> RagError:
    with pytest.raises(RagError) as caught:
        load_chat_model(spec)
    return caught.value


class TestGguf:
    def test_a_model_file_writes_text(self, smollm: ChatOpenAI) -> None:
        assert "hello" in smollm.invoke(GREETING).text.lower()

    def test_a_model_file_streams_the_text_it_would_write(self, smollm: ChatOpenAI) -> None:
        pieces = [piece.text for piece in smollm.stream(GREETING)]
        assert len([piece for piece in pieces if piece]) > 3
        assert "".join(pieces) == smollm.invoke(GREETING).text

    def test_a_model_file_answers_in_one_event_loop_after_another(self, smollm: ChatOpenAI) -> None:
        texts = [asyncio.run(smollm.ainvoke(GREETING)).text for _ in range(2)]
        assert texts == [smollm.invoke(GREETING).text] * 2

    def test_a_model_file_is_loaded_once_whatever_its_path_is_called(
        self, smollm: ChatOpenAI, smollm_path: Path
    ) -> None:
        assert load_gguf_model(smollm_path.parent / "." / smollm_path.name) is smollm

    def test_the_server_of_a_model_file_listens_on_loopback_and_asks_for_its_key(self, smollm: ChatOpenAI) -> None:
        assert smollm.openai_api_base is not None
        assert smollm.openai_api_base.startswith("http://127.0.0.1:")
        stranger = ChatOpenAI(model="any", base_url=smollm.openai_api_base, api_key="guessed", max_retries=0)  # type: ignore[arg-type]
        address = smollm.openai_api_base.removeprefix("http://").removesuffix("/v1")
        assert error_of(stranger)[0] == f"{address} refused the key for {SPEC} (401)"

    def test_no_proxy_of_the_environment_is_asked_for_a_model_file(self, smollm: ChatOpenAI) -> None:
        assert smollm.invoke(GREETING).text  # see the fixture: each proxy named there is down

    def test_a_prompt_longer_than_the_context_is_told_with_both_lengths(self, smollm: ChatOpenAI) -> None:
        raised = failure_of(lambda: smollm.invoke("word " * 5000))
        message, hint = told(explain_provider_error(raised, "gguf:smollm.gguf"))
        assert message == (
            "the text is too long for gguf:smollm.gguf: request (5031 tokens) exceeds the available context size "
            "(4096 tokens), try increasing it"
        )
        assert hint == "set RAG_TOP_K lower, or name a model with a longer context in RAG_LLM"

    def test_loading_and_leaving_says_nothing_and_ends_even_while_an_answer_is_written(
        self, smollm_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # which langchain-openai is wont to log about
        program = f"""
import threading, time
from rag_app.chat_models import load_chat_model
model = load_chat_model({f"gguf:{smollm_path}"!r})
first = threading.Event()
def write():
    for piece in model.stream("Write a long story."):
        first.set()
threading.excepthook = lambda stopped: None
threading.Thread(target=write, daemon=True).start()
assert first.wait(60)
print(time.time())
"""
        run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert (run.returncode, run.stderr) == (0, "")
        assert time.time() - float(run.stdout) < 15  # it takes 30 s to close where pings are not asked for

    def test_a_missing_model_file_is_told(self) -> None:
        assert told(refusal_of("gguf:/no/such.gguf")) == (
            "the model file /no/such.gguf cannot be read: No such file or directory",
            "set RAG_LLM to gguf: and the path of a GGUF file, such as RAG_LLM=gguf:/models/model.gguf",
        )

    def test_a_folder_is_no_model_file(self, tmp_path: Path) -> None:
        assert refusal_of(f"gguf:{tmp_path}").message == f"the model file {tmp_path} cannot be read: Is a directory"

    @pytest.mark.parametrize("content", [b"", b"GGU", b"\x80\x02}q\x00."])
    def test_a_file_that_is_no_gguf_file_is_told_before_it_is_loaded(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "model.gguf"
        file.write_bytes(content)
        assert told(refusal_of(f"gguf:{file}")) == (
            f"the model file {file} is not a GGUF file",
            "name the model's .gguf file; other formats (safetensors, ONNX) have to be converted to GGUF first",
        )

    def test_a_model_file_that_was_cut_short_is_told(self, smollm_path: Path, tmp_path: Path) -> None:
        file = tmp_path / "model.gguf"
        with smollm_path.open("rb") as whole:
            file.write_bytes(whole.read(3_000_000))
        assert told(refusal_of(f"gguf:{file}")) == (
            f"the model file {file} could not be loaded",
            (
                "it may be cut short, too big for the memory, or of a newer kind: "
                "compare its size with the original, then try pip install --upgrade xllamacpp"
            ),
        )

    @pytest.mark.parametrize(
        ("raised", "told_as"),
        [
            (
                "ModuleNotFoundError('No module named xllamacpp')",
                "which is not installed|pip install 'rag-app[local]'",
            ),
            (
                "ImportError('libgomp.so.1: cannot open shared object file')",
                "which cannot be loaded: libgomp.so.1: cannot open shared object file|"
                "install the library it names; on Debian and Ubuntu: apt-get install libgomp1",
            ),
        ],
    )
    def test_without_xllamacpp_the_install_command_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str, told_as: str
    ) -> None:
        (tmp_path / "xllamacpp.py").write_text(f"raise {raised}")
        file = tmp_path / "model.gguf"
        file.write_bytes(b"GGUF")
        program = f"""
from rag_app.gguf import load_gguf_model
from vectorstore.errors import MissingPackageError
try:
    load_gguf_model({str(file)!r})
except MissingPackageError as error:
    print(error.message, error.hint, sep="|")
"""
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert run.stdout.strip() == f"gguf:{file} needs the package xllamacpp, {told_as}"


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


# Of each fault: the message and the hint, {server} for the server's address, and how often it is asked.
FAULTS: dict[Behaviour, tuple[str, str, int]] = {
    "wrong_key": (
        "{server} refused the key for openai:test-model (401)",
        "set OPENAI_API_KEY to a key that is valid there, check OPENAI_BASE_URL",
        1,
    ),
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
        "name a model it has in RAG_LLM, and check OPENAI_BASE_URL, which usually ends in /v1",
        1,
    ),
    "prompt_too_long": (
        (
            "the text is too long for openai:test-model: This model's maximum context length is 4096 tokens. "
            "However, your messages have 9031 tokens"
        ),
        "set RAG_TOP_K lower, or name a model with a longer context in RAG_LLM",
        1,
    ),
    "dies_before_answer": (
        "{server} broke off before the answer of openai:test-model was complete",
        "ask again; if it stays so, see that server's log",
        2,
    ),
    "hangs": (
        "{server} did not answer in time for openai:test-model",
        "ask again; if it stays so, see that server's log, check OPENAI_BASE_URL",
        2,
    ),
}


class TestFaults:
    @pytest.mark.parametrize("behaviour", FAULTS)
    @pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke"])
    def test_each_fault_of_a_server_is_told(self, fault_server: FaultServer, behaviour: Behaviour, way: str) -> None:
        fault_server.behave(behaviour)
        message, hint, requests = FAULTS[behaviour]
        # Waits between attempts that no header of the server shortens are half a second and more.
        model = load_chat_model(SPEC, timeout_s=0.3, max_retries=requests - 1 if requests > 1 else 2)
        raised = failure_of(lambda: ask(model, way))
        assert told(explain_provider_error(raised, SPEC)) == (message.format(server=fault_server.address), hint)
        assert len(fault_server.requests) == requests

    @pytest.mark.parametrize(
        ("behaviour", "reason"), [("dies_in_stream", ""), ("error_in_stream", ": The model ran out of memory")]
    )
    def test_a_server_that_dies_in_mid_stream_is_told_after_its_first_words(
        self, fault_server: FaultServer, behaviour: Behaviour, reason: str
    ) -> None:
        fault_server.behave(behaviour)
        pieces: list[str] = []
        raised = failure_of(lambda: pieces.extend(piece.text for piece in load_chat_model(SPEC).stream(GREETING)))
        assert pieces == ["Three", " people", " flew"]
        assert told(explain_provider_error(raised, SPEC)) == (
            f"{fault_server.address} broke off before the answer of {SPEC} was complete{reason}",
            "ask again; if it stays so, see that server's log",
        )
        assert len(fault_server.requests) == 1

    def test_a_stream_that_ends_without_its_last_piece_is_told(self, fault_server: FaultServer) -> None:
        fault_server.behave("ends_early")
        message = sum_of(load_chat_model(SPEC))
        assert message.text == "Three people flew"
        error = explain_unfinished(message, SPEC)
        assert error is not None
        assert error.message == f"{fault_server.address} broke off before the answer of {SPEC} was complete"

    @pytest.mark.usefixtures("fault_server")
    def test_a_whole_stream_is_not_told_to_be_unfinished(self) -> None:
        assert explain_unfinished(sum_of(load_chat_model(SPEC)), SPEC) is None

    @pytest.mark.parametrize("way", ["invoke", "stream"])
    def test_a_server_that_speaks_something_else_is_told(self, fault_server: FaultServer, way: str) -> None:
        fault_server.behave("not_json")
        raised = failure_of(lambda: ask(load_chat_model(SPEC), way))
        assert told(explain_provider_error(raised, SPEC)) == (
            f"{fault_server.address} sent something that is no answer of {SPEC}",
            "check that a model server listens there, and check OPENAI_BASE_URL, which usually ends in /v1",
        )

    @pytest.mark.parametrize("way", ["invoke", "ainvoke"])
    def test_a_server_that_is_down_is_told_with_its_address(self, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        with FaultServer() as server:
            address = server.address
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://{address}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        raised = failure_of(lambda: ask(load_chat_model(SPEC, max_retries=0), way))
        assert told(explain_provider_error(raised, SPEC)) == (
            f"no server can be reached at {address}, for {SPEC}",
            "start that server or check the network, check OPENAI_BASE_URL, or change RAG_LLM",
        )

    def test_a_host_that_does_not_exist_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example:8000/v1")
        # What resolving a name raises, without a network.
        raised = failure_of(lambda: socket.getaddrinfo("127.0.0.1", "no-such-service"))
        assert told(explain_provider_error(raised, SPEC)) == (
            f"there is no host models.example:8000 to be found, for {SPEC}",
            "check the network, check OPENAI_BASE_URL, or change RAG_LLM",
        )

    @pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
    def test_a_key_that_cannot_be_sent_is_told_and_not_shown(
        self, fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
        assert error_of(load_chat_model(SPEC, max_retries=0)) == (
            f"the key for {SPEC} holds a character that cannot be sent",
            "copy it into OPENAI_API_KEY again, without line breaks, quotation marks or accents",
        )
        assert fault_server.requests == []

    def test_a_key_that_a_server_repeats_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MISTRAL_API_KEY", "abc-secret-def")
        raised = ValueError("abc-secret-def and sk-proj-123456789 at https://me:pass@models.example/?key=hidden")
        message = explain_provider_error(raised, "mistralai:small").message
        assert message == "mistralai:small failed: *** and *** at https://***@models.example/?key=***"

    def test_an_error_nobody_knows_keeps_its_first_line(self) -> None:
        assert told(explain_provider_error(RuntimeError("tensor went flat.\nTraceback"), "ollama:llama3")) == (
            "ollama:llama3 failed: tensor went flat",
            "ask again, or name another model in RAG_LLM",
        )

    def test_an_embedding_model_is_told_by_its_own_setting(self) -> None:
        error = explain_provider_error(RuntimeError("flat"), "cohere:embed", setting="RAG_EMBEDDINGS")
        assert error.hint == "ask again, or name another model in RAG_EMBEDDINGS"

    def test_an_error_that_was_told_already_is_left_as_it_is(self) -> None:
        error = ProviderError("said", "hint")
        assert explain_provider_error(error, SPEC) is error

    def test_a_refused_key_is_not_told_to_be_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raised = Exception("[401] Unauthorized. Check your API key.")
        assert (
            explain_provider_error(raised, "nvidia:nemotron").hint == "set NVIDIA_API_KEY in the environment or in .env"
        )
        monkeypatch.setenv("NVIDIA_API_KEY", "expired-key")
        message = explain_provider_error(raised, "nvidia:nemotron").message
        assert message == "nvidia:nemotron failed: [401] Unauthorized. Check your API key"


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


def ask(model: BaseChatModel, way: str) -> Any:
    if way == "stream":
        return list(model.stream(GREETING))
    return model.invoke(GREETING) if way == "invoke" else asyncio.run(model.ainvoke(GREETING))


def sum_of(model: BaseChatModel) -> Any:
    first, *others = model.stream(GREETING)
    return sum(others, first)
