"""Answers without a language model: the sentences of the passages that answer a question best, word for word."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.citations import Claim, Evidence
from rag_app.markers import defuse
from rag_app.sentences import split_sentences
from vectorstore.fusion import cosine_similarities
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Passage

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]

PASSAGES_READ = 5
MOST_SENTENCES = 3
COSINE_WEIGHT = 0.7
# A further sentence is shown if it is nearly as good as the best.
NEARLY = 0.8
SHORTEST_UNIT = 12
MOST_HEADING_WORDS = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage and how well it answers."""

    evidence: Evidence
    cosine: float
    terms_found: float

    @property
    def score(self) -> float:
        return COSINE_WEIGHT * self.cosine + (1 - COSINE_WEIGHT) * self.terms_found


def find_candidates(
    question: str, passages: Sequence[Passage], *, embed: Embed, lexical: LexicalIndex
) -> list[Candidate]:
    """The sentences of the first passages, best first; rare words of the question count most (idf)."""
    spans = [evidence for passage in passages[:PASSAGES_READ] for evidence in units(passage)]
    if not spans:
        return []
    vectors = np.asarray(embed([question, *(evidence.quote for evidence in spans)]), dtype=np.float32)
    cosines = cosine_similarities(vectors[0], vectors[1:]).tolist()
    weights = lexical.idf(question)
    candidates = []
    for evidence, cosine in zip(spans, cosines, strict=True):
        candidates.append(Candidate(evidence, cosine, share_of_terms(weights, lexical.terms(evidence.quote))))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def share_of_terms(weights: Mapping[str, float], there: Sequence[str]) -> float:
    """The share of the weighted terms that are there, in [0, 1]."""
    found = sum(weights.get(term, 0.0) for term in there)
    return found / (sum(weights.values()) or 1.0)


def units(passage: Passage) -> list[Evidence]:
    """The sentences, list items and rows of a passage; headings and captions say what is meant and answer nothing."""
    chunk = passage.chunk
    return [
        Evidence(passage, chunk.start + start, chunk.start + end)
        for start, end in split_sentences(chunk.text)
        if end - start >= SHORTEST_UNIT and not is_heading(chunk.text[start:end])
    ]


def is_heading(unit: str) -> bool:
    """Marked as one, or a few words without a number and without a full stop."""
    if unit.startswith(("#", "```", "~~~")):
        return True
    is_row_or_ended = unit.startswith("|") or unit.endswith(tuple(".!?:;)”\"'。！？"))
    return not is_row_or_ended and len(unit.split()) <= MOST_HEADING_WORDS and not any(map(str.isdigit, unit))


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence and up to two that are nearly as good, none of them twice."""
    chosen: list[Candidate] = []
    seen: set[str] = set()
    for candidate in candidates:
        words = " ".join(candidate.evidence.quote.split()).lower()
        if candidate.score >= NEARLY * candidates[0].score and words not in seen:
            chosen.append(candidate)
            seen.add(words)
        if len(chosen) == MOST_SENTENCES:
            break
    return chosen


def as_claims(chosen: Sequence[Candidate]) -> list[Claim]:
    """Each sentence as a claim that is its own proof; line breaks inside it are shown as spaces."""
    return [Claim(defuse(" ".join(item.evidence.quote.split())), (item.evidence,)) for item in chosen]
