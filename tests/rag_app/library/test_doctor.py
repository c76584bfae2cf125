"""`rag doctor`: all is well on a good installation, and each thing that is not is reported with its remedy."""

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
NO_MODEL = ("RAG_LLM=nonsense names no chat model", f"set RAG_LLM=provider:model, {EXAMPLES}")


def check(name: str, settings: Settings) -> Check:
    (found,) = (check for check in run_checks(settings) if check.name == name)
    return found


def test_on_a_good_installation_all_is_well(samples_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = run_checks(samples_settings)
    assert [(check.name, check.severity) for check in checks] == [(name, "ok") for name in NAMES]
    found = {check.name: check.message for check in checks}
    assert found["python"] == f"{sys.version.split()[0]} at {sys.executable}"
    assert found["data folder"] == str(samples_settings.data_dir)
    assert found["disk"].endswith(f" GB free for {samples_settings.data_dir}")
    assert found["embeddings"].endswith("texts of up to 254 tokens")
    assert found["answers"] == "by quotes, offline"
    assert found["collection"].endswith(" chunks, the same in all three indexes")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-tests")
    written = check("answers", samples_settings.model_copy(update={"llm": "openai:test-model"}))
    assert written.message == "written by openai:test-model, by the provider: it is sent the passages"


@pytest.mark.parametrize(
    ("changed", "name", "severity", "message", "remedy"),
    [
        ({"llm": "openai:m"}, "answers", "error", "openai:m needs a key, and none is set", "set OPENAI_API_KEY in the"),
        ({"llm": "nonsense"}, "answers", "error", *NO_MODEL),
        ({"llm": "gguf:nowhere.gguf"}, "answers", "error", "the model file", "set RAG_LLM to gguf: and the path of a"),
        (
            {"llm": "anthropic:claude"},
            "answers",
            "error",
            "anthropic:claude needs the package langchain-anthropic",
            "pip install langchain-anthropic",
        ),
        (
            {"embeddings": "nonsense"},
            "embeddings",
            "error",
            "RAG_EMBEDDINGS=nonsense names no embedding model",
            "set RAG_EMBEDDINGS=minilm, a folder, or provider:model such as openai:text-embedding-3-small",
        ),
        (
            {"distance": "l2"},
            "collection",
            "error",
            "the collection samples was made with the distance cosine, not l2",
            "set RAG_DISTANCE=cosine, or ingest it again: rag ingest --rebuild PATH",
        ),
        (
            {"collection": "papers"},
            "collection",
            "warning",
            "there is no collection papers (there are: samples)",
            "rag ingest --collection papers PATH",
        ),
    ],
)
def test_what_cannot_be_used_is_reported_with_its_remedy(
    samples_settings: Settings, changed: dict[str, str], name: str, severity: str, message: str, remedy: str
) -> None:
    found = check(name, samples_settings.model_copy(update=changed))
    assert found.severity == severity
    assert found.message.startswith(message)
    assert found.remedy.startswith(remedy)


def test_the_command_prints_a_line_a_check_and_fails_where_one_does(rag: CommandLine, samples_copy: Settings) -> None:
    store = build_store(samples_copy)
    ids = store.lexical.reader().ids()
    store.lexical.change(remove=[next(iter(ids))])
    run = rag("doctor", "--collection", "samples", RAG_LLM="nonsense")
    lines = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
    assert [line[9:].partition(":")[0] for line in lines] == NAMES
    wrong = ("answers", "collection")
    assert [line.split()[0] for line in lines] == ["error" if name in wrong else "ok" for name in NAMES]
    assert f"\n         {NO_MODEL[1]}\n" in run.stdout
    places = f"{len(ids)} in catalogue, {len(ids)} in the vector index, {len(ids) - 1} in the lexical index"
    assert run.stdout.endswith(f"samples is out of step: {places}\n         rag ingest --rebuild PATH\n")
    assert (run.returncode, run.stderr) == (1, "")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare on this system")
@pytest.mark.parametrize(
    ("options", "code", "lines"),
    [
        (
            "ro",
            1,
            "error    data folder: the data folder {data} cannot be written to\n"
            "         make it writable, or set RAG_DATA_DIR to a folder that is\n",
        ),
        (
            "size=10m",
            0,
            "warning  disk: 0.0 GB free for {data}\n         free some space, or set RAG_DATA_DIR to another disk\n",
        ),
    ],
)
def test_a_read_only_data_folder_and_a_nearly_full_disk_are_reported(
    tmp_path: Path, options: str, code: int, lines: str
) -> None:
    """With the data folder on a disk of its own, mounted in a namespace of its own."""
    mount = f'mount -t tmpfs -o {options} none "$RAG_DATA_DIR" && exec "$0" -m rag_app.commands.main doctor'
    (tmp_path / "data").mkdir()
    command = ["unshare", "-rm", "sh", "-c", mount, sys.executable]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "unshare:" in run.stderr or "mount:" in run.stderr:
        pytest.skip(f"this system mounts nothing: {run.stderr.strip()}")
    assert lines.format(data=tmp_path / "data") in run.stdout
    assert run.returncode == code
