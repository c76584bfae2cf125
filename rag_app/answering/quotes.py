"""Answers without a language model: quotes the sentences of the passages that answer a question best."""

import re
from collections.abc import Sequence
from itertools import combinations

from ingest import ITEM_MARK, Split, split_sentences
from rag_app.answering.citations import Claim, Evidence
from rag_app.answering.sentence_ranking import Candidate, Judge, judge_sentences
from rag_app.answering.verification.facts import are_contrary, read_facts
from vectorstore import Question
from vectorstore.types import Passage

# A table's head, over its rule (`|---|---|`) and the rows down to the end of the text.
TABLE_HEAD = re.compile(
    r"^[ \t]*(\|[^\n]*\S|\|)[ \t]*\n[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\n(?:[ \t]*\|[^\n]*\n)*\Z", re.MULTILINE
)
# The line over a list that ends with a colon, with nothing but items, indented and empty lines down to the end. A
# longer line is a paragraph of its own, not the heading of a list.
LIST = rf"(?:(?:{ITEM_MARK.pattern}|[ \t]+(?=\S))[^\n]*\n|[ \t]*\n)*+"
LIST_HEAD = re.compile(rf"^(?!{ITEM_MARK.pattern})(\S[^\n]{{0,298}}:)[ \t]*\n{LIST}\Z", re.MULTILINE)
PASSAGES_READ = 5
MOST_SENTENCES = 3
# A further sentence is shown if its probability is at least this share of the best one's; bench/fit_answers.py shows
# what other shares give.
NEARLY = 0.4
SHORTEST_UNIT = 12
MOST_HEADING_WORDS = 6
NUMBERED = re.compile(r" \d{1,2}$")
NOTICE = "The documents do not agree here."


def lead_in(evidence: Evidence) -> Evidence | None:
    """A table's head for one of its rows, the line that ends with a colon for an item of the list below it, or None."""
    passage, chunk = evidence.passage, evidence.passage.chunk
    line_start = chunk.text.rfind("\n", 0, evidence.start - chunk.start) + 1
    above, line = chunk.text[:line_start], chunk.text[line_start:]
    head = TABLE_HEAD if line.lstrip(" \t").startswith("|") else LIST_HEAD if ITEM_MARK.match(line) else None
    found = head.search(above) if head else None
    return Evidence(passage, chunk.start + found.start(1), chunk.start + found.end(1)) if found else None


def rank_sentences(question: Question, passages: Sequence[Passage], judge: Judge) -> list[Candidate]:
    """The sentences of the first passages, those that answer most likely first."""
    spans = [span for passage in passages[:PASSAGES_READ] for span in units(passage, judge.split)]
    return sorted(judge_sentences(question, spans, judge), key=lambda candidate: -candidate.probability)


def units(passage: Passage, split: Split = split_sentences) -> list[Evidence]:
    """The sentences, list items and rows of a passage, without headings and captions, which answer nothing."""
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
    words = unit if ":" in unit else NUMBERED.sub("", unit)
    return not is_row_or_ended and len(unit.split()) <= MOST_HEADING_WORDS and not any(map(str.isdigit, words))


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, those that answer nearly as likely."""
    return [one for one in candidates if one.probability >= NEARLY * candidates[0].probability]


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, it and up to two more, none twice, in the order in which they are read.

    Those of one page come together, as on the page; the page of the likeliest comes first.
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
    return [Claim(" ".join(evidence.quote.split()), (evidence,)) for evidence in shown.values()]


def find_conflict(candidates: Sequence[Candidate]) -> tuple[Candidate, Candidate] | None:
    """The first two candidates, of different documents, that contradict each other."""
    facts = [(candidate, read_facts(candidate.evidence.quote)) for candidate in candidates]
    for (one, of_one), (other, of_other) in combinations(facts, 2):
        if one.page[0] != other.page[0] and are_contrary(of_one, of_other):
            return one, other
    return None


def notice(conflict: Sequence[Candidate]) -> Claim:
    """The sentence that says that documents contradict each other, with both quotes as its proof."""
    return Claim(NOTICE, tuple(candidate.evidence for candidate in conflict))
