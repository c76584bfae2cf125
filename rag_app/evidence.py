"""Sentences of passages judged as answers to a question: what is measured of each, and how likely it answers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.answer_kinds import has_kind, kind_of
from rag_app.citations import Evidence
from vectorstore.fusion import LEXICAL_WEIGHT, cosine_similarities
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Passage

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
Page = tuple[str, int | None]

POINTS_BACK = re.compile(
    r"(he|she|it|they|this|these|that|those|his|her|its|their|such|however|but|also)\b", re.IGNORECASE
)
# Pages differ in length far more than those that the weights were fitted on.
MOST_COUNTED = 12
# A logistic model, fitted by bench/fit_answers.py on the evidence sentences of CLAP NQ's visible half; that script
# prints it, and what it reaches by cross-validation. Each weight is of the feature as it is.
WEIGHTS = {
    "titled_cosine": 1.59,  # of the question with the sentence under its document's title
    "below_best": 1.4,  # how far its cosine lies below the best sentence's
    "titled_below_best": 2.48,
    "terms": 0.358,  # share of the question's terms, by idf, in sentence or title
    "passage_below_best": -5.67,  # how far its passage's score lies below the best one's
    "page_rank": -1.1,  # of its page among those found, from 0
    "passage_rank": -0.175,
    "place": -0.0901,  # log(1 + n): n sentences of its page stand before it
    "points_back": 0.184,  # it begins with "He", "This", "However"
    "previous": -0.909,  # the titled cosine of the sentence before it
    "next": -0.357,
    "like_best": 0.917,  # its cosine with the sentence nearest to the question
    "kind": 0.211,  # it has what the question asks for: a name, a date, a number
    "new_terms": 0.106,  # log(1 + n): n of its terms are not the question's
    "sentences": -0.673,  # log(1 + n): its page has n sentences here
}
INTERCEPT = 0.368


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence, what was measured of it (by the names of WEIGHTS), its cosine, and how likely it answers."""

    evidence: Evidence
    cosine: float
    features: Mapping[str, float]

    @property
    def probability(self) -> float:
        return logistic(WEIGHTS, INTERCEPT, self.features)

    @property
    def page(self) -> Page:
        return self.evidence.passage.chunk.source, self.evidence.passage.chunk.page


def logistic(weights: Mapping[str, float], intercept: float, features: Mapping[str, float]) -> float:
    evidence = intercept + sum(weight * features[name] for name, weight in weights.items())
    return float(1 / (1 + np.exp(-evidence)))


def judge(question: str, spans: Sequence[Evidence], *, embed: Embed, lexical: LexicalIndex) -> list[Candidate]:
    """The spans, which are sentences of passages in the order found, as candidates in the same order."""
    if not spans:
        return []
    cosines, titled, like_best = measure_cosines(question, spans, embed)
    weights = lexical.idf(question)
    kind = kind_of(question)
    passages = list(dict.fromkeys(span.passage for span in spans))
    strengths = {passage: strength(passage) for passage in passages}
    places = find_places(spans)
    pages = list(dict.fromkeys(page_of(passage) for passage in passages))
    counted = {page: sum(page_of(span.passage) == page for span in spans) for page in pages}
    candidates = []
    for i, span in enumerate(spans):
        page, terms = page_of(span.passage), lexical.terms(span.quote)
        place, before, after = places[i]
        named = {*terms, *lexical.terms(span.passage.chunk.title)}
        features = {
            "titled_cosine": titled[i],
            "below_best": cosines[i] - max(cosines),
            "titled_below_best": titled[i] - max(titled),
            "terms": share_of_terms(weights, named),
            "passage_below_best": max(strengths.values()) - strengths[span.passage],
            "page_rank": float(pages.index(page)),
            "passage_rank": float(passages.index(span.passage)),
            "place": np.log1p(place),
            "points_back": float(bool(POINTS_BACK.match(span.quote))),
            "previous": 0.0 if before is None else titled[before],
            "next": 0.0 if after is None else titled[after],
            "like_best": like_best[i],
            "kind": has_kind(span.quote, kind, question=question),
            "new_terms": np.log1p(len(set(terms) - set(weights))),
            "sentences": np.log1p(min(counted[page], MOST_COUNTED)),
        }
        candidates.append(Candidate(span, cosines[i], features))
    return candidates


def measure_cosines(
    question: str, spans: Sequence[Evidence], embed: Embed
) -> tuple[list[float], list[float], list[float]]:
    """Of each sentence: its cosine with the question, the same under its title, and its cosine with the nearest one."""
    quotes = [span.quote for span in spans]
    under_titles = [f"{span.passage.chunk.title}\n{span.quote}" for span in spans]
    asked, *rest = np.asarray(embed([question, *quotes, *under_titles]), dtype=np.float32)
    plain, titled = np.stack(rest[: len(spans)]), np.stack(rest[len(spans) :])
    cosines, with_title = cosine_similarities(asked, plain), cosine_similarities(asked, titled)
    best = int(np.argmax(cosines + with_title))
    return cosines.tolist(), with_title.tolist(), cosine_similarities(plain[best], plain).tolist()


def strength(passage: Passage) -> float:
    """Cosine and words together, as retrieval joins them; a reranker's score is of another scale."""
    return (1 - LEXICAL_WEIGHT) * passage.cosine + LEXICAL_WEIGHT * passage.lexical


def page_of(passage: Passage) -> Page:
    return passage.chunk.source, passage.chunk.page


def find_places(spans: Sequence[Evidence]) -> dict[int, tuple[int, int | None, int | None]]:
    """Of each span: how many of its page stand before it, and which come directly before and after it."""
    pages: dict[Page, list[int]] = {}
    for i in sorted(range(len(spans)), key=lambda i: spans[i].start):
        pages.setdefault(page_of(spans[i].passage), []).append(i)
    return {
        i: (n, order[n - 1] if n else None, order[n + 1] if n + 1 < len(order) else None)
        for order in pages.values()
        for n, i in enumerate(order)
    }


def share_of_terms(weights: Mapping[str, float], there: set[str]) -> float:
    """The share of the weighted terms that are there, in [0, 1]."""
    return sum(weights.get(term, 0.0) for term in there) / (sum(weights.values()) or 1.0)
