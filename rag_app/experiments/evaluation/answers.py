"""Measures how well a chain answers, quotes and refuses, on questions with known answers."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import Runnable
from scipy.stats import hmean

from rag_app.answering.chain import Request
from rag_app.experiments.evaluation.datasets import AnswerQuestion
from rag_app.experiments.evaluation.intervals import Column, Drawn, Draws, as_column, bootstrap, bootstrap_means, mean
from rag_app.types import REMARKS, Answer
from vectorstore.text_analysis import UNSPACED

COUNTED = ("unsupported_sentences", "dangling_markers")
ARTICLES = {"a", "an", "the"}
# Whatever a reader takes for a marker, in code too; not the parser's own pattern, which is what is checked.
LIKE_A_MARKER = re.compile(r"\[\s*(\d{1,3}(?:[\s,;–-]+\d{1,3})*)\s*\]")
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question and all of its answer that is measured; `quotes` are the documents' words, empty in a refusal."""

    question: AnswerQuestion
    refused: bool
    answerability: float
    quotes: tuple[str, ...]
    unsupported_sentences: int
    dangling_markers: int

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.question.id,
            "refused": self.refused,
            "answerability": self.answerability,
            "quotes": list(self.quotes),
        }


def ask(chain: Runnable[Request, Answer], question: AnswerQuestion) -> Outcome:
    """Raises what the chain raises."""
    answer = chain.invoke(question.question)
    return Outcome(
        question,
        refused=answer.refused,
        answerability=answer.answerability,
        quotes=tuple(dict.fromkeys(citation.quote for citation in answer.citations)),
        unsupported_sentences=0 if answer.refused else sum(one.state in REMARKS for one in answer.sentences),
        dangling_markers=count_dangling(answer.text, {citation.marker for citation in answer.citations}),
    )


def count_dangling(text: str, markers: set[int]) -> int:
    """How many numbers in square brackets point to none of the citations."""
    return sum(
        int(number) not in markers for inside in LIKE_A_MARKER.findall(text) for number in NUMBER.findall(inside)
    )


def measure_answers(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures over all questions, among them the share of each kind that was refused, and their intervals."""
    kinds = dict.fromkeys(outcome.question.kind for outcome in outcomes)
    refused = bootstrap_means(
        {
            kind: [float(outcome.refused) if outcome.question.kind == kind else None for outcome in outcomes]
            for kind in kinds
        }
    )
    rows = [measure_one(outcome) for outcome in outcomes]
    columns = {name: as_column(row[name] for row in rows) for name in rows[0]}
    figures = bootstrap(len(outcomes), lambda draws: combine(columns, draws))
    return {
        **figures.values,
        **{name: int(figures.values[name] or 0) for name in COUNTED},
        "refused": refused.values,
        "questions": len(outcomes),
        "intervals": {**figures.intervals, "refused": refused.intervals},
    }


def combine(columns: Mapping[str, Column], draws: Draws) -> dict[str, Drawn]:
    """The means of shares, the F1 of the two means of evidence, and the sums of what is counted."""
    means = {name: mean(column, draws) for name, column in columns.items() if name not in COUNTED}
    sums = {name: columns[name][draws].sum(axis=1) for name in COUNTED}
    return {**means, "evidence_f1": hmean([means["evidence_precision"], means["evidence_recall"]], axis=0), **sums}


def measure_one(outcome: Outcome) -> dict[str, float | None]:
    """The values of a question; None where it does not count."""
    is_answerable = outcome.question.answerable
    precision, recall = compare_evidence(outcome)
    return {
        "answer_recall": float(holds_answer(outcome)) if is_answerable else None,
        "evidence_precision": precision,
        "evidence_recall": recall,
        "kept": float(not outcome.refused) if is_answerable else None,
        "unsupported_sentences": outcome.unsupported_sentences,
        "dangling_markers": outcome.dangling_markers,
    }


def compare_evidence(outcome: Outcome) -> tuple[float, float] | tuple[None, None]:
    """Precision and recall of the quotes as a set of sentences against what any annotator marked.

    Sentences are the same if equal but for white space: a quote of two sentences, or of half of one, is neither. An
    answer without a quote has precision 0. A question counts if it is answerable, has evidence and was not refused.
    """
    gold = {without_space(sentence) for annotator in outcome.question.evidence or () for sentence in annotator} - {""}
    if not outcome.question.answerable or outcome.refused or not gold:
        return None, None
    shown = {without_space(quote) for quote in outcome.quotes}
    right = len(gold & shown)
    return right / len(shown) if shown else 0.0, right / len(gold)


def without_space(text: str) -> str:
    return "".join(text.split())


def holds_answer(outcome: Outcome) -> bool:
    """Whether the words of a gold answer follow one another in the quotes, one quote after the other."""
    shown = normalize(" ".join(outcome.quotes))
    return any(answer.strip() and answer in shown for answer in map(normalize, outcome.question.answers))


def normalize(text: str) -> str:
    """The words of a text in small letters, a space before and after each, without punctuation and English articles.

    As SQuAD compares answers (Rajpurkar and others, 2016), with two differences, by which a gold answer is found in the
    passage that it was cut from, and `4` not in `24`: punctuation of any script parts words (`24-10`) instead of
    joining them, and where no space divides words, each character is one.
    """
    parted = "".join(" " if unicodedata.category(sign)[0] in "PS" else sign for sign in text.lower())
    spaced = UNSPACED.sub(lambda run: f" {' '.join(run[0])} ", parted)
    return f" {' '.join(word for word in spaced.split() if word not in ARTICLES)} "
