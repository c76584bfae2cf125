"""A folder ingested twice, unchanged in between: python bench/reingest.py FOLDER [FILES] (1100)

The files are the Markdown files of FOLDER, and where they are fewer than FILES, copies of them in which each line that
begins with a capital letter begins with the number of the copy, so that no chunk is like another. No vector is
remembered. Prints the seconds that the report tells and those of the whole process, for the first ingest and for three
that follow, and the ratios.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.results import arguments, record

FILES, AGAIN = 1_100, 3
CAPITAL_LINE = re.compile(r"^(?=[A-Z])", re.MULTILINE)


def main() -> None:
    folder, *given = arguments()
    files = int(given[0]) if given else FILES
    with tempfile.TemporaryDirectory() as work:
        os.environ.update(RAG_DATA_DIR=f"{work}/data", RAG_VECTOR_CACHE_MB="0", HF_HUB_OFFLINE="1")
        write_copies(Path(folder), Path(work) / "docs", files)
        first, *again = (ingest(f"{work}/docs") for _ in range(1 + AGAIN))
    tell("first", first)
    for run in again:
        tell("unchanged", run)
    values = {}
    for name in ("report", "process"):
        before, after = first[f"{name}_s"], statistics.median(run[f"{name}_s"] for run in again)
        print(f"first / unchanged, seconds of the {name}: {before / after:,.0f}")
        values[f"seconds of the {name}"] = f"{before:.0f}, then {after:.2f} ({before / after:,.0f} times)"
    record(f"Speed: {files:,} files ingested, and again unchanged", "python bench/reingest.py FOLDER", values)


def write_copies(folder: Path, into: Path, count: int) -> None:
    originals = sorted(folder.rglob("*.md"))
    for number in range(count):
        copy, place = divmod(number, len(originals))
        text = originals[place].read_text(encoding="utf-8", errors="replace")
        path = into / str(copy) / originals[place].relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CAPITAL_LINE.sub(f"{copy} ", text) if copy else text, encoding="utf-8")


def ingest(folder: str) -> dict[str, float]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "rag_app.commands.main", "ingest", "--json", folder]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    seconds = time.perf_counter() - began
    report = json.loads(printed)
    return {
        "files": len(report["files"]),
        "unchanged": sum(file["status"] == "unchanged" for file in report["files"]),
        "embedded": report["chunks_embedded"],
        "report_s": report["seconds"],
        "process_s": seconds,
    }


def tell(name: str, run: dict[str, float]) -> None:
    print(
        f"{name}: {run['files']:,} files, {run['unchanged']:,} unchanged, {run['embedded']:,} chunks embedded, "
        f"{run['report_s']:.3f} s in the report, {run['process_s']:.2f} s in all"
    )


if __name__ == "__main__":
    main()
