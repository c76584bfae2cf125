"""Serves a GGUF model file by xllamacpp's OpenAI-compatible server, in this process, on loopback.

It does not download models, and it serves nobody but this process: the port takes only a key made for this run.
"""

import atexit
import os
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from langchain_core.language_models import BaseChatModel

from vectorstore import usable_cores
from vectorstore.errors import MissingPackageError, SettingsError, require_packages

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

# Instructions, passages and the answer. A model trained on a shorter context gets its own: llama.cpp lowers the figure
# by itself.
CONTEXT_TOKENS = 4096
# Small models can repeat themselves until the context is full, which takes minutes on a processor.
ANSWER_TOKENS = 512

MAGIC = b"GGUF"
SILENT = -1
# A server runs for as long as somebody holds it.
LOADED: "dict[Path, tuple[Any, ChatOpenAI]]" = {}
LOCK = threading.Lock()


def load_gguf_model(path: str | Path) -> BaseChatModel:
    """The chat model of a GGUF file, loaded once per process and closed with it.

    Raises SettingsError where there is no such file or llama.cpp cannot load it, and MissingPackageError.
    """
    file = Path(path).expanduser().resolve()
    with LOCK:
        if file not in LOADED:
            check_file(file)
            key = secrets.token_urlsafe(32)
            server = open_server(file, key)
            if not LOADED:
                atexit.register(LOADED.clear)
            LOADED[file] = server, connect(server.listening_address, file.stem, key)
        return LOADED[file][1]


def openai_clients(*, trust_env: bool) -> dict[str, Any]:
    """The arguments of ChatOpenAI that carry its requests; `trust_env` is False for a server on this machine.

    A proxy named by HTTP_PROXY would otherwise be asked for 127.0.0.1 too, and be shown the documents.
    """
    import openai

    # A connection that is kept belongs to the event loop that opened it, and fails in the next asyncio.run().
    options: dict[str, Any] = {"trust_env": trust_env, "headers": {"Connection": "close"}}
    if trust_env and (proxy := os.environ.get("OPENAI_PROXY")):
        options["proxy"] = proxy
    return {
        "http_client": openai.DefaultHttpxClient(**options),
        "http_async_client": openai.DefaultAsyncHttpxClient(**options),
        "http_socket_options": (),  # or ChatOpenAI logs that it uses no proxy of the environment
        "openai_proxy": None,  # or it reads OPENAI_PROXY itself, which it refuses together with clients
    }


def check_file(file: Path) -> None:
    """Refuse what is no model here: llama.cpp says the same of every file it cannot load."""
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(MAGIC))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"the model file {file} cannot be read: {reason}",
            "set RAG_LLM to gguf: and the path of a GGUF file, such as RAG_LLM=gguf:/models/model.gguf",
        ) from error
    if magic != MAGIC:
        raise SettingsError(
            f"the model file {file} is not a GGUF file",
            "name the model's .gguf file; other formats (safetensors, ONNX) have to be converted to GGUF first",
        )


def connect(address: str, name: str, key: str) -> "ChatOpenAI":
    from langchain_openai import ChatOpenAI  # here, because it costs a second

    return ChatOpenAI(
        model=name,
        base_url=f"{address}/v1",
        # Never the one that LangChain would look up by the file's name.
        profile={"max_input_tokens": context_size(address, key), "max_output_tokens": ANSWER_TOKENS},
        api_key=key,  # type: ignore[arg-type]  # made a SecretStr by pydantic
        temperature=0,
        use_responses_api=False,  # langchain-openai chooses the API by the model's name
        # One process cannot lose the other, and a long prompt takes minutes on a slow processor.
        timeout=None,
        stream_chunk_timeout=None,
        max_retries=0,
        # The server cannot close at exit while it holds back a whole answer; a stream it can break off.
        streaming=True,
        stream_usage=True,
        **openai_clients(trust_env=False),
    )


def context_size(address: str, key: str) -> int:
    """How many tokens of prompt and answer together the engine holds for this model."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.get(f"{address}/v1/models", headers=headers, trust_env=False).raise_for_status().json()
    return int(answer["data"][0]["meta"]["n_ctx"])


def open_server(file: Path, key: str) -> Any:
    # Read when libgomp is loaded. Threads that spin as long as by default, waiting for each other, make an answer
    # take 10 to 25 times as long where another program is busy; in peace, this costs 5 %.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    require_packages("xllamacpp", needed_by=f"gguf:{file}", install="'rag-app[local]'")
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingPackageError(
            f"gguf:{file} needs the package xllamacpp, which cannot be loaded: {error}",
            "install the library it names; on Debian and Ubuntu: apt-get install libgomp1",
        ) from error
    try:
        return xllamacpp.Server(set_parameters(xllamacpp.CommonParams(), file, key))
    except RuntimeError as error:
        raise SettingsError(
            f"the model file {file} could not be loaded",
            "it may be cut short, too big for the memory, or of a newer kind: "
            "compare its size with the original, then try pip install --upgrade xllamacpp",
        ) from error


def set_parameters(parameters: Any, file: Path, key: str) -> Any:
    parameters.model.path = str(file)
    parameters.model_alias = {file.stem}
    parameters.verbosity = SILENT
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_predict = ANSWER_TOKENS
    parameters.cpuparams.n_threads = usable_cores()
    parameters.enable_reasoning = 0  # thinking aloud would use up the answer's tokens unseen
    parameters.cache_ram_mib = 0  # by default up to 8 GB of old prompts; prompts here share only their beginning
    parameters.sse_ping_interval = 1  # seconds until a reader that went away is noticed; closing waits for it
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # a free one
    # Every program and every web page open on this machine can reach the port: hence a key, and none
    # of the pages that show prompts.
    parameters.api_keys = [key]
    parameters.cors_origins = ""
    parameters.endpoint_slots = False
    parameters.ui = False
    return parameters
