"""Whether the passages found hold an answer at all, and the one sentence that says they do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag_app.answering.quotes import find_candidates
from rag_app.answering.sentence_ranking import Candidate, has_kind, kind_of, logistic, page_of, share_of_terms, strength
from rag_app.answering.sentences import Split, split_sentences
from vectorstore.embeddings import EmbeddingModel, embed_chunks
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.types import Passage
from vectorstore.vector_math import cosine_similarities

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
# Where CLAP NQ keeps 93 % of what can be answered.
THRESHOLD = 0.51
# Where it keeps 99 %: a chat model, which reads better than any constant here, is asked from there on.
WORTH_ASKING = 0.12
MOST_TERMS = 12
BEST_SENTENCES = 3


def answerability(
    question: str, passages: Sequence[Passage], candidates: Sequence[Candidate], *, lexical: LexicalIndex
) -> float:
    """How likely it is that the passages answer the question, in [0, 1]; 0 without a passage.

    `candidates` are the sentences of the first passages, the likeliest first.
    """
    if not passages or not candidates:
        return 0.0
    return logistic(WEIGHTS, INTERCEPT, measure(question, passages, candidates, lexical=lexical))


def measure(
    question: str, passages: Sequence[Passage], candidates: Sequence[Candidate], *, lexical: LexicalIndex
) -> Mapping[str, float]:
    """The features by the names of WEIGHTS."""
    weights, kind, first = lexical.idf(question), kind_of(question), passages[0]
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
        "kind": max(has_kind(candidate.evidence.quote, kind, question=question) for candidate in best),
        "question_terms": float(min(len(weights), MOST_TERMS)),
        "title_terms": share_of_terms(weights, set(lexical.terms(first.chunk.title))),
        "cosine_and_terms": max(item.features["titled_cosine"] * item.features["terms"] for item in candidates),
    }


@dataclass(frozen=True, slots=True)
class Weighed:
    """`answerability` is in [0, 1]."""

    candidates: Sequence[Candidate]
    answerability: float


@dataclass(frozen=True, slots=True)
class Scales:
    """The words of a collection, and the model by which sentences are judged.

    Every constant was fitted on that model's cosines, which another model's are not like: `is_own` says whether it is
    the collection's too. `split` parts a text into sentences.
    """

    lexical: LexicalIndex
    model: EmbeddingModel
    is_own: bool
    split: Split = split_sentences

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return embed_chunks(self.model, texts)

    def weigh(self, question: str, passages: Sequence[Passage]) -> Weighed:
        if not passages:
            return Weighed((), 0.0)
        judged = passages if self.is_own else self._judged(question, passages)
        candidates = find_candidates(question, judged, embed=self.embed, lexical=self.lexical, split=self.split)
        return Weighed(candidates, answerability(question, judged, candidates, lexical=self.lexical))

    def _judged(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        texts = [question, *(passage.chunk.embedded_text for passage in passages)]
        vectors = np.asarray(self.embed(texts), dtype=np.float32)
        cosines = cosine_similarities(vectors[0], vectors[1:]).tolist()
        return [replace(passage, cosine=cosine) for passage, cosine in zip(passages, cosines, strict=True)]
