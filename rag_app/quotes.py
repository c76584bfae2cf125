"""Answers without a language model: the sentences of the passages that answer a question best, word for word."""

import re
from collections.abc import Sequence

from rag_app.citations import Claim, Evidence
from rag_app.evidence import Candidate, Embed, judge
from rag_app.lead_ins import lead_in
from rag_app.markers import defuse
from rag_app.sentences import Split, split_sentences
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Passage

PASSAGES_READ = 5
MOST_SENTENCES = 3
# A further sentence is shown if it is this share as likely as the best; bench/fit_answers.py shows what others give.
NEARLY = 0.4
SHORTEST_UNIT = 12
MOST_HEADING_WORDS = 6
NUMBERED = re.compile(r" \d{1,2}$")


def find_candidates(
    question: str,
    passages: Sequence[Passage],
    *,
    embed: Embed,
    lexical: LexicalIndex,
    split: Split = split_sentences,
) -> list[Candidate]:
    """The sentences of the first passages, those that answer most likely first."""
    spans = [span for passage in passages[:PASSAGES_READ] for span in units(passage, split)]
    candidates = judge(question, spans, embed=embed, lexical=lexical)
    return sorted(candidates, key=lambda candidate: -candidate.probability)


def units(passage: Passage, split: Split = split_sentences) -> list[Evidence]:
    """The sentences, list items and rows of a passage; headings and captions say what is meant and answer nothing."""
    chunk = passage.chunk
    return [
        Evidence(passage, chunk.start + start, chunk.start + end)
        for start, end in split(chunk.text)
        if end - start >= SHORTEST_UNIT and not is_heading(chunk.text[start:end])
    ]


def is_heading(unit: str) -> bool:
    """Marked as one, or a few words without a number and without a full stop; `Apollo 11` at the end is a name."""
    if unit.startswith(("#", "```", "~~~")):
        return True
    is_row_or_ended = unit.startswith("|") or unit.endswith(tuple(".!?:;)”\"'。！？"))
    told = unit if ":" in unit else NUMBERED.sub("", unit)
    return not is_row_or_ended and len(unit.split()) <= MOST_HEADING_WORDS and not any(map(str.isdigit, told))


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, those that answer nearly as likely."""
    return [one for one in candidates if one.probability >= NEARLY * candidates[0].probability]


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, it and up to two more, none twice, in the order in which they are read.

    Those of one page stand together as on the page; the page of the likeliest comes first.
    """
    distinct: dict[str, Candidate] = {}
    for candidate in likely(candidates):
        distinct.setdefault(" ".join(candidate.evidence.quote.split()).lower(), candidate)
    chosen = list(distinct.values())[:MOST_SENTENCES]
    pages = list(dict.fromkeys(candidate.page for candidate in chosen))
    return sorted(chosen, key=lambda candidate: (pages.index(candidate.page), candidate.evidence.start))


def as_claims(chosen: Sequence[Candidate]) -> list[Claim]:
    """Each sentence as a claim that is its own proof, after the head of its table or the line over its list."""
    shown: dict[object, Evidence] = {}
    for item in chosen:
        lead = lead_in(item.evidence)
        for evidence in (lead, item.evidence) if lead else (item.evidence,):
            shown.setdefault(evidence.place, evidence)
    return [Claim(defuse(" ".join(evidence.quote.split())), (evidence,)) for evidence in shown.values()]
