"""What becomes of a folder of real test files: read or refused and why, by format, and how many known words are kept.

Use: python bench/ingest_corpus.py FOLDER [--worst]. FOLDER holds a `manifest.jsonl`, one row a file: `path`, `ext`, and
where known `expected_md` (the path of a Markdown file with the document's text) and `pdf_text_chars_first50p`.
They are ingested twice into a collection of their own, as `rag ingest` does it, and judged by what it stored.

Words kept: the expected Markdown without images, base64 data, comments, HTML tags, link targets, backslashes before
punctuation and stars inside words; of it all runs of letters, digits and underscores (`\\w+`), in lower case, outer
underscores dropped. Each counts as often as it stands there; kept is the share of them that the text read from the
file holds too, each as often as it holds it. A file that is refused keeps 0. An expected file without words is passed
over.
"""

import html
import json
import os
import re
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peak_memory import PeakMemory, descendants

from bench.results import arguments, record
from ingest.report import IngestReport
from rag_app import Settings, ingest_paths
from rag_app.wiring import build_store
from vectorstore.storage.store import Store

LEAST_PDF_CHARACTERS = 20
_SYNTAX = re.compile(
    r"<!--.*?-->|!\[[^\]]*\]\([^)]*\)|data:[\w/+.-]+;base64,[\w+/=\s]+|<(?:style|script)\b.*?</(?:style|script)>"
    r"|</?[A-Za-z][^<>]*>|(?<=\])\([^()\s]*(?:\s+\"[^\"]*\")?\)",
    re.DOTALL,
)
_INSIDE_WORDS = re.compile(r"\\(?=[!-/:-@\[-`{-~])|(?<=\w)\*+(?=\w)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is None where the file is refused, for `reason`; `kept` None where no text is expected."""

    row: dict[str, Any]
    text: str | None
    reason: str
    kept: float | None


def main() -> None:
    given = arguments()
    folder = Path(given[0]).resolve()
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as data, PeakMemory() as peak:
        settings = Settings(collection="corpus", data_dir=Path(data), vector_cache_mb=0)
        paths = [folder / row["path"] for row in rows]
        first, second = (ingest_paths(paths, settings=settings) for _ in range(2))
        verdicts = [judge(folder, row, first, build_store(settings)) for row in rows]
    show_formats(verdicts)
    show_reasons(verdicts)
    show_pdfs(verdicts)
    if "--worst" in given:
        show_worst(verdicts)
    for name, report in (("first", first), ("second", second)):
        print(f"{name} run: {report.seconds:.0f} s, {report.chunks_embedded} chunks embedded, {report.counts()}")
    left = len(descendants(os.getpid()))
    print(f"at most {peak.megabytes:.0f} MB resident, readers included; {left} processes left behind")
    kept = [verdict.kept for verdict in verdicts if verdict.kept is not None]
    median, mean = statistics.median(kept), statistics.mean(kept)
    record(
        f"Reading files: {len(verdicts)} test files of FOLDER",
        "python bench/ingest_corpus.py FOLDER",
        {
            **first.counts(),
            "chunks embedded": first.chunks_embedded,
            "chunks embedded the second time": second.chunks_embedded,
            "seconds": first.seconds,
            "most memory, readers included": f"{peak.megabytes:.0f} MB",
            f"words kept of {len(kept)} files": f"median {median:.1%}, mean {mean:.1%}",
        },
    )


def judge(folder: Path, row: dict[str, Any], report: IngestReport, store: Store) -> Verdict:
    source = str(folder / row["path"])
    (told,) = [file for file in report.files if file.source == source]
    record = store.catalogue.source(source)
    text = "\n\n".join(page.text for page in store.catalogue.pages(record.text_id)) if record else None
    expected = row.get("expected_md")
    wanted = (folder / expected).read_text(encoding="utf-8", errors="replace") if expected else None
    return Verdict(row, text, told.reason or "", None if wanted is None else words_kept(wanted, text or ""))


def words_kept(expected: str, text: str) -> float | None:
    wanted, found = count_words(_SYNTAX.sub(" ", expected)), count_words(text)
    return (wanted & found).total() / wanted.total() if wanted else None


def count_words(text: str) -> Counter[str]:
    plain = _INSIDE_WORDS.sub("", html.unescape(text)).lower()
    words = (word.strip("_") for word in re.findall(r"\w+", plain))
    return Counter(word for word in words if word)


def show_formats(verdicts: Sequence[Verdict]) -> None:
    print(
        f"{'format':<10} {'files':>5} {'read':>5} {'characters':>11} {'expected':>8}"
        f" {'median':>7} {'mean':>7} {'least':>7}"
    )
    groups = grouped(verdicts, lambda verdict: verdict.row["ext"] or "none")
    for name, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        show_format(name, group)
    show_format("all", verdicts)


def show_format(name: str, group: Sequence[Verdict]) -> None:
    texts = [verdict.text for verdict in group if verdict.text is not None]
    kept = [verdict.kept for verdict in group if verdict.kept is not None]
    figures = [statistics.median(kept), statistics.mean(kept), min(kept)] if kept else []
    shares = " ".join(f"{figure:7.1%}" for figure in figures)
    print(f"{name:<10} {len(group):5} {len(texts):5} {sum(map(len, texts)):11,} {len(kept) or '':>8} {shares}".rstrip())


def show_reasons(verdicts: Iterable[Verdict]) -> None:
    refused = grouped((verdict for verdict in verdicts if verdict.text is None), lambda verdict: verdict.reason)
    print("\nrefused, by reason")
    for reason, group in sorted(refused.items(), key=lambda item: -len(item[1])):
        formats = Counter(verdict.row["ext"] or "none" for verdict in group)
        print(f"{len(group):5}  {reason[:80]}: " + ", ".join(f"{ext} {count}" for ext, count in formats.most_common(8)))


def show_pdfs(verdicts: Iterable[Verdict]) -> None:
    full = [v for v in verdicts if (v.row.get("pdf_text_chars_first50p") or 0) > LEAST_PDF_CHARACTERS]
    without = [verdict for verdict in full if verdict.text is None]
    print(f"\n{len(full)} PDFs hold more than {LEAST_PDF_CHARACTERS} characters; without text: {len(without)}")
    for verdict in without:
        print(f"       {verdict.row['path']}: {verdict.reason}")


def show_worst(verdicts: Iterable[Verdict]) -> None:
    known = sorted(
        (verdict.kept, verdict.row["path"], verdict.reason) for verdict in verdicts if verdict.kept is not None
    )
    print("\nfewest words kept")
    for kept, path, reason in known[:20]:
        print(f"{kept:7.1%}  {path}  {reason}")


def grouped(verdicts: Iterable[Verdict], key: Callable[[Verdict], str]) -> dict[str, list[Verdict]]:
    groups = defaultdict[str, list[Verdict]](list)
    for verdict in verdicts:
        groups[key(verdict)].append(verdict)
    return groups


if __name__ == "__main__":
    main()
