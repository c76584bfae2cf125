"""Ranks the sentences of the retrieved passages and estimates whether the question can be answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag_app.answering.quotes import rank_sentences
from rag_app.answering.sentence_ranking import (
    Candidate,
    Judge,
    has_kind,
    kind_of,
    logistic,
    page_of,
    share_of_terms,
    strength,
)
from vectorstore import Question
from vectorstore.embeddings import EmbeddingModel, cosine_similarities
from vectorstore.types import Passage

# Fitted by bench/fit_answers.py, which prints these and what they reach by cross-validation: on CLAP NQ's visible half
# (answerable, near misses, off topic) and, of little weight, on XQuAD English, all of which can be answered.
WEIGHTS = {
    "passage_cosine": 3.13,  # the best passage's
    "sentence_cosine": 5.37,
    "sentence_terms": 1.86,  # the most that a sentence with its title has of the question's terms, by idf
    "cosine_gap": -0.199,  # from the best page to the next
    "agreement": 0.763,  # in how many of the two lists the first passage is first
    "strength": 3.07,  # of the best passage: cosine and words joined
    "likeliest": 3.01,  # the probability of the best sentence
    "kind": 0.432,  # one of the three best has what the question asks for
    "question_terms": -0.111,  # how many the question has, CAPPED
    "title_terms": -4.48,  # the share of the question's terms in the first title
    "cosine_and_terms": 2.39,  # the most that a sentence has of both, multiplied
}
INTERCEPT = -9.99
# At this threshold 93 % of CLAP NQ's answerable questions are answered.
THRESHOLD = 0.51
# At this one, 99 %: below it no chat model is asked. A chat model judges better than these features.
WORTH_ASKING = 0.12
MOST_TERMS = 12
BEST_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Assessment:
    """The sentences, the likeliest to answer first, and how likely it is, in [0, 1], that the passages answer."""

    candidates: Sequence[Candidate]
    answerability: float


def assess(question: Question, passages: Sequence[Passage], judge: Judge, *, found_by: EmbeddingModel) -> Assessment:
    """Rank the sentences of the passages, and estimate the answerability; 0 without a passage.

    `found_by` is the model of the passages' cosines: those of another model than the judge's are computed again.
    """
    if not passages:
        return Assessment((), 0.0)
    if found_by.identity != judge.model.identity:
        passages = with_cosines(question, passages, judge)
    candidates = rank_sentences(question, passages, judge)
    if not candidates:
        return Assessment((), 0.0)
    features = measure(question, passages, candidates, judge)
    return Assessment(candidates, logistic(WEIGHTS, INTERCEPT, features))


def with_cosines(question: Question, passages: Sequence[Passage], judge: Judge) -> list[Passage]:
    vectors = judge.embed([passage.chunk.embedded_text for passage in passages])
    cosines = cosine_similarities(question.vector(judge.model), vectors).tolist()
    return [replace(passage, cosine=cosine) for passage, cosine in zip(passages, cosines, strict=True)]


def measure(
    question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate], judge: Judge
) -> Mapping[str, float]:
    """The features by the names of WEIGHTS; `candidates` come the likeliest first."""
    weights, kind, first = question.weights(judge.lexical), kind_of(question.text), passages[0]
    pages: dict[object, float] = {}
    for passage in passages:
        pages[page_of(passage)] = max(passage.cosine, pages.get(page_of(passage), -1.0))
    best_page, *others = pages.values()
    best = candidates[:BEST_SENTENCES]
    return {
        "passage_cosine": max(passage.cosine for passage in passages),
        "sentence_cosine": max(candidate.cosine for candidate in candidates),
        "sentence_terms": max(candidate.features["terms"] for candidate in candidates),
        "cosine_gap": best_page - others[0] if others else 0.0,
        "agreement": float(first.dense_rank == 1) + float(first.lexical_rank == 1),
        "strength": max(map(strength, passages)),
        "likeliest": candidates[0].probability,
        "kind": max(has_kind(candidate.evidence.quote, kind, question=question.text) for candidate in best),
        "question_terms": float(min(len(weights), MOST_TERMS)),
        "title_terms": share_of_terms(weights, set(judge.lexical.terms(first.chunk.title))),
        "cosine_and_terms": max(item.features["titled_cosine"] * item.features["terms"] for item in candidates),
    }
