"""Splits a model's text into claims, and finds the words of the passages that prove or contradict each, by the reader.

A claim is read beside whole passages under their titles, and beside the sentences of the best that are nearest to it.
It is called proved only where the reader is right in nine of ten such cases (its card says on what).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ingest import ITEM_MARK, Split, split_sentences
from rag_app.answering.citations import Claim, Evidence
from rag_app.answering.generation.markers import read_markers
from rag_app.answering.units import is_heading, item_start
from rag_app.answering.verification.chat_judge import Verdict
from rag_app.answering.verification.facts import Number, read_facts, unexplained_numbers
from rag_app.types import REFUSAL, State
from vectorstore import Reading, Reads
from vectorstore.embeddings import Vectors, cosine_similarities
from vectorstore.types import Passage

Embed = Callable[[Sequence[str]], ArrayLike]
# Chosen on the development sets, see the reader's card: from PROVED on, a claim is true in nine of ten cases; between
# SIMILAR and it the words are alike, and more often right than wrong.
PROVED, SIMILAR = 0.69, 0.52
CONTRADICTED = 0.75
# What the reader takes beside a claim. Characters: about 350 tokens.
WINDOW_CHARACTERS = 1_500
NEAREST = 4
# Spans of the best passage among which the quote is chosen.
QUOTES_READ = 6
FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)
TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\||$)")
HEADING = re.compile(r"[ \t]*#{1,6} ")


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of a passage, or neighbours; `vector` is their mean."""

    evidence: Evidence
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a claim: its state, the span that proves it, is most like it or contradicts it, and how likely,
    in [0, 1], the passages support it."""

    state: State
    evidence: Evidence | None
    score: float


@dataclass(frozen=True, slots=True)
class Judged:
    """How a claim stands to the passages: in [0, 1], how much more the one that supports it most does so than that it
    contradicts it, and how much the one that says most of it contradicts it; and these two passages."""

    support: float
    contradiction: float
    supporting: Passage
    contradicting: Passage


def prove(
    text: str,
    passages: Sequence[Passage],
    *,
    embed: Embed,
    reader: Reads,
    ask_model: Callable[[Sequence[str]], Sequence[Verdict]] | None = None,
    split: Split = split_sentences,
) -> list[Claim]:
    """A model's text as claims, each with its state and the span that proves or contradicts it.

    Passages that a sentence's own markers name come first among equals; markers of passages that were not given are
    dropped. A text of markers alone makes no claim. `ask_model` gives a chat model's verdicts on all claims at once.
    """
    bare, markers = read_markers(text, passages=len(passages))
    if not bare.strip():
        return []
    pieces = [(start, end, bare[start:end]) for start, end in cover(bare, split)]
    sentences = [piece.strip() for _, _, piece in pieces]
    is_claim = find_claims(sentences)
    asked = [sentence for sentence, claims in zip(sentences, is_claim, strict=True) if claims]
    verdicts = iter(ask_model(asked) if ask_model and asked and passages else [None] * len(asked))
    spans, vectors = find_spans(passages, asked, embed, split)
    remaining = iter(vectors)
    found = []
    for (start, end, piece), sentence, claims in zip(pieces, sentences, is_claim, strict=True):
        after = piece[len(piece.rstrip()) :]
        if not claims:
            found.append(Claim(sentence, (), after, "not a claim"))
            continue
        named = {number for position, number in markers if start < max(position, 1) <= end}
        order = sorted(range(len(passages)), key=lambda i: i + 1 not in named)
        one = judge(sentence, next(remaining), [spans[i] for i in order], reader, next(verdicts))
        found.append(Claim(sentence, (one.evidence,) if one.evidence else (), after, one.state))
    return found


def find_claims(sentences: Sequence[str]) -> list[bool]:
    """Of each piece of a text whether it claims something: headings, lead-ins, heads of tables, code and a refusal do
    not."""
    fences = [len(FENCE.findall(sentence)) for sentence in sentences]
    # A fence that nothing closes is no code: what follows it would be shown unchecked.
    passed, paired, claims = 0, sum(fences) // 2 * 2, list[bool]()
    for (sentence, following), count in zip(pairwise([*sentences, ""]), fences, strict=True):
        in_code = passed % 2 == 1 and passed < paired
        below = f"{sentence}\n{following}".splitlines()[1:2]
        is_head = sentence.startswith("|") and any(map(TABLE_RULE.match, below))
        is_marked = HEADING.match(sentence) or TABLE_RULE.match(sentence) or sentence.rstrip("*_").endswith(":")
        is_plain = not (in_code or (count and passed < paired) or is_marked or is_head or sentence == REFUSAL)
        claims.append(is_plain and bool(re.search(r"[^\W_]", sentence)))
        passed += count
    return claims


def cover(text: str, split: Split = split_sentences) -> list[tuple[int, int]]:
    """The sentences of a text with what lies between them, so that together they are the text.

    The fence that opens a block of code begins a piece: the sentence before it claims something, and has its markers.
    """
    starts = [item_start(text, start) for start, _ in split(text)][1:]
    opening = [match.end() - len(match[0].lstrip()) for match in FENCE.finditer(text)][::2]
    return list(pairwise([0, *sorted({*starts, *opening} - {0}), len(text)]))


def find_spans(
    passages: Sequence[Passage], claims: Sequence[str], embed: Embed, split: Split
) -> tuple[list[list[Span]], Sequence[Vectors]]:
    """The sentences of each passage, and the vectors of the claims, all embedded in one call."""
    units = [
        [Evidence(passage, passage.chunk.start + a, passage.chunk.start + b) for a, b in split(passage.chunk.text)]
        for passage in passages
    ]
    texts = [*claims, *(unit.quote for of_passage in units for unit in of_passage)]
    if not texts:
        return [[] for _ in passages], []
    vectors = np.asarray(embed(texts), dtype=np.float32)
    rest = iter(vectors[len(claims) :])
    return [[Span(unit, next(rest)) for unit in of_passage] for of_passage in units], list(vectors[: len(claims)])


def judge(
    claim: str, vector: Vectors, spans: Sequence[Sequence[Span]], reader: Reads, verdict: Verdict | None
) -> Finding:
    every = [span for of_passage in spans for span in of_passage]
    if not every:
        return Finding("not proved", None, 0.0)
    if copied := next((span.evidence for span in every if plain(span.evidence.quote) == plain(claim)), None):
        return Finding("proved", copied, 1.0)
    judged = read_beside(claim, vector, spans, reader)
    state = state_of(judged, verdict)
    if state == "proved" and unexplained_numbers(read_facts(claim), numbers_near(vector, every)):
        state = "not proved"
    if state == "not proved":
        evidence = None
    elif verdict and verdict.evidence and verdict.says == ("contradicted" if state == "contradicted" else "supported"):
        evidence = verdict.evidence
    else:
        passage = judged.contradicting if state == "contradicted" else judged.supporting
        own = [span for span in every if span.evidence.passage is passage]
        evidence = find_quote(claim, vector, own, reader, state)
    return Finding(state, evidence, judged.support)


def plain(text: str) -> str:
    """The words of a sentence, without the mark of a list item and the full stop."""
    return " ".join(ITEM_MARK.sub("", text.strip(), count=1).split()).removesuffix(".").casefold()


def read_beside(claim: str, vector: Vectors, spans: Sequence[Sequence[Span]], reader: Reads) -> Judged:
    """A claim beside windows of each passage under its title.

    What supports it most must do so by its nearest sentences alone too: a long text says something of everything.
    """
    windows = [window for of_passage in spans for window in windows_of(of_passage)]
    readings = reader.read(claim, [show_window(window) for window in windows])
    best = max(range(len(windows)), key=lambda i: margin(readings[i]))
    topical = min(range(len(windows)), key=lambda i: readings[i].unsaid)
    (closer,) = reader.read(claim, [show_window(nearest(windows[best], vector, NEAREST))])
    support = (1 + min(margin(readings[best]), margin(closer))) / 2
    passages = [windows[i][0].evidence.passage for i in (best, topical)]
    return Judged(support, readings[topical].contradicted, *passages)


def margin(reading: Reading) -> float:
    return reading.supported - reading.contradicted


def state_of(judged: Judged, verdict: Verdict | None) -> State:
    if verdict is not None:
        if verdict.says == "contradicted":
            return "contradicted"
        if verdict.says == "supported" and judged.contradiction < CONTRADICTED:
            return "proved" if verdict.evidence or judged.support >= PROVED else "similar"
        return "similar" if judged.support >= PROVED else "not proved"
    if judged.support >= PROVED:
        return "proved"
    if judged.support < SIMILAR and judged.contradiction >= CONTRADICTED:
        return "contradicted"
    return "similar" if judged.support >= SIMILAR else "not proved"


def windows_of(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """The sentences of a passage in runs of at most WINDOW_CHARACTERS, or of one that is longer."""
    run: list[Span] = []
    for span in spans:
        if run and span.evidence.end - run[0].evidence.start > WINDOW_CHARACTERS:
            yield run
            run = []
        run.append(span)
    if run:
        yield run


def show_window(spans: Sequence[Span]) -> str:
    """The sentences under the title and headings of the first one's passage, as chunks are embedded."""
    chunk = spans[0].evidence.passage.chunk
    return replace(chunk, text=" ".join(span.evidence.quote for span in spans)).embedded_text


def nearest(spans: Sequence[Span], vector: Vectors, count: int) -> list[Span]:
    """By cosine, in the order in which they stand."""
    cosines = cosine_similarities(vector, np.stack([span.vector for span in spans]))
    return [spans[i] for i in sorted(np.argsort(-cosines, kind="stable")[:count].tolist())]


def numbers_near(vector: Vectors, spans: Sequence[Span]) -> list[Number]:
    """Those of the nearest sentences and of the titles over them."""
    near = nearest(spans, vector, NEAREST)
    return [number for span in near for number in read_facts(show_window([span])).numbers]


def find_quote(claim: str, vector: Vectors, spans: Sequence[Span], reader: Reads, state: State) -> Evidence:
    """The sentence of a passage, or two neighbours, that says so by itself; the shorter of equals, and no heading."""
    spans = [span for span in spans if not is_heading(span.evidence.quote)] or spans
    near = nearest([*spans, *(join(one, other) for one, other in pairwise(spans))], vector, QUOTES_READ)
    sign = -1 if state == "contradicted" else 1
    likely = [sign * margin(reading) for reading in reader.read(claim, [show_window([span]) for span in near])]
    return near[min(range(len(near)), key=lambda i: (-round(likely[i], 2), len(near[i].evidence.quote)))].evidence


def join(one: Span, other: Span) -> Span:
    both = Evidence(one.evidence.passage, one.evidence.start, other.evidence.end)
    return Span(both, (one.vector + other.vector) / np.float32(2))


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
