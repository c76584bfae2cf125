"""Makes of SciFact's dev claims a set for `rag eval claims`: python bench/scifact_claims.py SCIFACT FOLDER

SCIFACT holds `claims_dev.jsonl` and `corpus.jsonl.gz`, FOLDER gets `claims.jsonl`. A line is a claim with one of the
abstracts that it cites, so that 300 claims make 340 lines; all count. It is supported where the annotators found
sentences of this abstract that support it; where these contradict it, and where there are none, it is not. Its
figures are recorded by

    rag eval claims --json FOLDER | python bench/results.py NAME "rag eval claims scifact-claims"
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.results import arguments
from rag_app.experiments.evaluation.datasets import load_rows, write_rows

HINT = "a folder of SciFact has claims_dev.jsonl and corpus.jsonl.gz"


def main() -> None:
    scifact, folder = map(Path, arguments())
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(make_rows(scifact))
    write_rows(folder / "claims.jsonl", rows, hint="name a folder that can be written")
    claims = len({row["claim"] for row in rows})
    print(f"{len(rows)} pairs of {claims} claims, {sum(row['supported'] for row in rows)} supported")


def make_rows(scifact: Path) -> Iterator[dict[str, Any]]:
    abstracts = {row["_id"]: row for row in load_rows(scifact / "corpus.jsonl.gz", HINT)}
    for row in load_rows(scifact / "claims_dev.jsonl", HINT):
        for number in map(str, row["cited_doc_ids"]):
            labels = [found["label"] for found in row["evidence"].get(number, ())]
            abstract = {"title": abstracts[number]["title"], "text": abstracts[number]["text"]}
            yield {
                "id": f"{row['id']}-{number}",
                "claim": row["claim"],
                "passages": [abstract],
                "supported": "SUPPORT" in labels,
                "kind": labels[0].lower() if labels else "no evidence",
            }


if __name__ == "__main__":
    main()
