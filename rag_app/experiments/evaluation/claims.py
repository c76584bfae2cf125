"""Measures how well true claims are kept apart from false ones: each is judged as a sentence of an answer would be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ingest import Split
from rag_app.answering.chain import Writer
from rag_app.answering.verification.chat_judge import judge_by_chat
from rag_app.answering.verification.prove_claims import Embed, Finding, find_spans, judge
from rag_app.experiments.evaluation.datasets import number_rows
from rag_app.experiments.evaluation.intervals import Column, Drawn, Draws, as_column, bootstrap, mean
from rag_app.types import State
from vectorstore import Chunk, Passage, Reads
from vectorstore.errors import InputError

CLAIMS_HINT = (
    "such a folder has claims.jsonl with a line a claim: "
    '{"id": "1", "claim": "...", "passages": [{"title": "...", "text": "..."}], "supported": true}'
)


class PassageRow(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    title: str
    text: str


class ClaimRow(BaseModel):
    """A line of claims.jsonl; `kind`, optional, says how a claim was made."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: str | int
    claim: str
    passages: list[PassageRow]
    supported: bool
    kind: str = ""


def load_claims(folder: Path, *, limit: int | None = None) -> list[ClaimRow]:
    """The first `limit` claims. Raises InputError."""
    path, rows = folder / "claims.jsonl", []
    with closing(number_rows(path, CLAIMS_HINT)) as numbered:
        for number, row in islice(numbered, limit):
            try:
                rows.append(ClaimRow.model_validate(row))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise InputError(
                    f"{path}, line {number}, cannot be used: {where}: {first['msg'].lower()}", CLAIMS_HINT
                ) from error
    if not rows:
        raise InputError(f"{path} has no claim", CLAIMS_HINT)
    return rows


def judge_claims(
    rows: Iterable[ClaimRow], *, embed: Embed, reader: Reads, split: Split, writer: Writer | None = None
) -> Iterator[Finding]:
    """What is found of each claim; with a writer, its chat model judges too."""
    for row in rows:
        passages = [make_passage(one, number) for number, one in enumerate(row.passages)]
        spans, vectors = find_spans(passages, [row.claim], embed, split)
        verdict = None
        if writer is not None:
            (verdict,) = judge_by_chat([row.claim], passages, writer.model, answered_by=writer.name)
        yield judge(row.claim, vectors[0], spans, reader, verdict)


def make_passage(row: PassageRow, number: int) -> Passage:
    return Passage(Chunk(str(number), row.title, None, 0, len(row.text), row.text), 0.0, 0.0, 0.0)


def measure_claims(rows: Sequence[ClaimRow], findings: Sequence[Finding]) -> dict[str, Any]:
    """Balanced accuracy of `supported`, the share of true claims that are not called so (`false_alarms`) and of false
    ones that are (`misses`), and how often what is called proved is true (`precision`), with their intervals."""
    proved = [finding.state == "proved" for finding in findings]
    columns = {
        "false_alarms": [
            float(not called) if row.supported else None for row, called in zip(rows, proved, strict=True)
        ],
        "misses": [None if row.supported else float(called) for row, called in zip(rows, proved, strict=True)],
        "precision": [float(row.supported) if called else None for row, called in zip(rows, proved, strict=True)],
    }
    figures = bootstrap(len(rows), partial(combine, {name: as_column(values) for name, values in columns.items()}))
    return {**figures.values, "claims": len(rows), "states": count_states(findings), "intervals": figures.intervals}


def combine(columns: Mapping[str, Column], draws: Draws) -> dict[str, Drawn]:
    means = {name: mean(column, draws) for name, column in columns.items()}
    return {"balanced_accuracy": 1 - (means["false_alarms"] + means["misses"]) / 2, **means}


def count_states(findings: Sequence[Finding]) -> dict[State, int]:
    states = [finding.state for finding in findings]
    return {state: states.count(state) for state in dict.fromkeys(sorted(states))}
