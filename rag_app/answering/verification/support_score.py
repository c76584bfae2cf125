"""Scores how likely a span supports a claim: words and their order, numbers, names, contraries, and cosine.

It works offline and understands nothing: what it cannot find in the span it does not believe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from rag_app.answering.sentence_ranking import logistic
from rag_app.answering.verification.facts import (
    Facts,
    contradicted_codes,
    exchanged_abbreviations,
    missing_numbers,
    says_contrary,
)

# A logistic model, fitted by bench/fit_checker.py on the training claims of SciFact and answers of CLAP NQ's visible
# half; that script prints it, and what it reaches on claims that it has not seen.
WEIGHTS = {
    "words": 2.95,  # share of the claim's words that the passage has, or what stands over it
    "pairs": 2.34,  # share of the claim's neighbouring words that are neighbours in the span
    "cosine": 2.9,
    "contrary": -0.83,  # one is negated, or has the opposite word
}
INTERCEPT = -3.95
ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What may name what a span calls "it": `heads` are title and headings, `whole` is these and the passage."""

    heads: Facts
    whole: Facts


def support(claim: Facts, span: Facts, around: Surroundings, cosine: float) -> float:
    """In [0, 1]; 0 where a number of the claim is not in the span, or a name of it nowhere in the passage."""
    if not claim.words or is_ruled_out(claim, span, around):
        return 0.0
    return logistic(WEIGHTS, INTERCEPT, measure(claim, span, around, cosine))


def is_ruled_out(claim: Facts, span: Facts, around: Surroundings) -> bool:
    numbers = (*span.numbers, *around.heads.numbers)
    return bool(
        missing_numbers(claim, numbers)
        or claim.names - span.lowered - around.whole.lowered
        or contradicted_codes(claim, around.whole)
        or exchanged_abbreviations(claim, span, around.whole)
    )


def measure(claim: Facts, span: Facts, around: Surroundings, cosine: float) -> Mapping[str, float]:
    """The features by the names of WEIGHTS."""
    words, neighbours = set(claim.words), set(pairwise(span.words))
    pairs = list(pairwise(claim.words))
    return {
        "words": len(words & {*span.words, *around.whole.words}) / max(len(words), 1),
        "pairs": sum(pair in neighbours for pair in pairs) / max(len(pairs), 1),
        "cosine": cosine,
        "contrary": float(says_contrary(claim, span)),
    }
