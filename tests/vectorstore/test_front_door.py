"""The names that other packages import from `vectorstore`."""

import subprocess
import sys

import vectorstore


def test_every_name_of_the_front_door_is_there() -> None:
    assert [name for name in vectorstore.__all__ if getattr(vectorstore, name) is None] == []
    assert dir(vectorstore) == sorted(vectorstore.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, vectorstore; print({'chromadb', 'langchain_core', 'numpy', 'tantivy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
