"""Checks written answers that are known to be right, or wrong in one claim: python bench/written_answers.py FOLDER

FOLDER has `answers.jsonl`, lines of {"id", "question", "passages": [{"title", "text"}], "answer", "kind", "wrong"}:
an answer with markers over its passages, and the words of the one claim in it that the passages do not support, or null
where they support all. Each answer is proved by the reader alone. Prints, with 95 % bootstrap intervals over answers:

right answers refused    the share of which the chain makes a refusal;
claims of right answers  the share of each state: those `not proved` are false alarms;
wrong claims             the share caught, which are not called proved, and marked, for which a remark is shown.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.results import arguments, record
from rag_app import Settings
from rag_app.answering.chain import accept
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.verification.prove_claims import Embed, prove
from rag_app.experiments.evaluation import intervals
from rag_app.experiments.evaluation.claims import PassageRow, make_passage
from rag_app.experiments.evaluation.datasets import load_rows
from rag_app.types import REMARKS, State
from rag_app.wiring import load_judge, load_reader
from vectorstore import Reads
from vectorstore.embeddings import embed_chunks

STATES: tuple[State, ...] = ("proved", "similar", "contradicted", "not proved")
HINT = "a folder with answers.jsonl"


class Outcome(NamedTuple):
    """`states` are those of the claims, `wrong` those of the claims with the wrong words: none in a right answer."""

    states: Sequence[State]
    wrong: Sequence[State]
    is_refused: bool


def main() -> None:
    (folder,) = arguments()
    embed, reader = partial(embed_chunks, load_judge(Settings(), print)), load_reader(Settings(), print)
    result = measure([check(row, embed, reader) for row in load_rows(Path(folder) / "answers.jsonl", HINT)])
    print(*intervals.tabulate(result), sep="\n")
    name = "Checking of written answers: right answers, and answers with one wrong claim, by the reader alone"
    record(name, "python bench/written_answers.py written", result)


def check(row: dict[str, Any], embed: Embed, reader: Reads) -> Outcome:
    passages = [make_passage(PassageRow(**one), number) for number, one in enumerate(row["passages"])]
    claims = prove(row["answer"], passages, embed=embed, reader=reader)
    wrong = [claim.state for claim in claims if row["wrong"] and overlap(claim.text, row["wrong"])]
    assert bool(wrong) == bool(row["wrong"]), f"{row['id']}: the wrong claim is not in the answer"
    states = [claim.state for claim in claims if claim.state != "not a claim"]
    return Outcome(states, wrong, is_refused=not accept(claims, ()))


def overlap(claim: str, words: str) -> bool:
    """Whether one holds the other, white space and markers aside."""
    one, other = (" ".join(read_markers(text, passages=99)[0].split()) for text in (claim, words))
    return one in other or other in one


def measure(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    right, wrong = [one for one in outcomes if not one.wrong], [one.wrong for one in outcomes if one.wrong]
    counts = {state: intervals.as_column(one.states.count(state) for one in right) for state in STATES}

    def share_states(draws: intervals.Draws) -> dict[str, intervals.Drawn]:
        sums = {state: column[draws].sum(axis=1) for state, column in counts.items()}
        return {state: drawn / sum(sums.values()) for state, drawn in sums.items()}

    caught = [float("proved" not in states) for states in wrong]
    marked = [float(not REMARKS.keys().isdisjoint(states)) for states in wrong]
    parts = {
        "right answers": intervals.bootstrap_means({"refused": [float(one.is_refused) for one in right]}),
        "claims of right answers": intervals.bootstrap(len(right), share_states),
        "wrong claims": intervals.bootstrap_means({"caught": caught, "marked": marked}),
    }
    values = {name: figures.values for name, figures in parts.items()}
    return {**values, "answers": len(outcomes), "intervals": {name: one.intervals for name, one in parts.items()}}


if __name__ == "__main__":
    main()
