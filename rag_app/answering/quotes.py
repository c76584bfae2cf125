"""Answers without a language model: quotes the sentences of the passages that answer a question best."""

import re
from collections.abc import Sequence
from itertools import combinations

from ingest.chunking.sentences import ITEM_MARK, Split, split_sentences
from rag_app.answering.citations import Claim, Evidence
from rag_app.answering.sentence_ranking import Candidate, Judge, judge_sentences
from rag_app.answering.verification.facts import are_contrary, read_facts
from vectorstore.search.retriever import Question
from vectorstore.types import Passage

RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$")
# A longer line over a list is a paragraph, which tells more than what the list is of.
LONGEST = 300


def lead_in(evidence: Evidence) -> Evidence | None:
    """A table's head for one of its rows, the line that ends with a colon for an item of the list below it, or None."""
    chunk = evidence.passage.chunk
    lines = lines_until(chunk.text, evidence.start - chunk.start)
    here, above = lines[-1], lines[:-1]
    own = chunk.text[slice(*here)]
    found = head_of_table(chunk.text, above) if own.lstrip().startswith("|") else None
    if ITEM_MARK.match(own):
        found = line_over_list(chunk.text, above)
    if found is None:
        return None
    text = chunk.text[slice(*found)]
    start = found[0] + len(text) - len(text.lstrip())
    return Evidence(evidence.passage, chunk.start + start, chunk.start + start + len(text.strip()))


def lines_until(text: str, offset: int) -> list[tuple[int, int]]:
    """The start and end of each line up to the one that holds the offset."""
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line)))
        start += len(line)
        if start > offset:
            break
    return spans


def head_of_table(text: str, above: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The row over the rule (`|---|---|`) that the rows stand under."""
    rule = next((i for i in reversed(range(len(above))) if not is_row(text, above[i])), -1) + 2
    if 0 < rule < len(above) and RULE.match(text[slice(*above[rule])]):
        return above[rule - 1]
    return None


def is_row(text: str, line: tuple[int, int]) -> bool:
    return text[slice(*line)].lstrip().startswith("|")


def line_over_list(text: str, above: list[tuple[int, int]]) -> tuple[int, int] | None:
    for start, end in reversed(above):
        line = text[start:end]
        if line.strip() and not line[0].isspace() and not ITEM_MARK.match(line):
            return (start, end) if line.rstrip().endswith(":") and len(line) <= LONGEST else None
    return None


PASSAGES_READ = 5
MOST_SENTENCES = 3
# A further sentence is shown if it is this share as likely as the best; bench/fit_answers.py shows what others give.
NEARLY = 0.4
SHORTEST_UNIT = 12
MOST_HEADING_WORDS = 6
NUMBERED = re.compile(r" \d{1,2}$")
NOTICE = "The documents do not agree here."


def rank_sentences(question: Question, passages: Sequence[Passage], judge: Judge) -> list[Candidate]:
    """The sentences of the first passages, those that answer most likely first."""
    spans = [span for passage in passages[:PASSAGES_READ] for span in units(passage, judge.split)]
    return sorted(judge_sentences(question, spans, judge), key=lambda candidate: -candidate.probability)


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
