"""Ranks the sentences of passages as answers to a question, by a logistic model of their features."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ingest import Split, split_sentences
from rag_app.answering.citations import Evidence
from vectorstore import LEXICAL_WEIGHT, LexicalReader, Question
from vectorstore.embeddings import EmbeddingModel, Vectors, cosine_similarities, embed_chunks
from vectorstore.types import Passage

Kind = Literal["number", "time", "person", "place", "reason", "definition", "other"]

# The first that fits decides. English words: a question in another language asks for no kind.
QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow (many|much|long|old|far|tall|high|large|big|fast|often|deep|heavy|wide)\b"
            r"|\bwhat (percent|percentage|number|age|size)\b|\bage of\b"
        ),
    ),
    ("time", re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)\b")),
    ("person", re.compile(r"\bwho(m|se)?\b")),
    ("place", re.compile(r"\bwhere\b|\b(what|which) (country|city|state|place|county|location)\b")),
    ("reason", re.compile(r"\bwhy\b|\bpurpose\b|\breason\b|\bcauses?\b")),
    ("definition", re.compile(r"\bwhat (is|are|was|were|does)\b|\bmeaning\b|\bdefinition\b|\bdefine\b")),
)
NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|thousand|million|billion"
    r"|several|dozen)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December|1\d{3}|20\d{2}|century"
    r"|decade|\d+s)\b"
)
# A capital within a sentence.
NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w'-]+")
PLACE = re.compile(r"\b(in|at|near|on|from|between|north|south|east|west|located|situated|bordered) (the )?[A-Z]")
REASON = re.compile(
    r"\b(because|due to|so that|in order to|to \w+|since|therefore|caused|result|reason|purpose)\b", re.IGNORECASE
)
DEFINITION = re.compile(r"\b(is|are|was|were) (a|an|the|one)\b", re.IGNORECASE)
PATTERNS: dict[Kind, re.Pattern[str]] = {
    "number": NUMBER,
    "time": TIME,
    "place": PLACE,
    "reason": REASON,
    "definition": DEFINITION,
}
UNKNOWN = 0.5


def kind_of(question: str) -> Kind:
    lowered = question.lower()
    return next((kind for kind, pattern in QUESTIONS if pattern.search(lowered)), "other")


def has_kind(sentence: str, kind: Kind, *, question: str) -> float:
    """1 where the sentence has something of the kind, 0 where it has not, UNKNOWN where nobody can say.

    A name that the question has already is no answer to who.
    """
    if kind == "person":
        lowered = question.lower()
        return float(any(name.lower() not in lowered for name in NAME.findall(sentence)))
    pattern = PATTERNS.get(kind)
    return float(bool(pattern.search(sentence))) if pattern else UNKNOWN


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
    "place": -0.0901,  # log(1 + n): n sentences of its page come before it
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
class Judge:
    """What sentences are judged with: an embedding model, the words of the collection, and the splitter of sentences.

    Every constant was fitted on MiniLM's cosines, which another model's are not like.
    """

    model: EmbeddingModel
    lexical: LexicalReader
    split: Split = split_sentences

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(embed_chunks(self.model, texts), dtype=np.float32)


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


def judge_sentences(question: Question, spans: Sequence[Evidence], judge: Judge) -> list[Candidate]:
    """The spans, which are sentences of passages in the order found, as candidates in the same order."""
    if not spans:
        return []
    cosines, titled, like_best = measure_cosines(question, spans, judge)
    weights, kind = question.weights(judge.lexical), kind_of(question.text)
    passages = list(dict.fromkeys(span.passage for span in spans))
    strengths = {passage: strength(passage) for passage in passages}
    title_terms = {title: judge.lexical.terms(title) for title in {passage.chunk.title for passage in passages}}
    places = find_places(spans)
    pages = list(dict.fromkeys(page_of(passage) for passage in passages))
    counted = Counter(page_of(span.passage) for span in spans)
    candidates = []
    for i, span in enumerate(spans):
        page, terms = page_of(span.passage), judge.lexical.terms(span.quote)
        place, before, after = places[i]
        features = {
            "titled_cosine": titled[i],
            "below_best": cosines[i] - max(cosines),
            "titled_below_best": titled[i] - max(titled),
            "terms": share_of_terms(weights, {*terms, *title_terms[span.passage.chunk.title]}),
            "passage_below_best": max(strengths.values()) - strengths[span.passage],
            "page_rank": float(pages.index(page)),
            "passage_rank": float(passages.index(span.passage)),
            "place": np.log1p(place),
            "points_back": float(bool(POINTS_BACK.match(span.quote))),
            "previous": 0.0 if before is None else titled[before],
            "next": 0.0 if after is None else titled[after],
            "like_best": like_best[i],
            "kind": has_kind(span.quote, kind, question=question.text),
            "new_terms": np.log1p(len(set(terms) - set(weights))),
            "sentences": np.log1p(min(counted[page], MOST_COUNTED)),
        }
        candidates.append(Candidate(span, cosines[i], features))
    return candidates


def measure_cosines(
    question: Question, spans: Sequence[Evidence], judge: Judge
) -> tuple[list[float], list[float], list[float]]:
    """Of each sentence: its cosine with the question, the same under its title, and its cosine with the nearest one."""
    quotes = [span.quote for span in spans]
    under_titles = [f"{span.passage.chunk.title}\n{span.quote}" for span in spans]
    vectors, asked = judge.embed([*quotes, *under_titles]), question.vector(judge.model)
    plain, titled = vectors[: len(spans)], vectors[len(spans) :]
    cosines, with_title = cosine_similarities(asked, plain), cosine_similarities(asked, titled)
    best = int(np.argmax(cosines + with_title))
    return cosines.tolist(), with_title.tolist(), cosine_similarities(plain[best], plain).tolist()


def strength(passage: Passage) -> float:
    """Cosine and words together, as retrieval joins them; a reranker's score is of another scale."""
    return (1 - LEXICAL_WEIGHT) * passage.cosine + LEXICAL_WEIGHT * passage.lexical


def page_of(passage: Passage) -> Page:
    return passage.chunk.source, passage.chunk.page


def find_places(spans: Sequence[Evidence]) -> dict[int, tuple[int, int | None, int | None]]:
    """Of each span: how many of its page come before it, and which directly before and after it."""
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
