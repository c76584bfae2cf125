"""Splits a model's text into claims and finds the exact words that prove each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from rag_app.answering.claims import Claim, Evidence
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.sentences import ITEM_MARK, Split, split_sentences
from rag_app.answering.verification.entailment import Verify
from rag_app.answering.verification.facts import Facts, read_facts
from rag_app.answering.verification.support_score import ENOUGH, Surroundings, support
from vectorstore.types import Passage
from vectorstore.vector_math import Vectors, cosine_similarities


def cite_found(claims: Sequence[Claim], found: Sequence[Passage]) -> list[Claim]:
    """Claims that the context's passages prove, proved by the passages that were found.

    A span over two passages that were merged becomes a span in each.
    """
    return [
        replace(claim, evidence=tuple(part for whole in claim.evidence for part in split(whole, found)))
        for claim in claims
    ]


def split(evidence: Evidence, found: Sequence[Passage]) -> Iterator[Evidence]:
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


Embed = Callable[[Sequence[str]], ArrayLike]
# Reading a span closely takes longer than counting its words: only those that share most are read.
READ_CLOSELY = 12
VERIFIED = 4


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of a passage, or two neighbours, and what stands around it; `vector` is their mean."""

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
        named = {number - 1 for position, number in markers if start < max(position, 1) <= end}
        first = [span for n, of_passage in enumerate(spans) if n in named for span in of_passage]
        others = [span for n, of_passage in enumerate(spans) if n not in named for span in of_passage]
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
    claim = read_facts(sentence)
    scored = sorted(score(claim, vector, spans), key=lambda pair: (-pair[0], pair[1].evidence.length))
    if verify is not None:
        scored = verified(sentence, scored, verify)
    if not scored or scored[0][0] < ENOUGH:
        return None
    return scored[0][1].evidence


def score(claim: Facts, vector: Vectors, spans: Sequence[Span]) -> list[tuple[float, Span]]:
    """How likely each of the spans that share most with the claim supports it."""
    if not spans:
        return []
    wanted = set(claim.words)
    cosines = cosine_similarities(vector, np.stack([span.vector for span in spans]))
    shared = np.array([len(wanted.intersection(span.facts.words)) for span in spans]) / max(len(wanted), 1)
    nearest = np.argsort(-(shared + cosines), kind="stable")[:READ_CLOSELY].tolist()
    return [(support(claim, spans[i].facts, spans[i].around, float(cosines[i])), spans[i]) for i in nearest]


def verified(sentence: str, scored: Iterable[tuple[float, Span]], verify: Verify) -> list[tuple[float, Span]]:
    """The likeliest spans by the word of a stronger judge; one without the claim's numbers and names stays at 0."""
    asked = [span for likely, span in scored if likely > 0][:VERIFIED]
    judged = verify(sentence, [span.evidence.quote for span in asked]) if asked else []
    return sorted(zip(map(float, judged), asked, strict=True), key=lambda pair: (-pair[0], pair[1].evidence.length))
