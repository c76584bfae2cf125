"""Ranks the sentences of the retrieved passages and estimates whether the question can be answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag_app.answering.quotes import rank_sentences
from rag_app.answering.sentence_ranking import Candidate, Judge, logistic, share_of_terms, strength
from vectorstore import Question
from vectorstore.embeddings import EmbeddingModel, cosine_similarities
from vectorstore.types import Passage

# Fitted by bench/fit_answers.py, which prints these and what they reach by cross-validation: on CLAP NQ's visible half
# (answerable, near misses, off topic) and, of little weight, on XQuAD English, all of which can be answered.
WEIGHTS = {
    "passage_cosine": 0.714,  # the best passage's
    "sentence_cosine": 6.45,
    "strength": 8.19,  # of the best passage: cosine and words joined
    "title_terms": -5.59,  # the share of the question's terms in the first title
    "cosine_and_terms": 5.23,  # the most that a sentence has of both, multiplied
    "passage_answers": 0.485,  # the log-odds that the best passage answers, by the reader
    "sentence_answers": -0.137,  # the log-odds that the best sentence answers by itself
}
INTERCEPT = -8.92
# At this threshold 92 % of CLAP NQ's answerable questions are answered.
THRESHOLD = 0.46
# At this one, 99 %: below it no chat model is asked, which judges better than these features; nor is a follow-up quoted
# for, which says less by itself than the questions that the first threshold is of.
WORTH_ASKING = 0.17


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
    weights, first = question.weights(judge.lexical), passages[0]
    answers = [reading.answers for reading in judge.read(question, passages).values()]
    features = [candidate.features for candidate in candidates]
    return {
        "passage_cosine": max(passage.cosine for passage in passages),
        "sentence_cosine": max(candidate.cosine for candidate in candidates),
        "strength": max(map(strength, passages)),
        "title_terms": share_of_terms(weights, set(judge.lexical.terms(first.chunk.title))),
        "cosine_and_terms": max(of["titled_cosine"] * of["terms"] for of in features),
        "passage_answers": max(answers),
        "sentence_answers": max(of["answers"] for of in features),
    }
