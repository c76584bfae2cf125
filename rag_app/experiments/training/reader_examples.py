"""Makes training examples for the reader: claims and questions with the passages that they are about.

A file is JSON lines, packed by gzip or not, of two kinds. Written ones have a passage and lists over it:
{"passage", "supported", "contradicted", "unsaid", "questions": [[question, words of the passage]], "unanswered"}, and
may have the "title" of its document.
Others have one pair a line: {"task": "support", "claim", "passage", "label": "supported|contradicted|unsaid"} or
{"task": "answer", "question", "passage", "label": "answers|related|unrelated"}.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from ingest import split_sentences
from rag_app.experiments.evaluation.datasets import number_rows
from vectorstore.errors import InputError

HINT = "rag train reader --help says what a line has; bench/reader holds the project's own"
LABELS = ("supported", "contradicted", "unsaid")
# Passages are held out by a hash of their text, so that no passage is on both sides whatever the files are called.
HELD_OUT = 25
# Sentences before and behind those that answer, when a passage is shown in part.
MOST_NEIGHBOURS = 2
# The share of examples that are read under the title of their document, as the product reads chunks.
TITLED = 0.5
# Of pairs that are not written, the long ones cost more than they teach.
LONGEST_PAIR = 1_200


# Where a row stands, and the row.
Row = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Example:
    """A claim or question and a passage. `label` is the place in LABELS, or 1 where the passage answers and 0 where it
    does not; `span` are the characters that answer, where they are known."""

    task: Literal["support", "answer"]
    asked: str
    passage: str
    label: int
    span: tuple[int, int] | None = None


def load_examples(paths: Sequence[Path], *, seed: int, most_pairs: int) -> tuple[list[Example], list[Example]]:
    """The examples to train on, and those of held-out written passages; at most `most_pairs` of files of pairs.

    Raises InputError for a line that has not what it needs.
    """
    rng = random.Random(seed)  # noqa: S311 - a choice that can be repeated
    written: list[Row] = []
    pairs: list[Row] = []
    for path in paths:
        for number, row in number_rows(path, HINT):
            (pairs if "task" in row else written).append((f"{path}, line {number}", row))
    kept = [row for row in written if not is_held_out(row[1])]
    held = [row for row in written if is_held_out(row[1])]
    chosen = rng.sample(pairs, min(most_pairs, len(pairs)))
    train = [*from_written(kept, rng), *from_pairs(chosen)]
    if not train:
        raise InputError("there is nothing to train on", HINT)
    rng.shuffle(train)
    return train, [example for place, row in held for example in whole(place, row)]


def is_held_out(row: Mapping[str, Any]) -> bool:
    return int(sha256(str(row.get("passage")).encode()).hexdigest(), 16) % HELD_OUT == 0


def from_pairs(rows: Iterable[Row]) -> Iterator[Example]:
    for place, row in rows:
        try:
            passage, is_claim = str(row["passage"]), row["task"] == "support"
            if len(passage) > LONGEST_PAIR:
                continue
            label = LABELS.index(row["label"]) if is_claim else int(row["label"] == "answers")
            yield Example(row["task"], str(row["claim" if is_claim else "question"]), passage, label)
        except (KeyError, ValueError) as error:
            raise InputError(f"{place}, has no {error}", HINT) from error


def from_written(rows: Sequence[Row], rng: random.Random) -> Iterator[Example]:
    """Each passage whole, in part, without what answers, under its title, and beside what asks about another one."""
    for place, row in rows:
        own, title = list(whole(place, row)), row.get("title")
        parts = [part for example in own if example.span for part in in_part(example, rng)]
        yield from (under(title, one) if title and rng.random() < TITLED else one for one in (*own, *parts))
        other = rng.choice(rows)[1]["passage"]
        if other != row["passage"]:
            for task, label in (("support", LABELS.index("unsaid")), ("answer", 0)):
                alike = [example for example in own if example.task == task]
                if alike:
                    yield replace(rng.choice(alike), passage=other, label=label, span=None)


def under(title: str, example: Example) -> Example:
    """The example with its passage under a title."""
    head, span = f"{title}\n", example.span
    moved = (span[0] + len(head), span[1] + len(head)) if span else None
    return replace(example, passage=head + example.passage, span=moved)


def whole(place: str, row: Mapping[str, Any]) -> Iterator[Example]:
    """The examples of a written row over its whole passage."""
    try:
        passage = row["passage"]
        for label, name in enumerate(LABELS):
            yield from (Example("support", claim, passage, label) for claim in row.get(name, ()))
        for question, words in row.get("questions", ()):
            start = passage.index(words)
            yield Example("answer", question, passage, 1, (start, start + len(words)))
        yield from (Example("answer", question, passage, 0) for question in row.get("unanswered", ()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{place}, is no passage with claims and questions: {error}", HINT) from error


def in_part(example: Example, rng: random.Random) -> Iterator[Example]:
    """The sentences that answer with some neighbours, and the passage without them."""
    text, (start, end) = example.passage, example.span or (0, 0)
    sentences = split_sentences(text)
    answering = [i for i, (a, b) in enumerate(sentences) if a < end and b > start]
    if not answering:
        return
    first = max(0, answering[0] - rng.randint(0, MOST_NEIGHBOURS))
    last = min(len(sentences), answering[-1] + 1 + rng.randint(0, MOST_NEIGHBOURS)) - 1
    from_, to = min(start, sentences[first][0]), max(end, sentences[last][1])
    if to - from_ < len(text):
        yield replace(example, passage=text[from_:to], span=(start - from_, end - from_))
    rest = [text[a:b] for i, (a, b) in enumerate(sentences) if i not in answering]
    if len(rest) > 1:
        yield replace(example, passage=" ".join(rest), label=0, span=None)
