"""The most memory that `rag ingest` takes for few and for many chunks: python bench/ingest_memory.py [FEW MANY]

Each run is a process of its own on a folder made for it, of documents of twenty short chunks. Prints, in MB, the most
that the ingest and its reader had resident together, and the ratio of the two.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from peak_memory import PeakMemory

from bench.results import arguments, record

CHUNKS_PER_FILE = 20
INGEST = "import sys; from rag_app.commands.main import main; sys.argv = ['rag', 'ingest', sys.argv[1]]; main()"


def main() -> None:
    few, many = (int(count) for count in arguments() or ("2000", "20000"))
    peaks = {chunks: peak_megabytes(chunks) for chunks in (few, many)}
    for chunks, peak in peaks.items():
        print(f"{chunks:>7,} chunks: {peak:.0f} MB")
    print(f"ratio {peaks[many] / peaks[few]:.2f}")
    values = {f"{chunks:,} chunks": f"{peak:.0f} MB" for chunks, peak in peaks.items()}
    record(
        f"Speed: most memory while {few:,} and {many:,} chunks are ingested", "python bench/ingest_memory.py", values
    )


def peak_megabytes(chunks: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(folder) / "docs"
        docs.mkdir()
        for number in range(chunks // CHUNKS_PER_FILE):
            (docs / f"{number}.md").write_text(document(number), encoding="utf-8")
        environment = {**os.environ, "RAG_DATA_DIR": f"{folder}/data", "RAG_VECTOR_CACHE_MB": "0"}
        command = [sys.executable, "-c", INGEST, str(docs)]
        ingest = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        with PeakMemory(ingest.pid) as peak:
            told, _ = ingest.communicate()
        if f" {chunks:,} chunks embedded" not in told:
            sys.exit(f"not {chunks:,} chunks: {told}")
        return peak.megabytes


def document(number: int) -> str:
    parts = (f"## Part {part} of {number}\n\nThe words of part {part}." for part in range(CHUNKS_PER_FILE))
    return f"# Document {number}\n\n" + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
