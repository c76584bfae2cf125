"""Fits and judges what decides whether a span supports a claim: python bench/fit_checker.py SCIFACT CLAPNQ

SCIFACT holds `claims_train.jsonl`, `claims_dev.jsonl` and `corpus_sentences.jsonl.gz`, CLAPNQ `corpus.jsonl` and
`answers.jsonl`. A pair is a claim and a document; it is right where the document supports the claim, as the annotators
say (SciFact), or where the claim is a sentence of a human's answer and the document its passage (CLAP NQ; wrong with
the passage of the next question). The pair's span is the one that the model of the round before prefers, four rounds.
Then the intercept moves to where the fitted pairs are told apart best, by balanced accuracy, so that 0.5
is the threshold.

Fitted on SciFact's training claims and CLAP NQ; judged on SciFact's dev claims, of which nothing is fitted. Beside it
stand always saying the more frequent, and the share of the claim's words in the abstract, and in its best span, each
with the best threshold of the training claims. Then one figure, date or name of each supported claim is altered: how
many are caught, how many of the unaltered are still supported. Originals are those claims whose figures and names the
document has as they are.
"""

import gzip
import json
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from fit_answers import Fit, RememberingEmbeddings, show_constants, with_interval
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from bench.results import arguments, record
from ingest.chunking.sentences import split_sentences
from rag_app import Settings
from rag_app.answering.verification import prove_claims as checker
from rag_app.answering.verification.facts import missing_numbers, read_facts
from rag_app.answering.verification.prove_claims import Embed, find_spans
from rag_app.wiring import load_model
from vectorstore.embeddings import cosine_similarities
from vectorstore.types import Chunk, Passage

ROUNDS, FOLDS, C = 4, 10, 0.3
THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
FIRST = np.array([1.0, 1.0, 1.0, -0.3])
Array = NDArray[np.float64]


@dataclass(slots=True)
class Pair:
    """A claim and a document: the features of each span, which spans are ruled out, and whether it is supported."""

    claim: str
    passage: Passage
    is_supported: bool
    rows: Array
    is_out: NDArray[np.bool_]

    def best(self, likely: Array) -> int:
        return int(np.argmax(np.where(self.is_out, -1.0, likely)))


def main() -> None:
    embed = RememberingEmbeddings(load_model(Settings(), print)).embed_documents
    scifact, clapnq = map(Path, arguments())
    documents = dict(load_abstracts(scifact))
    train = [measure(*one, embed) for one in load_claims(scifact / "claims_train.jsonl", documents)]
    dev = [measure(*one, embed) for one in load_claims(scifact / "claims_dev.jsonl", documents)]
    answers = [measure(*one, embed) for one in load_answers(clapnq)]
    print(f"{len(train)} and {len(dev)} pairs of SciFact, {len(answers)} of CLAP NQ", flush=True)
    fit = fit_pairs([*train, *answers])
    values = {"SciFact, dev claims": tell("SciFact dev", dev, fit)}
    tell_baselines(train, dev)
    for name, own in (("SciFact train", train), ("CLAP NQ", answers)):
        tell_cross_validated(name, own, [*train, *answers])
    values["SciFact, altered"] = tell_alterations("SciFact dev", dev, fit, embed)
    values["CLAP NQ, altered"] = tell_alterations("CLAP NQ", answers, fit, embed)
    what = "Checking of written answers: claims with their documents, and with a figure, date or name altered"
    record(what, "python bench/fit_checker.py beir-scifact clapnq", values)
    show_constants("rag_app/answering/verification/prove_claims.py", list(checker.WEIGHTS), fit)


def load_abstracts(folder: Path) -> Iterator[tuple[str, Passage]]:
    with gzip.open(folder / "corpus_sentences.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            yield str(row["doc_id"]), make_passage(str(row["doc_id"]), row["title"], "\n\n".join(row["sentences"]))


def make_passage(source: str, title: str, text: str) -> Passage:
    return Passage(Chunk(source, title, None, 0, len(text), text), 0.0, 0.0, 0.0)


def load_claims(path: Path, documents: dict[str, Passage]) -> Iterator[tuple[str, Passage, bool]]:
    for row in rows_of(path):
        for number in map(str, row["cited_doc_ids"]):
            evidence = row["evidence"].get(number)
            yield row["claim"], documents[number], bool(evidence and evidence[0]["label"] == "SUPPORT")


def load_answers(folder: Path) -> Iterator[tuple[str, Passage, bool]]:
    texts = {row["_id"]: (row.get("title") or "", row["text"]) for row in rows_of(folder / "corpus.jsonl")}
    answerable = [row for row in rows_of(folder / "answers.jsonl") if row["kind"] == "answerable"]
    for i, row in enumerate(answerable):
        others = answerable[(i + 1) % len(answerable)]["passage_id"]
        for start, end in split_sentences(row["answers"][0]):
            for passage_id, is_own in ((row["passage_id"], True), (others, False)):
                yield row["answers"][0][start:end], make_passage(passage_id, *texts[passage_id]), is_own


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def measure(claim: str, passage: Passage, is_supported: bool, embed: Embed) -> Pair:  # noqa: FBT001
    (spans,), (vector,) = find_spans([passage], [claim], embed, split_sentences)
    facts = read_facts(claim)
    cosines = cosine_similarities(vector, np.stack([span.vector for span in spans])).tolist()
    rows = [
        [*checker.measure(facts, span.facts, span.around, cosine).values()]
        for span, cosine in zip(spans, cosines, strict=True)
    ]
    return Pair(
        claim,
        passage,
        is_supported,
        np.array(rows),
        np.array([checker.is_ruled_out(facts, span.facts, span.around) for span in spans]),
    )


def fit_pairs(pairs: Sequence[Pair]) -> Fit:
    """Ruled out spans teach nothing: they are never believed, whatever the model says."""
    fit = Fit(FIRST, 0.0)
    taught = [pair for pair in pairs if not pair.is_out.all()]
    labels = np.array([pair.is_supported for pair in taught], dtype=float)
    importance = np.where(labels == 1, 1.0, (labels == 1).sum() / max((labels == 0).sum(), 1))
    for _ in range(ROUNDS):
        chosen = np.array([pair.rows[pair.best(fit(pair.rows))] for pair in taught])
        fit = Fit.of(chosen, labels, c=C, importance=importance)
    best = max(THRESHOLDS, key=lambda least: balanced_accuracy(pairs, predicted(pairs, fit, least)))
    return Fit(fit.weights, fit.intercept - math.log(best / (1 - best)))


def predicted(pairs: Sequence[Pair], fit: Fit, least: float = checker.ENOUGH) -> NDArray[np.bool_]:
    return np.array([bool((np.where(pair.is_out, 0.0, fit(pair.rows)) >= least).any()) for pair in pairs])


def balanced_accuracy(pairs: Sequence[Pair], said: NDArray[np.bool_]) -> float:
    labels = np.array([pair.is_supported for pair in pairs])
    return float((said[labels].mean() + (~said[~labels]).mean()) / 2)


def balanced(pairs: Sequence[Pair], said: NDArray[np.bool_]) -> str:
    labels = np.array([pair.is_supported for pair in pairs])

    def accuracy(sample: NDArray[Any]) -> float:
        return balanced_accuracy([pairs[i] for i in sample.tolist()], said[sample])

    rates = f"{said[labels].mean():.3f} of the supported, {(~said[~labels]).mean():.3f} of the rest"
    return f"balanced accuracy {with_interval(accuracy, len(pairs))}: {rates}"


def tell(name: str, pairs: Sequence[Pair], fit: Fit) -> str:
    judged = balanced(pairs, predicted(pairs, fit))
    print(f"{name}: {judged}; always the more frequent: 0.500", flush=True)
    return judged


def tell_cross_validated(name: str, own: Sequence[Pair], everything: Sequence[Pair]) -> None:
    """Folds over claims, so that a claim's other document is not learned from either."""
    said = np.zeros(len(own), dtype=bool)
    claims = sorted({pair.claim for pair in own})
    for _, test in KFold(FOLDS, shuffle=True, random_state=0).split(claims):
        held = {claims[i] for i in test.tolist()}
        fit = fit_pairs([pair for pair in everything if pair.claim not in held])
        places = [i for i, pair in enumerate(own) if pair.claim in held]
        said[places] = predicted([own[i] for i in places], fit)
    print(f"{name}, cross-validated: {balanced(own, said)}", flush=True)


def tell_baselines(train: Sequence[Pair], dev: Sequence[Pair]) -> None:
    """The share of the claim's words, in the abstract and in the span that has most, is all that these look at."""
    for name, share in (("the abstract", share_in_abstract), ("the best span", share_in_span)):
        known, asked = (np.array([share(pair) for pair in pairs]) for pairs in (train, dev))
        least = max(np.unique(known), key=lambda least: balanced_accuracy(train, known >= least))
        print(f"words in {name}, SciFact train: {balanced(train, known >= least)}")
        print(f"words in {name}, SciFact dev: {balanced(dev, asked >= least)}", flush=True)


def share_in_abstract(pair: Pair) -> float:
    words = set(read_facts(pair.claim).words)
    return len(words.intersection(read_facts(pair.passage.chunk.text).words)) / max(len(words), 1)


def share_in_span(pair: Pair) -> float:
    text, words = pair.passage.chunk.text, set(read_facts(pair.claim).words)
    sentences = [read_facts(text[start:end]).words for start, end in split_sentences(text)]
    spans = [*sentences, *([*one, *other] for one, other in pairwise(sentences))]
    return max(len(words.intersection(span)) for span in spans) / max(len(words), 1)


def tell_alterations(name: str, pairs: Sequence[Pair], fit: Fit, embed: Embed) -> str:
    originals = [pair for pair in pairs if pair.is_supported and has_facts_as_they_are(pair)]
    altered = [changed for pair in originals if (changed := alter(pair, embed))]
    kept, caught = predicted([pair for pair, _ in altered], fit), ~predicted([other for _, other in altered], fit)
    share = [with_interval(lambda sample, of=of: float(of[sample].mean()), len(of)) for of in (caught, kept)]  # type: ignore[misc]
    print(f"{name}, {len(altered)} claims with a figure, date or name altered: caught {share[0]}, originals {share[1]}")
    return f"caught {share[0]}, originals still supported {share[1]}"


def has_facts_as_they_are(pair: Pair) -> bool:
    claim, there = read_facts(pair.claim), read_facts(f"{pair.passage.chunk.title}\n{pair.passage.chunk.text}")
    return not missing_numbers(claim, there.numbers) and claim.names | claim.codes <= there.lowered


def alter(pair: Pair, embed: Embed) -> tuple[Pair, Pair] | None:
    """The pair, and it with one of its figures or names made another that its document does not have."""
    generator = random.Random(pair.claim)  # noqa: S311 - nothing secret is made of it
    figures, names = list(re.finditer(r"\d+", pair.claim)), list(re.finditer(r"(?<=\w )[A-Z][a-z]{3,}", pair.claim))
    if not figures and not names:
        return None
    match = generator.choice([*figures, *names])
    text = pair.passage.chunk.text
    new = other_number(match[0], text, generator) if match[0].isdigit() else other_name(text, generator)
    changed = pair.claim[: match.start()] + new + pair.claim[match.end() :]
    return pair, measure(changed, pair.passage, False, embed)  # noqa: FBT003


def other_number(number: str, text: str, generator: random.Random) -> str:
    """One near it that the text does not have."""
    there = set(re.findall(r"\d+", text))
    near = [str(n) for n in range(max(int(number) - 50, 1), int(number) + 200) if str(n) not in there | {number}]
    return generator.choice(near[:100])


def other_name(text: str, generator: random.Random) -> str:
    names = ["Henderson", "Lisbon", "Margaret", "Toronto", "Nakamura", "February", "Oxford", "Brazil", "Fischer"]
    return generator.choice([name for name in names if name not in text])


if __name__ == "__main__":
    main()
