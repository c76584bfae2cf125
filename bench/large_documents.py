"""Large and ordinary documents ingested, again unchanged, and again with one changed.

Use: python bench/large_documents.py [KIND...] [FILE.msg]. Kinds: pdf, csv, notes, mbox, repository, site; all of them
where nothing is named. Each is made in a folder of its own, and a mail of Outlook is copied from where it is. Every
ingest is a process of its own, and no vector is remembered. Prints for each ingest its seconds, the most memory that it
and its reader had resident together, the chunks it embedded, and the longest time without a word on how far it is.
"""

import json
import mailbox
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

from fpdf import FPDF
from peak_memory import PeakMemory
from PIL import Image

from bench.results import arguments, record
from ingest import Progress

PAGES, ROWS, NOTES, MESSAGES, SITE_PAGES = 300, 50_000, 5_000, 2_000, 500
PACKAGE = "sqlalchemy"  # whose source stands for that of a repository
WORDS = [
    *(
        "harbour",
        "valve",
        "ledger",
        "orchard",
        "signal",
        "turbine",
        "glacier",
        "permit",
        "lantern",
        "saddle",
        "archive",
    ),
    *("copper", "meadow", "ballot", "ferry", "quarry", "pulley", "beacon", "cellar", "drought", "engine", "furnace"),
]
INGEST = "import sys; from bench.large_documents import ingest; ingest(sys.argv[1])"


def main() -> None:
    given = arguments()
    mails = [Path(one) for one in given if one.endswith(".msg")]
    for kind in [one for one in given if one in MAKERS] or [one for one in MAKERS if not given]:
        measure(kind, MAKERS[kind])
    for mail in mails:
        measure("a mail of Outlook", lambda folder, mail=mail: Path(shutil.copy(mail, folder)))


def measure(kind: str, make: Callable[[Path], Path]) -> None:
    """`make` fills a folder and gives back the file that is changed before the third ingest."""
    with tempfile.TemporaryDirectory() as work:
        docs = Path(work) / "docs"
        docs.mkdir()
        changed = make(docs)
        runs = {"first": run(work), "unchanged": run(work)}
        if kind != "a mail of Outlook":
            CHANGES.get(kind, append_a_line)(changed)
            runs["one changed"] = run(work)
    values = {name: describe(one) for name, one in runs.items()}
    for name, shown in values.items():
        print(f"{kind}, {name}: {shown}", flush=True)
    record(f"Large documents: {NAMES.get(kind, kind)}", f"python bench/large_documents.py {kind}", values)


def run(work: str) -> dict[str, Any]:
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "RAG_DATA_DIR": f"{work}/data", "RAG_VECTOR_CACHE_MB": "0", "HF_HUB_OFFLINE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([root, f"{root}/bench"])
    command = [sys.executable, "-c", INGEST, f"{work}/docs"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    with PeakMemory(process.pid) as peak:
        told, _ = process.communicate()
    if process.returncode:
        sys.exit(f"the ingest ended with {process.returncode}")
    return {**json.loads(told), "megabytes": peak.megabytes}


def ingest(folder: str) -> None:
    """In a process of its own: prints what came of it."""
    from rag_app import Settings, ingest_paths

    told: list[tuple[float, str]] = []

    def note(progress: Progress | None) -> None:
        told.append((time.perf_counter(), "the beginning" if progress is None else str(progress.changed)))

    note(None)
    report = ingest_paths([folder], settings=Settings(), on_progress=note)
    note(None)
    silence, after = max((later - earlier, what) for (earlier, what), (later, _) in pairwise(told))
    values = {"seconds": told[-1][0] - told[0][0], "silence": silence, "after": after}
    values |= {"chunks": report.chunks_embedded, "counts": report.counts(), "reasons": report.reasons()}
    print(json.dumps(values | {"warnings": report.warnings}))


def describe(one: dict[str, Any]) -> str:
    counts = ", ".join(f"{count:,} {status}" for status, count in one["counts"].items())
    for line in [*one["warnings"], *(f"{count} {reason}" for reason, count in one["reasons"].items())]:
        print("   ", line)
    print("    longest silence after", one["after"])
    return (
        f"{one['seconds']:.1f} s, {one['megabytes']:.0f} MB, {one['chunks']:,} chunks embedded, {counts}, "
        f"longest silence {one['silence']:.1f} s"
    )


# The documents


def sentence(number: int) -> str:
    words = (WORDS[number * (place + 3) * 7919 % 99_991 % len(WORDS)] for place in range(12))
    return f"{' '.join(words).capitalize()} {number}."


def paragraph(number: int, sentences: int = 6) -> str:
    return " ".join(sentence(number * 100 + one) for one in range(sentences))


def make_pdf(folder: Path) -> Path:
    return write_pdf(folder / "handbook.pdf", PAGES)


def write_pdf(path: Path, pages: int) -> Path:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=10)
    for page in range(pages):
        pdf.add_page()
        pdf.multi_cell(0, text="\n\n".join([f"Chapter {page}", *(paragraph(page * 10 + one) for one in range(5))]))
    pdf.output(str(path))
    return path


def make_csv(folder: Path) -> Path:
    path = folder / "stock.csv"
    rows = (
        f"{row},{WORDS[row % len(WORDS)]} {row},{row * 7919 % 100_000 / 100},2026-{row % 12 + 1:02}-{row % 28 + 1:02}"
        for row in range(ROWS)
    )
    path.write_text("\n".join(["number,part,price,checked", *rows]) + "\n", encoding="utf-8")
    return path


def make_notes(folder: Path) -> Path:
    for number in range(NOTES):
        path = folder / str(number // 100) / f"note-{number}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# Note {number}\n\n{paragraph(number, 3)}\n", encoding="utf-8")
    return path


def make_mbox(folder: Path) -> Path:
    path = folder / "archive.mbox"
    box = mailbox.mbox(path)
    for number in range(MESSAGES):
        message = EmailMessage()
        message["From"], message["To"] = f"person{number % 50}@example.org", "list@example.org"
        message["Subject"], message["Message-ID"] = f"About {WORDS[number % len(WORDS)]} {number}", f"<{number}@a.org>"
        message["Date"] = f"Mon, 01 Jun 2026 10:{number % 60:02}:00 +0000"
        message.set_content(f"Dear all,\n\n{paragraph(number, 4)}\n\n> {paragraph(number - 1, 2)}\n\nRegards\n")
        if not number % 20:
            message.add_attachment(f"part,price\n{number},5\n".encode(), "text", "csv", filename="prices.csv")
        box.add(message)
    box.close()
    return path


def make_repository(folder: Path) -> Path:
    package = Path(sysconfig.get_paths()["purelib"]) / PACKAGE
    found = package if package.is_dir() else Path(__import__(PACKAGE).__file__).parent
    shutil.copytree(found, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "All"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder / PACKAGE / "__init__.py"


def make_site(folder: Path) -> Path:
    (folder / "images").mkdir()
    for number in range(20):
        Image.new("RGB", (320, 200), (number * 10, 90, 160)).save(folder / "images" / f"{number}.png")
    (folder / "site.js").write_text("var menu = document.querySelectorAll('nav a');\n" * 2_000, encoding="utf-8")
    (folder / "site.css").write_text("nav a { color: #345; }\n" * 2_000, encoding="utf-8")
    menu = "".join(f'<li><a href="{number}.html">Page {number}</a></li>' for number in range(0, SITE_PAGES, 5))
    for number in range(SITE_PAGES):
        path = folder / f"{number}.html"
        text = "".join(f"<h2>Part {one}</h2><p>{paragraph(number * 10 + one)}</p>" for one in range(3))
        path.write_text(
            f'<!doctype html><html><head><title>Page {number}</title><link rel="stylesheet" href="site.css">'
            f'<script src="site.js"></script></head><body><nav><ul>{menu}</ul></nav><main><h1>Page {number}</h1>'
            f'<img src="images/{number % 20}.png" alt="Picture {number}">{text}</main>'
            f"<script>window.page = {{number: {number}}};</script><footer>All rights reserved</footer></body></html>",
            encoding="utf-8",
        )
    return path


def append_a_line(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("\n# One more line\n")


MAKERS = {
    "pdf": make_pdf,
    "csv": make_csv,
    "notes": make_notes,
    "mbox": make_mbox,
    "repository": make_repository,
    "site": make_site,
}
NAMES = {
    "pdf": f"a PDF of {PAGES} pages",
    "csv": f"a table of {ROWS:,} rows",
    "notes": f"{NOTES:,} notes",
    "mbox": f"a mailbox of {MESSAGES:,} messages",
    "repository": f"a repository, the source of {PACKAGE}",
    "site": f"a web site of {SITE_PAGES} pages",
}
CHANGES = {
    "pdf": lambda path: write_pdf(path, PAGES + 1),
    "csv": lambda path: path.write_text(path.read_text("utf-8") + f"{ROWS},one more,1.00,2026-01-01\n", "utf-8"),
}

if __name__ == "__main__":
    main()
