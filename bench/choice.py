"""Asks natural questions about real documents and looks for the answers in the quotes: python bench/choice.py FOLDER

FOLDER has `questions.jsonl`, lines of {"id", "collection", "question", "kind", "answer", "patterns"}, and a folder of
documents for each collection, which is ingested by itself. Every question has an answer there. It is

shown              if each of its patterns, whatever the case, is found in the quotes joined by a space;
wrong              if it is answered and not shown;
refused            if it is refused;
first quote right  if the first quote alone has them all (of those that are shown);
handed on          if one of the passages has them all, so that the quotes could have shown it.

Prints the shares with 95 % bootstrap intervals, of all questions and of each kind. `--details FILE` writes a JSON line
a question.
"""

import re
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.results import arguments, record
from rag_app import Answer, Settings, ingest_paths, load_chain
from rag_app.experiments.evaluation.datasets import load_rows, own_settings, write_rows
from rag_app.experiments.evaluation.intervals import bootstrap_means, tabulate

SHARES = ("shown", "wrong", "refused", "first quote right", "handed on")
HINT = "a folder with questions.jsonl and a folder of documents for each collection"


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--details", type=Path)
    options = parser.parse_args(arguments())
    rows = list(load_rows(options.folder / "questions.jsonl", HINT))
    collections = dict.fromkeys(row["collection"] for row in rows)
    asked = [one for name in collections for one in ask_collection(options.folder / name, rows)]
    if options.details:
        write_rows(options.details, asked, hint="name another file for --details")
    parts = {
        kind: measure([one for one in asked if one["kind"] == kind]) for kind in sorted({o["kind"] for o in asked})
    }
    result = measure(asked)
    for name, figures in {"all": result, **parts}.items():
        print(f"\n{name}", *tabulate(figures), sep="\n")
    shown = {kind: figures["shown"] for kind, figures in parts.items()}
    intervals = {**result["intervals"], "shown of": {kind: one["intervals"]["shown"] for kind, one in parts.items()}}
    name = "Answers: natural questions about documentation, reports and manuals, the answer is in the quotes"
    record(name, "python bench/choice.py choice", {**result, "shown of": shown, "intervals": intervals})


def ask_collection(folder: Path, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    with own_settings(Settings().model_copy(update={"llm": "quotes"}), (), keep=False) as settings:
        report = ingest_paths([folder], settings, on_message=print)
        print(f"{folder.name}: {len(report.files)} files", flush=True)
        chain = load_chain(settings=settings)
        yield from (judge(row, chain.invoke(row["question"])) for row in rows if row["collection"] == folder.name)


def judge(row: dict[str, Any], answer: Answer) -> dict[str, Any]:
    def has_all(text: str) -> bool:
        return all(re.search(pattern, text, re.IGNORECASE) for pattern in row["patterns"])

    quotes = [citation.quote for citation in answer.citations]
    is_shown = has_all(" ".join(quotes)) and not answer.refused
    return {
        "id": row["id"],
        "kind": row["kind"],
        "shown": is_shown,
        "wrong": not is_shown and not answer.refused,
        "refused": answer.refused,
        "first quote right": has_all(quotes[0]) if is_shown else None,
        "handed on": any(has_all(passage.chunk.text) for passage in answer.passages),
        "answerability": answer.answerability,
        "quotes": quotes,
    }


def measure(asked: Sequence[dict[str, Any]]) -> dict[str, Any]:
    figures = bootstrap_means({name: [one[name] for one in asked] for name in SHARES})
    return {**figures.values, "questions": len(asked), "intervals": figures.intervals}


if __name__ == "__main__":
    main()
