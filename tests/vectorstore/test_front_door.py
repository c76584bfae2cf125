"""The names that other packages import from `vectorstore`."""

import subprocess
import sys

import vectorstore


def test_every_name_of_the_front_door_is_there() -> None:
    names = dir(vectorstore)
    assert {"Chunk", "HybridRetriever", "Store", "load_embedding_model", "open_store"} <= set(names)
    assert [name for name in names if getattr(vectorstore, name) is None] == []


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, vectorstore; print({'chromadb', 'langchain_core', 'numpy', 'tantivy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
