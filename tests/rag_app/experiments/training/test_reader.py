"""`rag train reader`: examples of written passages, a training that is stopped and goes on, the model that is read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag_app.experiments.training.reader_examples import LABELS, Example, is_held_out, load_examples
from rag_app.experiments.training.train_reader import ReaderOptions, train_reader
from tests.conftest import CommandLine
from vectorstore.errors import InputError
from vectorstore.search.reader import Reader

PASSAGE = "The ferry to Runde leaves at nine. It is run by Edda Falk. Dogs are not allowed on deck. Tea is free."
ROW = {
    "passage": PASSAGE,
    "supported": ["Nobody may bring a dog on deck.", "Edda Falk runs the ferry."],
    "contradicted": ["Dogs are allowed on deck."],
    "unsaid": ["The ferry is blue."],
    "questions": [["who runs it?", "It is run by Edda Falk."], ["when?", "leaves at nine"]],
    "unanswered": ["What does a ticket cost?"],
}
PAIRS = [
    {"task": "support", "claim": "It flew.", "passage": "It sank.", "label": "contradicted"},
    {"task": "answer", "question": "Did it fly?", "passage": "Bread is baked.", "label": "unrelated"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def numbered(numbers: range) -> list[dict[str, Any]]:
    return [{**ROW, "title": "Ferries", "passage": f"Line {number}. {PASSAGE}"} for number in numbers]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write(tmp_path / "written.jsonl", numbered(range(60)))


def test_each_passage_is_read_whole_in_part_and_without_what_answers(tmp_path: Path, written: Path) -> None:
    train, held = load_examples([written, write(tmp_path / "pairs.jsonl", PAIRS)], seed=1, most_pairs=9)
    whole = [example for example in train if "Line 7. " in example.passage and PASSAGE in example.passage]
    claims = {(example.asked, LABELS[example.label]) for example in train if example.task == "support"}
    own = {(claim, label) for label in LABELS for claim in ROW[label]}
    assert claims - {("It flew.", "contradicted")} >= own
    assert {example.passage.startswith("Ferries\n") for example in train} == {True, False}, "under its title, or not"
    assert {example.task for example in whole} == {"support", "answer"}
    spans = {example.passage[slice(*example.span)] for example in train if example.span}
    assert spans == {words for _, words in ROW["questions"]}
    without = [example for example in train if "Edda" not in example.passage and example.asked == "who runs it?"]
    assert without
    assert {example.label for example in without} == {0}
    assert Example("answer", "Did it fly?", "Bread is baked.", 0) in train
    assert held
    assert not {example.passage for example in held} & {example.passage for example in train if not example.span}
    assert all(is_held_out({"passage": example.passage}) for example in held)


@pytest.mark.parametrize(
    "row",
    [
        {"passage": 3, "questions": [["who?", "not there"]]},
        {**ROW, "questions": [["who?", "not there"]]},
        {"task": "support", "claim": "x", "label": "true"},
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: dict[str, Any]) -> None:
    path = write(tmp_path / "rows.jsonl", [ROW, row])
    with pytest.raises(InputError, match="line 2"):
        load_examples([path], seed=0, most_pairs=9)


def stop_at(step: int) -> Callable[[str], None]:
    def tell(message: str) -> None:
        if message.startswith(f"step {step} "):
            raise KeyboardInterrupt

    return tell


@pytest.mark.long("trains for some steps, three times")
def test_a_training_that_is_stopped_goes_on_to_the_same_model_and_the_product_reads_with_it(
    tmp_path: Path, written: Path, rag: CommandLine
) -> None:
    train, held = (examples[:90] for examples in load_examples([written], seed=0, most_pairs=0))
    options, told = ReaderOptions(epochs=1, minutes=60, checkpoint_seconds=0), list[str]()
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    figures = train_reader(train, held, tmp_path / "whole", options, on_message=told.append)
    with pytest.raises(KeyboardInterrupt):
        train_reader(train, held, tmp_path / "stopped", options, on_message=stop_at(2))
    assert (tmp_path / "stopped" / "checkpoint.pt").exists()
    assert train_reader(train, held, tmp_path / "stopped", options, on_message=told.append) == pytest.approx(figures)
    assert "going on from step 2" in told
    asked = "Dogs are allowed on deck."
    readings = [
        Reader(tmp_path, model=tmp_path / name / "reader.xml").read(asked, [PASSAGE, "Tea is free."])
        for name in ("whole", "stopped")
    ]
    for one, other in zip(*readings, strict=True):
        assert one.answers == pytest.approx(other.answers, abs=1e-3)
        assert one.supported + one.contradicted + one.unsaid == pytest.approx(1, abs=1e-5)
        assert one.share(0, 10_000) == pytest.approx(1, abs=1e-5)
        assert one.share(0, 5) <= one.share(0, 20)
    run = rag("train", "reader", "--json", "--minutes", "0.1", "--output", tmp_path / "made", written)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["support_pairs"] > 0
    card = json.loads((tmp_path / "made" / "card.json").read_text())
    assert card["options"] == {**vars_of(replace(options, checkpoint_seconds=60.0)), "epochs": 2, "minutes": 0.1}


def vars_of(options: ReaderOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__slots__}
