"""A GGUF file becomes a chat model on loopback, or an error that says what is wrong with it."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.gguf import load_gguf_model
from tests.rag_app.chat_models import GREETING, SPEC, error_of, failure_of, refusal_of, told
from vectorstore.provider_errors import explain_provider_error

ROOT = Path(__file__).parents[4]


def test_a_model_file_is_loaded_once_and_writes_the_same_text_in_every_way(
    smollm: ChatOpenAI, smollm_path: Path
) -> None:
    """Past the proxies of the environment: see the fixture, each of them is down."""
    written = smollm.invoke(GREETING).text
    assert "hello" in written.lower()
    pieces = [piece.text for piece in smollm.stream(GREETING)]
    assert len([piece for piece in pieces if piece]) > 3
    assert "".join(pieces) == written
    assert [asyncio.run(smollm.ainvoke(GREETING)).text for _ in range(2)] == [written] * 2  # each in its own event loop
    assert load_gguf_model(smollm_path.parent / "." / smollm_path.name) is smollm


def test_the_server_of_a_model_file_listens_on_loopback_and_asks_for_its_key(smollm: ChatOpenAI) -> None:
    assert smollm.openai_api_base is not None
    assert smollm.openai_api_base.startswith("http://127.0.0.1:")
    stranger = ChatOpenAI(model="any", base_url=smollm.openai_api_base, api_key="guessed", max_retries=0)  # type: ignore[arg-type]
    message, hint = error_of(stranger)
    assert message.startswith(f"the key for {SPEC} was refused (401): ")
    assert smollm.openai_api_base.removeprefix("http://").removesuffix("/v1") in hint


def test_a_prompt_longer_than_the_context_is_refused_with_both_lengths(smollm: ChatOpenAI) -> None:
    raised = failure_of(lambda: smollm.invoke("word " * 5000))
    assert told(explain_provider_error(raised, "gguf:smollm.gguf")) == (
        "the text is too long for gguf:smollm.gguf: request (5031 tokens) exceeds the available context size "
        "(4096 tokens), try increasing it",
        "set RAG_CONTEXT_TOKENS lower, or name a model with a longer context in RAG_LLM",
    )


@pytest.mark.long("a process loads a language model")
def test_loading_and_leaving_says_nothing_and_ends_even_while_an_answer_is_written(
    smollm_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # which langchain-openai is wont to log about
    program = f"""
import threading, time
from rag_app.answering.generation.chat_models import load_chat_model
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


def test_what_is_no_model_file_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    assert refusal_of(f"gguf:{tmp_path}").message == f"the model file {tmp_path} cannot be read: Is a directory"
    assert told(refusal_of("gguf:/no/such.gguf")) == (
        "the model file /no/such.gguf cannot be read: No such file or directory",
        "set RAG_LLM to gguf: and the path of a GGUF file, such as RAG_LLM=gguf:/models/model.gguf",
    )
    file = tmp_path / "model.gguf"
    for content in (b"", b"GGU", b"\x80\x02}q\x00."):
        file.write_bytes(content)
        message, hint = told(refusal_of(f"gguf:{file}"))
        assert message == f"the model file {file} is not a GGUF file"
        assert hint.startswith("name the model's .gguf file; other formats (safetensors, ONNX) have to be converted")


def test_a_model_file_that_was_cut_short_is_refused(smollm_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    with smollm_path.open("rb") as whole:
        file.write_bytes(whole.read(3_000_000))
    message, hint = told(refusal_of(f"gguf:{file}"))
    assert message == f"the model file {file} could not be loaded"
    assert hint.startswith("it may be cut short, too big for the memory, or of a newer kind: ")


def test_without_xllamacpp_the_install_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)  # to Python, not installed
    needed = f"gguf:{file} needs the package xllamacpp"
    assert told(refusal_of(f"gguf:{file}")) == (f"{needed}, which is not installed", "pip install 'rag-app[local]'")
    monkeypatch.delitem(sys.modules, "xllamacpp")
    (tmp_path / "xllamacpp.py").write_text("raise ImportError('libgomp.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    assert told(refusal_of(f"gguf:{file}")) == (
        f"{needed}, which cannot be loaded: libgomp.so.1: cannot open shared object file",
        "install the library it names; on Debian and Ubuntu: apt-get install libgomp1",
    )
