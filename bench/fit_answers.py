"""Fits and cross-validates what quotes mode decides by: python bench/fit_answers.py CLAPNQ XQUAD

The two are folders with `corpus.jsonl`, `answers.jsonl` as `rag eval answers` takes them: CLAP NQ, with evidence
sentences, near misses and off-topic questions, and XQuAD in one language. Each is ingested and asked as any collection.

Two logistic models of what the reader says, cosines and words: which sentences answer (sentence_ranking.py), fitted on
CLAP NQ's evidence, and whether anything does (answerability.py), fitted on its three kinds of questions, and on XQuAD's
with little weight. Ten folds over questions, three times with other folds: every figure of CLAP NQ is of questions that
the fit had not seen, the threshold too (chosen on the nine folds). XQuAD's questions train the second model alone, a
hundredth of their number a fold; its share of answers found is by the models fitted on everything. Prints figures with
95 % bootstrap intervals, then the constants fitted on everything, to be put into the code. A question takes the reader
about half a second.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from bench.results import arguments, record
from rag_app import Settings
from rag_app.answering import answerability as refusal
from rag_app.answering import quotes
from rag_app.answering import sentence_ranking as evidence
from rag_app.answering.sentence_ranking import Candidate, Judge
from rag_app.answering.units import units
from rag_app.experiments.evaluation.datasets import load_corpus, load_rows, retriever_of_texts
from rag_app.wiring import build_vector_cache, load_reader
from vectorstore.embeddings import EmbeddingModel, embed_chunks
from vectorstore.search.retriever import HybridRetriever, Question

Array = NDArray[np.float64]
FOLDS, SEEDS = 10, (0, 1, 2)
# Regularisation on features of unit variance, of the first model and of the second.
C_SENTENCES, C_REFUSAL = 0.3, 1.0
# Of what CLAP NQ can answer so much is to be kept: the rest is refused with the near misses.
KEPT = 0.92
# So much of it is handed to a chat model, which judges better.
ASKED = 0.99
# XQuAD has a thousand questions, all answerable: with more weight, off-topic questions pass; with less, its own fail.
OFF_TOPIC_WEIGHT, XQUAD_WEIGHT = 0.5, 0.1
NEARLY = (0.2, 0.3, 0.4, 0.5, 0.6)
EVIDENCE = "Answers: quoted sentences against the evidence of CLAP NQ, cross-validated"
REFUSED = "Answers: refused questions of CLAP NQ, cross-validated"
XQUAD_SHOWN = "Answers: XQuAD English, the answer is in the quotes, refusals counted as misses"
HINT = "a folder with corpus.jsonl and answers.jsonl"


@dataclass(slots=True)
class Asked:
    """A question of a set, the sentences found for it with their features, and those of answerability by the names of
    its weights; `probabilities` come from a fit."""

    row: dict[str, Any]
    candidates: Sequence[Candidate]
    features: Mapping[str, float]
    gold: set[str]
    probabilities: Array = field(default_factory=lambda: np.zeros(0))

    def chosen(self, nearly: float) -> list[str]:
        """The quotes that the product would show."""
        order = np.argsort(-self.probabilities, kind="stable")
        shown: dict[str, None] = {}
        for i in order.tolist():
            if self.probabilities[i] >= nearly * self.probabilities.max() and len(shown) < quotes.MOST_SENTENCES:
                shown[plain(self.candidates[i].evidence.quote)] = None
        return list(shown)


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic model of features as they are."""

    weights: Array
    intercept: float

    @classmethod
    def of(cls, rows: Array, labels: Array, *, c: float, importance: Array | None = None) -> "Fit":
        mean, spread = rows.mean(axis=0), rows.std(axis=0)
        spread[spread == 0] = 1.0
        model = LogisticRegression(C=c, max_iter=5_000).fit((rows - mean) / spread, labels, sample_weight=importance)
        weights = model.coef_[0] / spread
        return cls(weights, float(model.intercept_[0] - weights @ mean))

    def __call__(self, rows: Array) -> Array:
        return 1 / (1 + np.exp(-(rows @ self.weights + self.intercept)))


def main() -> None:
    first, second = arguments()
    clapnq, xquad = ask_all(Path(first)), ask_all(Path(second))
    judged = [one for one in clapnq if one.gold]
    print(f"{len(clapnq)} and {len(xquad)} questions, {len(judged)} with evidence", flush=True)
    selector = fit_selector(judged)
    predict_sentences(judged, [one for one in clapnq if not one.gold] + xquad, selector)
    labels = np.array([one.row["answerable"] for one in clapnq], dtype=float)
    rows, xrows = refusal_rows(clapnq), refusal_rows(xquad)
    refused = tell_refusal(clapnq, rows, labels, xrows)
    kept = np.array([1 - share for share, one in zip(refused, clapnq, strict=True) if one.gold])
    chosen = {nearly: tell_selection(judged, nearly, kept) for nearly in NEARLY}
    whole = fit_refusal(rows, labels, xrows, kinds(clapnq))
    threshold, worth_asking = np.quantile(whole(rows)[labels == 1], (1 - KEPT, 1 - ASKED)).tolist()
    shown = tell_xquad(xquad, whole(xrows) >= threshold)
    command = "python bench/fit_answers.py clapnq xquad/en"
    record(EVIDENCE, command, {"F1": chosen[quotes.NEARLY]})
    of_kind = kinds(clapnq)
    shares = {kind: refused[of_kind == kind] for kind in dict.fromkeys(of_kind.tolist())}
    record(REFUSED, command, {kind: share_with_interval(values) for kind, values in shares.items()})
    record(XQUAD_SHOWN, command, {"shown": shown})
    show_constants("rag_app/answering/sentence_ranking.py", list(evidence.WEIGHTS), selector)
    show_constants("rag_app/answering/answerability.py", list(refusal.WEIGHTS), whole)
    print(f"THRESHOLD = {threshold:.2f}\nWORTH_ASKING = {worth_asking:.2f}")


def ask_all(folder: Path) -> list[Asked]:
    """The questions for which a sentence was found."""
    documents = load_corpus(folder, HINT)
    quiet = {"on_progress": lambda progress: None, "on_message": print}
    with retriever_of_texts(documents, Settings(), keep=False, **quiet) as retriever:  # type: ignore[arg-type]
        model = replace(retriever.model, embeddings=RememberingEmbeddings(retriever.model))
        judge = Judge(model, retriever.store.snapshot().lexical, load_reader(Settings(), print))
        asked = [ask(row, retriever, judge) for row in load_rows(folder / "answers.jsonl", HINT)]
    return [one for one in asked if one.candidates]


def ask(row: dict[str, Any], retriever: HybridRetriever, judge: Judge) -> Asked:
    """Everything is measured at once, while the reader remembers what it has read for this question."""
    question = Question(row["question"])
    passages = retriever.search(question)
    spans = [span for passage in passages[: quotes.PASSAGES_READ] for span in units(passage)]
    candidates = evidence.judge_sentences(question, spans, judge)
    features = refusal.measure(question, passages, candidates, judge) if candidates else {}
    gold = {plain(sentence) for one in row.get("evidence") or () for sentence in one}
    return Asked(row, candidates, features, gold)


class RememberingEmbeddings(Embeddings):
    """The same sentences are found for many questions, and again by the next fit."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model, self._cache = model, build_vector_cache(Settings())

    def embed_query(self, text: str) -> list[float]:
        return self._model.embeddings.embed_query(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        known: dict[str, Any] = self._cache.find(self._model.identity, texts)
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            vectors = np.asarray(embed_chunks(self._model, new), dtype=np.float32)
            known |= zip(new, vectors, strict=True)
            self._cache.keep(self._model.identity, new, vectors)
        return [known[text] for text in texts]


def sentence_rows(one: Asked) -> Array:
    return np.array([[candidate.features[name] for name in evidence.WEIGHTS] for candidate in one.candidates])


def fit_selector(asked: Sequence[Asked]) -> Fit:
    labels = [[plain(candidate.evidence.quote) in one.gold for candidate in one.candidates] for one in asked]
    return Fit.of(np.vstack([sentence_rows(one) for one in asked]), np.concatenate(labels).astype(float), c=C_SENTENCES)


def predict_sentences(judged: list[Asked], others: list[Asked], selector: Fit) -> None:
    """Those of judged questions by models that have not seen them."""
    for one in judged:
        one.probabilities = np.zeros(len(one.candidates))
    for train, test in folds(len(judged)):
        model = fit_selector([judged[i] for i in train])
        for i in test:
            judged[i].probabilities += model(sentence_rows(judged[i])) / len(SEEDS)
    for one in others:
        one.probabilities = selector(sentence_rows(one))


def folds(count: int) -> Iterator[tuple[list[int], list[int]]]:
    for seed in SEEDS:
        for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(range(count)):
            yield train.tolist(), test.tolist()


def refusal_rows(asked: Sequence[Asked]) -> Array:
    return np.array([[one.features[name] for name in refusal.WEIGHTS] for one in asked])


def kinds(asked: Sequence[Asked]) -> NDArray[Any]:
    return np.array([one.row["kind"] for one in asked])


def fit_refusal(rows: Array, labels: Array, xrows: Array, of_kind: NDArray[Any]) -> Fit:
    importance = np.where(of_kind == "off topic", OFF_TOPIC_WEIGHT, 1.0)
    return Fit.of(
        np.vstack([rows, xrows]),
        np.concatenate([labels, np.ones(len(xrows))]),
        c=C_REFUSAL,
        importance=np.concatenate([importance, np.full(len(xrows), XQUAD_WEIGHT)]),
    )


def tell_selection(judged: Sequence[Asked], nearly: float, kept: Array) -> str:
    """Of questions that are answered, as `rag eval answers` measures: each counts by how often it was not refused."""
    shown = [set(one.chosen(nearly)) for one in judged]
    right = np.array([len(quoted & one.gold) for quoted, one in zip(shown, judged, strict=True)], dtype=float)
    precision = right / np.array([len(quoted) for quoted in shown])
    recall = right / np.array([len(one.gold) for one in judged])
    sentences = np.array([len(quoted) for quoted in shown])

    def f1(sample: NDArray[Any], weights: Array = kept) -> float:
        p, r = (np.average(of[sample], weights=weights[sample]) for of in (precision, recall))
        return float(2 * p * r / (p + r))

    means = (np.average(of, weights=kept) for of in (precision, recall, sentences))
    told = "precision {:.3f}, recall {:.3f}, {:.2f} sentences shown".format(*means)
    everything = f1(np.arange(len(judged)), np.ones(len(judged)))
    shown_f1 = with_interval(f1, len(judged))
    print(f"nearly {nearly}: evidence F1 {shown_f1}: {told}; without refusals {everything:.3f}")
    return shown_f1


def tell_refusal(asked: Sequence[Asked], rows: Array, labels: Array, xrows: Array) -> Array:
    """Returns how often each question was refused, in [0, 1]."""
    of_kind, refused, scores = kinds(asked), np.zeros(len(asked)), np.zeros(len(asked))
    for train, test in folds(len(asked)):
        model = fit_refusal(rows[train], labels[train], xrows, of_kind[train])
        seen = model(rows[train])[labels[train] == 1]
        refused[test] += (model(rows[test]) < np.quantile(seen, 1 - KEPT)) / len(SEEDS)
        scores[test] += model(rows[test]) / len(SEEDS)
    near = of_kind != "off topic"
    print(f"answerable against near misses: AUC {roc_auc_score(labels[near], scores[near]):.3f}")
    for kind in dict.fromkeys(of_kind.tolist()):
        print(f"refused of {kind}: {share_with_interval(refused[of_kind == kind])}")
    return refused


def share_with_interval(values: Array) -> str:
    return with_interval(lambda sample: float(values[sample].mean()), len(values))


def tell_xquad(asked: Sequence[Asked], kept: NDArray[Any]) -> float:
    found = np.array(
        [any(answer in quote for quote in one.chosen(quotes.NEARLY) for answer in one.row["answers"]) for one in asked]
    )
    print(
        f"XQuAD: answer shown {(found & kept).mean():.3f}, without refusals {found.mean():.3f}, kept {kept.mean():.3f}"
    )
    return float((found & kept).mean())


def with_interval(measure: Callable[[NDArray[Any]], float], count: int) -> str:
    generator = np.random.default_rng(0)
    samples = [measure(generator.integers(0, count, count)) for _ in range(1_000)]
    low, high = np.percentile(samples, (2.5, 97.5))
    return f"{measure(np.arange(count)):.3f} ({low:.3f} to {high:.3f})"


def show_constants(file: str, names: Sequence[str], fit: Fit) -> None:
    print(f"\n{file}:")
    for name, weight in zip(names, fit.weights, strict=True):
        print(f'    "{name}": {weight:.3g},')
    print(f"INTERCEPT = {fit.intercept:.3g}")


def plain(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
