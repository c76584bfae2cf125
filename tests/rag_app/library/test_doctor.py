"""`rag doctor`: all is well on a good installation, and each thing that is not is told with its remedy."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag_app import Settings
from rag_app.library.doctor import Check, run_checks
from rag_app.wiring import build_store
from tests.conftest import CommandLine
from vectorstore.embeddings import PROVIDERS

PREFIXES = [provider.prefix for provider in PROVIDERS]
NAMES = ["python", "data folder", "disk", "embeddings", *PREFIXES, "answers", "collection"]
EXAMPLES = "such as RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:/models/model.gguf"


def check(name: str, settings: Settings) -> Check:
    (found,) = (check for check in run_checks(settings) if check.name == name)
    return found


def told(name: str, settings: Settings) -> tuple[str, str, str]:
    found = check(name, settings)
    return found.severity, found.message, found.remedy


def test_on_a_good_installation_all_is_well(samples_settings: Settings) -> None:
    checks = run_checks(samples_settings)
    assert [(check.name, check.severity) for check in checks] == [(name, "ok") for name in NAMES]
    assert checks[-1].message.endswith(" chunks, the same in all three indexes")


def test_each_check_says_what_it_found(samples_settings: Settings) -> None:
    found = {check.name: check.message for check in run_checks(samples_settings)}
    assert found["python"] == f"{sys.version.split()[0]} at {sys.executable}"
    assert found["data folder"] == str(samples_settings.data_dir)
    assert found["disk"].endswith(f" GB free for {samples_settings.data_dir}")
    assert found["embeddings"].endswith("texts of up to 254 tokens")
    assert found["answers"] == "by quotes, offline"


def test_written_answers_say_where_the_passages_go(samples_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-tests")
    settings = samples_settings.model_copy(update={"llm": "openai:test-model"})
    message = "written by openai:test-model, by the provider: it is sent the passages"
    assert told("answers", settings) == ("ok", message, "")


@pytest.mark.parametrize(
    ("llm", "message", "remedy"),
    [
        (
            "openai:test-model",
            "openai:test-model needs a key, and none is set",
            "set OPENAI_API_KEY in the environment",
        ),
        ("nonsense", "RAG_LLM=nonsense names no chat model", f"set RAG_LLM=provider:model, {EXAMPLES}"),
        ("gguf:nowhere.gguf", "the model file", "set RAG_LLM to gguf: and the path of a GGUF file"),
        (
            "anthropic:claude",
            "anthropic:claude needs the package langchain-anthropic",
            "pip install langchain-anthropic",
        ),
    ],
)
def test_a_writer_that_cannot_be_had_is_an_error(
    samples_settings: Settings, llm: str, message: str, remedy: str
) -> None:
    found = check("answers", samples_settings.model_copy(update={"llm": llm}))
    assert found.severity == "error"
    assert found.message.startswith(message)
    assert found.remedy.startswith(remedy)


def test_embeddings_that_cannot_be_had_are_an_error(samples_settings: Settings) -> None:
    settings = samples_settings.model_copy(update={"embeddings": "nonsense"})
    assert told("embeddings", settings) == (
        "error",
        "RAG_EMBEDDINGS=nonsense names no embedding model",
        "set RAG_EMBEDDINGS=minilm, a folder, or provider:model such as openai:text-embedding-3-small",
    )


def test_a_collection_of_another_model_is_an_error(samples_settings: Settings) -> None:
    assert told("collection", samples_settings.model_copy(update={"distance": "l2"})) == (
        "error",
        "the collection samples was made with the distance cosine, not l2",
        "set RAG_DISTANCE=cosine, or make it anew: rag ingest --rebuild PATH",
    )


def test_a_collection_that_is_not_there_is_a_warning(samples_settings: Settings) -> None:
    assert told("collection", samples_settings.model_copy(update={"collection": "papers"})) == (
        "warning",
        "there is no collection papers (there are: samples)",
        "rag ingest --collection papers PATH",
    )


def test_indexes_that_are_out_of_step_are_an_error(samples_copy: Settings) -> None:
    store = build_store(samples_copy)
    count = len(store.lexical.reader())
    store.lexical.change(remove=[next(iter(store.lexical.reader().ids()))])
    severity, message, remedy = told("collection", samples_copy)
    assert (severity, remedy) == ("error", "rag ingest --rebuild PATH")
    places = f"{count} in catalogue, {count} in the vector index, {count - 1} in the lexical index"
    assert message == f"samples is out of step: {places}"


def test_the_command_prints_a_line_a_check_and_fails_where_one_does(rag: CommandLine, samples_copy: Settings) -> None:
    run = rag("doctor", "--collection", "samples", RAG_LLM="nonsense")
    lines = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
    assert [line[9:].partition(":")[0] for line in lines] == NAMES
    assert [line.split()[0] for line in lines] == ["error" if name == "answers" else "ok" for name in NAMES]
    assert f"\n         set RAG_LLM=provider:model, {EXAMPLES}\n" in run.stdout
    assert (run.returncode, run.stderr) == (1, "")


def doctor_on_a_disk(options: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """`rag doctor` with the data folder on a disk of its own, mounted in a namespace of its own."""
    mount = f'mount -t tmpfs -o {options} none "$RAG_DATA_DIR" && exec "$0" -m rag_app.commands.main doctor'
    command = ["unshare", "-rm", "sh", "-c", mount, sys.executable]
    (tmp_path / "data").mkdir()
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "unshare:" in run.stderr or "mount:" in run.stderr:
        pytest.skip(f"this system mounts nothing: {run.stderr.strip()}")
    return run


needs_unshare = pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare on this system")


@needs_unshare
def test_a_data_folder_that_is_read_only_is_an_error(tmp_path: Path) -> None:
    run = doctor_on_a_disk("ro", tmp_path)
    assert f"error    data folder: the data folder {tmp_path}/data cannot be written to\n" in run.stdout
    assert "         make it writable, or set RAG_DATA_DIR to a folder that is\n" in run.stdout
    assert run.returncode == 1


@needs_unshare
def test_a_disk_that_is_nearly_full_is_a_warning(tmp_path: Path) -> None:
    run = doctor_on_a_disk("size=10m", tmp_path)
    assert f"warning  disk: 0.0 GB free for {tmp_path}/data\n" in run.stdout
    assert "         free some space, or set RAG_DATA_DIR to another disk\n" in run.stdout
    assert run.returncode == 0
