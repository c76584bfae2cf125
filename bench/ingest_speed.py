"""A folder of Markdown ingested by `rag ingest` and by the tutorials' pipeline, in turn: ratios and their spread.

Use: python bench/ingest_speed.py FOLDER [RUNS] (3). Each run is a process of its own into an empty folder, no vector
remembered; the model is converted before. Prints wall seconds from folder to searchable, our chunks' share of the
characters of the files, and what a second ingest of the unchanged folder takes.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
WARM_UP = "from rag_app import Settings; from rag_app.wiring import LOADED; LOADED.get(Settings(), print)"


def main() -> None:
    folder, runs = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    os.environ.update(HF_HUB_OFFLINE="1", RAG_VECTOR_CACHE_MB="0")
    run([sys.executable, "-c", WARM_UP])
    ours, again, plain, coverage = [], [], [], 0.0
    for number in range(runs):
        with tempfile.TemporaryDirectory() as work:
            os.environ["RAG_DATA_DIR"] = f"{work}/data"
            command = [sys.executable, "-m", "rag_app.cli", "ingest", "--json", str(folder)]
            ours.append(run(command))
            again.append(run(command))
            coverage = covered()
            plain.append(run([sys.executable, str(HERE / "plain_pipeline.py"), str(folder), f"{work}/plain"]))
        print(
            f"run {number + 1}: rag {ours[-1]:.1f} s, plain {plain[-1]:.1f} s, rag again {again[-1]:.2f} s", flush=True
        )
    show("plain / rag", [theirs / mine for theirs, mine in zip(plain, ours, strict=True)])
    show("first / unchanged", [first / second for first, second in zip(ours, again, strict=True)])
    print(f"our chunks cover {coverage:.1%} of the characters that are not white space")


def run(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def covered() -> float:
    """The share of what the stored pages hold that stands in a chunk."""
    from rag_app import Settings
    from rag_app.wiring import build_store

    store = build_store(Settings())
    rows = store.open_vectors().chroma.get(include=["documents"])
    in_chunks = sum(len("".join(text.split())) for text in rows["documents"])
    pages = (page for record in store.catalogue.sources() for page in store.catalogue.pages(record.text_id))
    return in_chunks / max(sum(len("".join(page.text.split())) for page in pages), 1)


def show(name: str, ratios: list[float]) -> None:
    print(f"{name}: geometric mean {statistics.geometric_mean(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
