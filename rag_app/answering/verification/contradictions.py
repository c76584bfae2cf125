"""Finds sentences of different documents that contradict each other: by other numbers, or by a negation."""

from collections.abc import Sequence
from itertools import combinations

from rag_app.answering.claims import Claim
from rag_app.answering.sentence_ranking import Candidate
from rag_app.answering.verification.facts import Facts, Number, missing_numbers, read_facts

NOTICE = "The documents do not agree here."
# Both sentences share so much of the words of the longer, numbers apart: copies of one sentence that was changed later
# share nearly all, two sentences on one subject about a third.
ALIKE = 0.6
Pair = tuple[Candidate, Candidate]


def find_conflict(candidates: Sequence[Candidate]) -> Pair | None:
    """The first two candidates, of different documents, that contradict each other."""
    facts = [read_facts(candidate.evidence.quote) for candidate in candidates]
    for i, j in combinations(range(len(facts)), 2):
        one, other = candidates[i], candidates[j]
        if one.page[0] != other.page[0] and are_contrary(facts[i], facts[j]):
            return one, other
    return None


def are_contrary(one: Facts, other: Facts) -> bool:
    words, others = plain_words(one), plain_words(other)
    if len(words & others) < ALIKE * max(len(words), len(others), 1):
        return False
    if one.is_negated != other.is_negated:
        return True
    # With two other numbers it is another thing that is told: other years have other sums.
    only_one, instead = missing_numbers(one, other.numbers), missing_numbers(other, one.numbers)
    return len(only_one) == len(instead) == 1 and only_one[0].unit == instead[0].unit


def plain_words(facts: Facts) -> set[str]:
    return {word for word in facts.words if not any(map(str.isdigit, word))} - unit_words(facts.numbers)


def unit_words(numbers: Sequence[Number]) -> set[str]:
    return {number.unit for number in numbers}


def notice(conflict: Pair) -> Claim:
    """The sentence that says so, with both quotes as its proof."""
    return Claim(NOTICE, tuple(candidate.evidence for candidate in conflict))
