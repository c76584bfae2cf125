"""From process start to a cited answer, beside a plain LangChain script's one search, over the same 5,000 chunks.

Use: python bench/cold_start.py [RUNS]. Ingests source files of Python's standard library into a temporary folder,
copies chunks and vectors into a plain Chroma folder, then runs the two commands in turn and prints their seconds.
"""

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.results import arguments, record

CHUNKS = 5_000
QUESTION = "How does a temporary directory get removed?"


def main() -> None:
    runs = int(next(iter(arguments()), 5))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(RAG_DATA_DIR=f"{folder}/data", HF_HUB_OFFLINE="1")
        chunks = ingest_standard_library()
        copy_to_plain_chroma(f"{folder}/plain")
        ours = [sys.executable, "-m", "rag_app.commands.main", "ask", QUESTION, "--json"]
        plain = [sys.executable, "bench/plain_search.py", f"{folder}/plain", QUESTION]
        timings = [(seconds_of(ours), seconds_of(plain)) for _ in range(runs + 1)][1:]  # the first warms the disk
    print(f"{chunks} chunks, {runs} runs of each in turn: seconds, min / median / max")
    values = {
        "rag ask, s": show("rag ask", [mine for mine, _ in timings]),
        "plain LangChain script, s": show("plain LangChain", [theirs for _, theirs in timings]),
        "ratio": show("ratio plain / rag", [theirs / mine for mine, theirs in timings]),
    }
    what = f"Speed: `rag ask`, process start to exit, {chunks:,} chunks stored"
    record(what, f"python bench/cold_start.py {runs}", values)


def ingest_standard_library() -> int:
    from rag_app import Settings, ingest_paths

    chunks = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        chunks += ingest_paths([path], settings=Settings()).chunks_embedded
        if chunks >= CHUNKS:
            break
    return chunks


def copy_to_plain_chroma(folder: str) -> None:
    import chromadb

    from rag_app import Settings
    from rag_app.wiring import build_store

    rows = build_store(Settings()).open_vectors().collection.get(include=["documents", "metadatas", "embeddings"])
    collection = chromadb.PersistentClient(folder).create_collection("langchain", embedding_function=None)
    for start in range(0, len(rows["ids"]), 1000):
        part = slice(start, start + 1000)
        collection.add(**{key: rows[key][part] for key in ("ids", "documents", "metadatas", "embeddings")})


def seconds_of(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def show(name: str, values: Sequence[float]) -> str:
    print(f"{name:<18} {min(values):6.2f} {statistics.median(values):6.2f} {max(values):6.2f}")
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
