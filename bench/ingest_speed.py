"""A folder of Markdown ingested by `rag ingest` and by the tutorials' pipeline, in turn: ratios and their spread.

Use: python bench/ingest_speed.py FOLDER [RUNS] (3). Each run is a process of its own into an empty folder, no vector
remembered; the model is converted before. Prints wall seconds from folder to searchable, the most memory resident
meanwhile, child processes included, our chunks' share of the characters of the files, what a second ingest of the
unchanged folder takes, and the milliseconds of one question: the median of QUESTIONS in a process that has asked
before, the six best passages of ours and the four that LangChain gives by default.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peak_memory import PeakMemory

from bench.results import arguments, record

HERE = Path(__file__).parent
WARM_UP = "from rag_app import Settings; from rag_app.wiring import load_model; load_model(Settings(), print)"
QUESTIONS = [
    "How do I install it?",
    "What changed between the versions?",
    "Which settings are there, and what do they do?",
    "How are errors handled?",
    "Can it be used without a network?",
    "How do I write a test?",
    "What is the licence?",
    "How is the data kept?",
    "Where do the logs go?",
    "How do I stream the answer?",
    "Who may change the configuration?",
]


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that has ended: wall seconds, the most that it and its children had resident, what it printed."""

    seconds: float
    megabytes: float
    printed: str


@dataclass(slots=True)
class Figures:
    """One list a way, an entry a run."""

    ingest: list[Ran] = field(default_factory=list)
    query_ms: list[float] = field(default_factory=list)


def main() -> None:
    folder, *given = arguments()
    runs = int(given[0]) if given else 3
    os.environ.update(HF_HUB_OFFLINE="1", RAG_VECTOR_CACHE_MB="0")
    run([sys.executable, "-c", WARM_UP])
    ours, plain, again, coverage = Figures(), Figures(), [], 0.0
    for number in range(runs):
        with tempfile.TemporaryDirectory() as work:
            os.environ["RAG_DATA_DIR"] = f"{work}/data"
            command = [sys.executable, "-m", "rag_app.commands.main", "ingest", "--json", folder]
            ours.ingest.append(run(command))
            again.append(run(command).seconds)
            coverage = covered()
            ours.query_ms.append(query_milliseconds())
            plain.ingest.append(run([sys.executable, str(HERE / "plain_pipeline.py"), folder, f"{work}/plain"]))
            plain.query_ms.append(plain_query_milliseconds(f"{work}/plain"))
        show_run(number + 1, ours, plain, again)
    pairs = list(zip(ours.ingest, plain.ingest, strict=True))
    ratios = {
        "plain / rag, ingest": [b.seconds / a.seconds for a, b in pairs],
        "plain / rag, memory": [b.megabytes / a.megabytes for a, b in pairs],
        "plain / rag, one question": [b / a for a, b in zip(ours.query_ms, plain.query_ms, strict=True)],
        "first / unchanged, rag": [first.seconds / second for first, second in zip(ours.ingest, again, strict=True)],
    }
    shown = {name: show(name, values) for name, values in ratios.items()}
    print(f"our chunks cover {coverage:.1%} of the characters that are not white space")
    files = sum(1 for _ in Path(folder).rglob("*.md"))
    command = f"python bench/ingest_speed.py FOLDER {runs}"
    record(f"Speed: ingest of {files} Markdown files, folder in to searchable", command, shown)


def run(command: Sequence[str]) -> Ran:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with PeakMemory(process.pid) as peak:
        printed, _ = process.communicate()
        seconds = time.perf_counter() - began
    if process.returncode != 0:
        sys.exit(f"ended with {process.returncode}: {' '.join(command)}")
    return Ran(seconds, peak.megabytes, printed)


def covered() -> float:
    """The share of what the stored pages hold that stands in a chunk."""
    from rag_app import Settings
    from rag_app.wiring import build_store

    store = build_store(Settings())
    rows = store.open_vectors().collection.get(include=["documents"])
    in_chunks = sum(len("".join(text.split())) for text in rows["documents"])
    pages = (page for record in store.catalogue.sources() for page in store.catalogue.pages(record.text_id))
    return in_chunks / max(sum(len("".join(page.text.split())) for page in pages), 1)


def query_milliseconds() -> float:
    from rag_app import load_retriever

    retriever = load_retriever()
    return statistics.median([milliseconds_of(retriever.search, question) for question in QUESTIONS][1:])


def milliseconds_of(search, question: str) -> float:
    began = time.perf_counter()
    search(question)
    return 1000 * (time.perf_counter() - began)


def plain_query_milliseconds(index: str) -> float:
    printed = run([sys.executable, str(HERE / "plain_search.py"), index, *QUESTIONS]).printed
    return statistics.median([json.loads(line)["milliseconds"] for line in printed.splitlines()][1:])


def show_run(number: int, ours: Figures, plain: Figures, again: Sequence[float]) -> None:
    told = (
        f"{name} {figures.ingest[-1].seconds:.1f} s, {figures.ingest[-1].megabytes:,.0f} MB, "
        f"a question {figures.query_ms[-1]:.1f} ms"
        for name, figures in (("rag", ours), ("plain", plain))
    )
    print(f"run {number}: {'; '.join(told)}; rag again {again[-1]:.2f} s", flush=True)


def show(name: str, ratios: Sequence[float]) -> str:
    shown = f"{statistics.geometric_mean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"{name}: geometric mean {shown}")
    return shown


if __name__ == "__main__":
    main()
