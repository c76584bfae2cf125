"""A GGUF file becomes a chat model on loopback, or an error that says what is wrong with it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.chat_models import explain_provider_error
from rag_app.answering.generation.gguf import load_gguf_model
from tests.rag_app.chat_models import GREETING, SPEC, error_of, failure_of, refusal_of, told

ROOT = Path(__file__).parents[4]


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
        message, hint = error_of(stranger)
        assert message.startswith(f"the key for {SPEC} was refused (401): ")
        assert address in hint

    def test_no_proxy_of_the_environment_is_asked_for_a_model_file(self, smollm: ChatOpenAI) -> None:
        assert smollm.invoke(GREETING).text  # see the fixture: each proxy named there is down

    def test_a_prompt_longer_than_the_context_is_told_with_both_lengths(self, smollm: ChatOpenAI) -> None:
        raised = failure_of(lambda: smollm.invoke("word " * 5000))
        message, hint = told(explain_provider_error(raised, "gguf:smollm.gguf"))
        assert message == (
            "the text is too long for gguf:smollm.gguf: request (5031 tokens) exceeds the available context size "
            "(4096 tokens), try increasing it"
        )
        assert hint == "set RAG_CONTEXT_TOKENS lower, or name a model with a longer context in RAG_LLM"

    def test_loading_and_leaving_says_nothing_and_ends_even_while_an_answer_is_written(
        self, smollm_path: Path, monkeypatch: pytest.MonkeyPatch
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
from rag_app.answering.generation.gguf import load_gguf_model
from vectorstore.errors import MissingPackageError
try:
    load_gguf_model({str(file)!r})
except MissingPackageError as error:
    print(error.message, error.hint, sep="|")
"""
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert run.stdout.strip() == f"gguf:{file} needs the package xllamacpp, {told_as}"
