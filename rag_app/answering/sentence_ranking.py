"""Ranks the sentences of passages as answers to a question, by a logistic model of what the reader says and cosines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest import Split, split_sentences
from rag_app.answering.citations import Evidence
from rag_app.answering.units import with_lead
from rag_app.answering.verification.facts import compare_names
from vectorstore import LEXICAL_WEIGHT, LexicalReader, Question, Reading, Reads
from vectorstore.embeddings import EmbeddingModel, Vectors, cosine_similarities, embed_chunks
from vectorstore.types import Passage

Page = tuple[str, int | None]
# A share of nothing has no logarithm.
LEAST_SHARE = 0.02
# A logistic model, fitted by bench/fit_answers.py on the evidence sentences of CLAP NQ's visible half; that script
# prints it, and what it reaches by cross-validation. Each weight is of the feature as it is.
WEIGHTS = {
    "titled_below_best": 3.38,  # how far the cosine of question and sentence under its title lies below the best one's
    "passage_below_best": -8.86,  # how far its passage's score lies below the best one's
    "place": -0.324,  # log(1 + n): n sentences of its page come before it
    "like_best": 1.07,  # its cosine with the sentence nearest to the question
    "passage_answers_below": 0.416,  # how far the log-odds that its passage answers lie below those of the best passage
    "answers": -0.00995,  # the log-odds that it answers by itself
    "answers_below": 0.238,  # how far they lie below the best one's
    "share": 0.389,  # the logarithm of how much of its passage's answer stands in it
    "neighbours_share": -0.249,  # the same of the sentences before and after it
}
INTERCEPT = 0.621


@dataclass(frozen=True, slots=True)
class Judge:
    """What sentences are judged with: an embedding model, the reader, the words of the collection, and the splitter of
    sentences.

    Every constant was fitted on MiniLM's cosines, which another model's are not like.
    """

    model: EmbeddingModel
    lexical: LexicalReader
    reader: Reads
    split: Split = split_sentences

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(embed_chunks(self.model, texts), dtype=np.float32)

    def read(self, question: Question, passages: Sequence[Passage]) -> dict[Passage, Reading]:
        """As the retriever reads them, so that nothing is read twice."""
        texts = [passage.chunk.embedded_text for passage in passages]
        return dict(zip(passages, self.reader.read(question.searched_text, texts), strict=True))


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
    texts = [f"{span.passage.chunk.title}\n{with_lead(span)}" for span in spans]
    cosines, titled, like_best = measure_cosines(question, spans, texts, judge)
    weights = question.weights(judge.lexical)
    passages = list(dict.fromkeys(span.passage for span in spans))
    strengths = {passage: strength(passage) for passage in passages}
    title_terms = {title: judge.lexical.terms(title) for title in {passage.chunk.title for passage in passages}}
    places, readings = find_places(spans), judge.read(question, passages)
    answers = [reading.answers for reading in judge.reader.read(question.searched_text, texts)]
    shares = [share_of_answer(span, readings[span.passage]) for span in spans]
    best_passage = max(reading.answers for reading in readings.values())
    candidates = []
    for i, span in enumerate(spans):
        place, *beside = places[i]
        neighbours = [j for j in beside if j is not None]
        terms = judge.lexical.terms(span.quote)
        features = {
            "titled_cosine": titled[i],
            "titled_below_best": titled[i] - max(titled),
            "names": compare_names(question.text, span.quote),
            "terms": share_of_terms(weights, {*terms, *title_terms[span.passage.chunk.title]}),
            "passage_below_best": max(strengths.values()) - strengths[span.passage],
            "place": np.log1p(place),
            "like_best": like_best[i],
            "passage_answers_below": readings[span.passage].answers - best_passage,
            "answers": answers[i],
            "answers_below": answers[i] - max(answers),
            "share": np.log(LEAST_SHARE + shares[i]),
            "neighbours_share": np.log(LEAST_SHARE + sum(shares[j] for j in neighbours)),
        }
        candidates.append(Candidate(span, cosines[i], features))
    return candidates


def share_of_answer(span: Evidence, reading: Reading) -> float:
    """How much of its passage's answer, in [0, 1], stands in a span of it."""
    chunk = span.passage.chunk
    shift = len(chunk.embedded_text) - len(chunk.text) - chunk.start
    return reading.share(span.start + shift, span.end + shift)


def measure_cosines(
    question: Question, spans: Sequence[Evidence], texts: Sequence[str], judge: Judge
) -> tuple[list[float], list[float], list[float]]:
    """Of each sentence: its cosine with the question, the same under its title, and its cosine with the nearest one."""
    quotes = [span.quote for span in spans]
    vectors, asked = judge.embed([*quotes, *texts]), question.vector(judge.model)
    plain, titled = vectors[: len(spans)], vectors[len(spans) :]
    cosines, with_title = cosine_similarities(asked, plain), cosine_similarities(asked, titled)
    best = int(np.argmax(cosines + with_title))
    return cosines.tolist(), with_title.tolist(), cosine_similarities(plain[best], plain).tolist()


def strength(passage: Passage) -> float:
    """Cosine and words together, as retrieval joins them; a reranker's score is of another scale."""
    return (1 - LEXICAL_WEIGHT) * passage.cosine + LEXICAL_WEIGHT * passage.lexical


def find_places(spans: Sequence[Evidence]) -> dict[int, tuple[int, int | None, int | None]]:
    """Of each span: how many of its page come before it, and which directly before and after it."""
    pages: dict[Page, list[int]] = {}
    for i in sorted(range(len(spans)), key=lambda i: spans[i].start):
        chunk = spans[i].passage.chunk
        pages.setdefault((chunk.source, chunk.page), []).append(i)
    return {
        i: (n, order[n - 1] if n else None, order[n + 1] if n + 1 < len(order) else None)
        for order in pages.values()
        for n, i in enumerate(order)
    }


def share_of_terms(weights: Mapping[str, float], there: set[str]) -> float:
    """The share of the weighted terms that are there, in [0, 1]."""
    return sum(weights.get(term, 0.0) for term in there) / (sum(weights.values()) or 1.0)
