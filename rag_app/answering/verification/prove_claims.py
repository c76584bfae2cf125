"""Splits a model's text into claims and finds the span that supports each, by a logistic model of what they share.

It works offline and understands nothing: a claim is supported by the words, numbers and names that a span has too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ingest import ITEM_MARK, Split, split_sentences
from rag_app.answering.citations import Claim, Evidence
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.sentence_ranking import logistic
from rag_app.answering.verification.entailment import Verify
from rag_app.answering.verification.facts import (
    Facts,
    contradicted_codes,
    exchanged_abbreviations,
    missing_numbers,
    read_facts,
    says_contrary,
)
from vectorstore.embeddings import Vectors, cosine_similarities
from vectorstore.types import Passage

Embed = Callable[[Sequence[str]], ArrayLike]
# A logistic model, fitted by bench/fit_checker.py on the training claims of SciFact and answers of CLAP NQ's visible
# half; that script prints it, and what it reaches on claims that it has not seen.
WEIGHTS = {
    "words": 2.95,  # share of the claim's words that the passage has, or its title and headings
    "pairs": 2.34,  # share of the claim's neighbouring words that are neighbours in the span
    "cosine": 2.9,
    "contrary": -0.83,  # one is negated, or has the opposite word
}
INTERCEPT = -3.95
ENOUGH = 0.5
# Reading a span closely takes longer than counting its words: only those that share most are read.
READ_CLOSELY = 12
VERIFIED = 4


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What may name what a span calls "it": `heads` are title and headings, `whole` is these and the passage."""

    heads: Facts
    whole: Facts


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of a passage, or two neighbours, in its surroundings; `vector` is their mean."""

    evidence: Evidence
    facts: Facts
    around: Surroundings
    vector: Vectors


def prove(
    text: str,
    passages: Sequence[Passage],
    *,
    embed: Embed,
    verify: Verify | None = None,
    split: Split = split_sentences,
) -> list[Claim]:
    """A model's text as claims, each with the span that proves it.

    Passages that a sentence's own markers name are searched first, then the others; markers of passages that were not
    given are dropped. A text of markers alone makes no claim.
    """
    bare, markers = read_markers(text, passages=len(passages))
    if not bare.strip():
        return []
    pieces = [(start, end, bare[start:end]) for start, end in cover(bare, split)]
    sentences = [piece.strip() for _, _, piece in pieces]
    spans, vectors = find_spans(passages, sentences, embed, split)
    claims = []
    for (start, end, piece), sentence, vector in zip(pieces, sentences, vectors, strict=True):
        named = {number for position, number in markers if start < max(position, 1) <= end}
        first, others = list[Span](), list[Span]()
        for number, of_passage in enumerate(spans, 1):
            (first if number in named else others).extend(of_passage)
        evidence = find_evidence(sentence, vector, first, verify) or find_evidence(sentence, vector, others, verify)
        claims.append(Claim(sentence, (evidence,) if evidence else (), after=piece[len(piece.rstrip()) :]))
    return claims


def cover(text: str, split: Split = split_sentences) -> list[tuple[int, int]]:
    """The sentences of a text with what lies between them, so that together they are the text."""
    starts = [item_start(text, start) for start, _ in split(text)][1:]
    return list(pairwise([0, *starts, len(text)]))


def item_start(text: str, start: int) -> int:
    """Where the mark of a list item begins, if the sentence is an item's first."""
    line = text.rfind("\n", 0, start) + 1
    mark = ITEM_MARK.match(text, line)
    return line if mark and mark.end() == start else start


def find_spans(
    passages: Sequence[Passage], sentences: Sequence[str], embed: Embed, split: Split
) -> tuple[list[list[Span]], Sequence[Vectors]]:
    """The spans of each passage, and the vectors of the sentences, all embedded in one call."""
    units = [
        [Evidence(passage, passage.chunk.start + a, passage.chunk.start + b) for a, b in split(passage.chunk.text)]
        for passage in passages
    ]
    texts = [*sentences, *(unit.quote for of_passage in units for unit in of_passage)]
    vectors = np.asarray(embed(texts), dtype=np.float32)
    rest = iter(vectors[len(sentences) :])
    spans = [make_spans(of_passage, [next(rest) for _ in of_passage]) for of_passage in units]
    return spans, list(vectors[: len(sentences)])


def make_spans(units: Sequence[Evidence], vectors: Sequence[Vectors]) -> list[Span]:
    if not units:
        return []
    chunk = units[0].passage.chunk
    heads = "\n".join((chunk.title, *chunk.headings))
    around = Surroundings(read_facts(heads), read_facts(f"{heads}\n{chunk.text}"))
    singles = [Span(unit, read_facts(unit.quote), around, vector) for unit, vector in zip(units, vectors, strict=True)]
    return singles + [join(one, other) for one, other in pairwise(singles)]


def join(one: Span, other: Span) -> Span:
    both = Evidence(one.evidence.passage, one.evidence.start, other.evidence.end)
    return Span(both, read_facts(both.quote), one.around, (one.vector + other.vector) / np.float32(2))


def find_evidence(sentence: str, vector: Vectors, spans: Sequence[Span], verify: Verify | None) -> Evidence | None:
    """The span that supports a sentence best, the shorter of equals; None where none does."""
    if not spans:
        return None
    scored = score(read_facts(sentence), vector, spans)
    if verify is not None:
        scored = verified(sentence, scored, verify)
    likely, best = min(scored, key=likeliest_and_shortest, default=(0.0, spans[0]))
    return best.evidence if likely >= ENOUGH else None


def likeliest_and_shortest(scored: tuple[float, Span]) -> tuple[float, int]:
    likely, span = scored
    return -likely, span.evidence.end - span.evidence.start


def score(claim: Facts, vector: Vectors, spans: Sequence[Span]) -> list[tuple[float, Span]]:
    """How likely each of the spans that share most with the claim supports it; at least one span."""
    wanted = set(claim.words)
    cosines = cosine_similarities(vector, np.stack([span.vector for span in spans]))
    shared = np.array([len(wanted.intersection(span.facts.words)) for span in spans]) / max(len(wanted), 1)
    nearest = np.argsort(-(shared + cosines), kind="stable")[:READ_CLOSELY].tolist()
    return [(support(claim, spans[i].facts, spans[i].around, float(cosines[i])), spans[i]) for i in nearest]


def verified(sentence: str, scored: Iterable[tuple[float, Span]], verify: Verify) -> list[tuple[float, Span]]:
    """The likeliest spans as `verify` scores them; one without the claim's numbers and names is not asked about."""
    asked = [span for likely, span in sorted(scored, key=likeliest_and_shortest) if likely > 0][:VERIFIED]
    judged = verify(sentence, [span.evidence.quote for span in asked]) if asked else []
    return list(zip(map(float, judged), asked, strict=True))


def support(claim: Facts, span: Facts, around: Surroundings, cosine: float) -> float:
    """In [0, 1]; 0 where a number of the claim is not in the span, or a name of it nowhere in the passage."""
    if not claim.words or is_ruled_out(claim, span, around):
        return 0.0
    return logistic(WEIGHTS, INTERCEPT, measure(claim, span, around, cosine))


def is_ruled_out(claim: Facts, span: Facts, around: Surroundings) -> bool:
    numbers = (*span.numbers, *around.heads.numbers)
    return bool(
        missing_numbers(claim, numbers)
        or claim.names - span.lowered - around.whole.lowered
        or contradicted_codes(claim, around.whole)
        or exchanged_abbreviations(claim, span, around.whole)
    )


def measure(claim: Facts, span: Facts, around: Surroundings, cosine: float) -> Mapping[str, float]:
    """The features by the names of WEIGHTS."""
    words, neighbours = set(claim.words), set(pairwise(span.words))
    pairs = list(pairwise(claim.words))
    return {
        "words": len(words & {*span.words, *around.whole.words}) / max(len(words), 1),
        "pairs": sum(pair in neighbours for pair in pairs) / max(len(pairs), 1),
        "cosine": cosine,
        "contrary": float(says_contrary(claim, span)),
    }


def cite_found(claims: Sequence[Claim], found: Sequence[Passage]) -> list[Claim]:
    """Claims that the context's passages prove, proved by the passages that were found.

    A span over two passages that were merged becomes a span in each.
    """
    return [
        replace(claim, evidence=tuple(part for whole in claim.evidence for part in find_parts(whole, found)))
        for claim in claims
    ]


def find_parts(evidence: Evidence, found: Sequence[Passage]) -> Iterator[Evidence]:
    chunk = evidence.passage.chunk
    inside = [one for one in found if (one.chunk.source, one.chunk.page) == (chunk.source, chunk.page)]
    position = evidence.start
    while position < evidence.end:
        reaching = [one for one in inside if one.chunk.start <= position < one.chunk.end]
        if reaching:
            furthest = max(reaching, key=lambda one: one.chunk.end)
            part = Evidence(furthest, max(evidence.start, furthest.chunk.start), min(evidence.end, furthest.chunk.end))
            position = part.end
            yield from trim(part)
        else:  # white space between two
            position += 1


def trim(evidence: Evidence) -> Iterator[Evidence]:
    quote = evidence.quote
    start = evidence.start + len(quote) - len(quote.lstrip())
    if words := quote.strip():
        yield Evidence(evidence.passage, start, start + len(words))
