"""What becomes of a folder of real test files: read or refused and why, by format, and how many known words are kept.

Use: python bench/ingest_corpus.py FOLDER [--worst]. FOLDER holds a `manifest.jsonl`, one row a file: `path`, `ext`, and
where known `expected_md` (the path of a Markdown file with the document's text) and `pdf_text_chars_first50p`.
Each file is parsed in a process of its own, of at most 1 GB of data and 60 seconds.

Words kept: the expected Markdown without images, base64 data, comments, HTML tags, link targets, backslashes before
punctuation and stars inside words; of it all runs of letters, digits and underscores (`\\w+`), in lower case, outer
underscores dropped. Each counts as often as it stands there; kept is the share of them that the text read from the
file holds too, each as often as it holds it. A file that is refused keeps 0. An expected file without words is passed
over.
"""

import html
import json
import multiprocessing
import re
import resource
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.parsing import parse_document
from vectorstore.errors import RagError

DATA_BYTES = 1_000_000_000
SECONDS = 60
WORKERS = 2
LEAST_PDF_CHARACTERS = 20
_FORK = multiprocessing.get_context("fork")
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
    folder = Path(sys.argv[1])
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as threads:
        verdicts = list(threads.map(partial(judge, folder), rows))
    seconds = time.monotonic() - began
    show_formats(verdicts)
    show_reasons(verdicts)
    show_pdfs(verdicts)
    if "--worst" in sys.argv:
        show_worst(verdicts)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\n{seconds:.0f} s with {WORKERS} workers, the largest of which took {peak:.0f} MB")


def judge(folder: Path, row: dict[str, Any]) -> Verdict:
    text, reason = read_bounded(folder / row["path"])
    expected = row.get("expected_md")
    kept = words_kept((folder / expected).read_text(errors="replace"), text or "") if expected else None
    return Verdict(row, text, reason, kept)


def read_bounded(path: Path) -> tuple[str | None, str]:
    receiver, sender = _FORK.Pipe(duplex=False)
    worker = _FORK.Process(target=send_text, args=(path, sender))
    worker.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(SECONDS) else (None, f"took longer than {SECONDS} s")
    except EOFError:
        answer = (None, "the reader ended without an answer")
    worker.kill()
    worker.join()
    receiver.close()
    return answer


def send_text(path: Path, sender: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    try:
        document = parse_document(path, path.read_bytes())
        sender.send(("\n\n".join(page.text for page in document.pages), ""))
    except RagError as error:
        sender.send((None, error.message))
    except MemoryError:
        sender.send((None, "took too much memory"))
    except Exception as error:  # noqa: BLE001 what no reader foresaw is a finding
        sender.send((None, f"BUG {type(error).__name__}: {error}"))


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
