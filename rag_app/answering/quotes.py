"""Answers without a language model: quotes the sentences of the passages that answer a question best."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from ingest import ITEM_MARK
from rag_app.answering.citations import Claim, Evidence
from rag_app.answering.sentence_ranking import Candidate, Judge, Page, judge_sentences
from rag_app.answering.units import find_blocks, is_row, lead_in, plain, units
from rag_app.answering.verification.facts import are_contrary, read_facts
from vectorstore import Question
from vectorstore.types import Passage

PASSAGES_READ = 6
MOST_SENTENCES = 8
# A further sentence is shown if its probability is at least this share of the best one's; bench/fit_answers.py shows
# what other shares give.
NEARLY = 0.3
# Where the likeliest sentence is less likely than this, the short blocks that the sentences stand in are shown whole.
CERTAIN = 0.7
BLOCK_CHARACTERS = 700
TABLE_ROW = re.compile(r"^[ \t]*\|", re.MULTILINE)
# A list, a table or code: its items say little by themselves.
LISTED = re.compile(rf"^(?:{ITEM_MARK.pattern}|[ \t]*\||[ ]{{4}}|\t|```|~~~)", re.MULTILINE)
NOTICE = "The documents do not agree here."


def rank_sentences(question: Question, passages: Sequence[Passage], judge: Judge) -> list[Candidate]:
    """The sentences of the first passages, those that answer most likely first."""
    spans = [span for passage in passages[:PASSAGES_READ] for span in units(passage, judge.split)]
    return sorted(judge_sentences(question, spans, judge), key=lambda candidate: -candidate.probability)


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, those that answer nearly as likely.

    Left out is what is alike in all but what it names: the rows of a page that have fewer of the question's words
    than another (a long table is in many passages), and sentences about LH-455 where another is about LH-544.
    """
    near = [one for one in candidates if one.probability >= NEARLY * candidates[0].probability]
    if any(one.features["names"] > 0 for one in near):
        near = [one for one in near if one.features["names"] >= 0]
    most: dict[Page, float] = {}
    for one in near:
        if is_row(one.evidence.quote):
            most[one.page] = max(most.get(one.page, 0.0), one.features["terms"])
    return [one for one in near if not (is_row(one.evidence.quote) and one.features["terms"] < most[one.page])]


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates, the likeliest first, it and a few more with what belongs to them, none twice.

    Behind the likeliest those of one passage come together, as on the page.
    """
    if not candidates:
        return []
    distinct: dict[str, Candidate] = {}
    for candidate in likely(candidates):
        distinct.setdefault(plain(candidate.evidence.quote), candidate)
    chosen: dict[Evidence, Candidate] = {}
    is_certain = candidates[0].probability >= CERTAIN
    for candidate in list(distinct.values())[:MOST_SENTENCES]:
        is_whole = is_certain and not candidate.evidence.quote.endswith(":")
        for one in (candidate, *(() if is_whole else companions(candidate, candidates))):
            chosen.setdefault(one.evidence, one)
    first, *others = chosen.values()
    return [first, *(candidate for of_passage in group(others) for candidate in of_passage)]


def companions(candidate: Candidate, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The candidates of its block, and of a list, table or code that follows: of each where it is short."""
    chunk = candidate.evidence.passage.chunk
    blocks = find_blocks(chunk.text)
    own = next(i for i, (_, end) in enumerate(blocks) if candidate.evidence.start - chunk.start < end)
    following = [(start, end) for start, end in blocks[own + 1 : own + 2] if LISTED.search(chunk.text[start:end])]
    for start, end in [blocks[own], *following]:
        # A row of a table says all of itself, with the head that is shown above it.
        if end - start <= BLOCK_CHARACTERS and not TABLE_ROW.search(chunk.text[start:end]):
            for other in candidates:
                is_of_passage = other.evidence.passage is candidate.evidence.passage
                if is_of_passage and start <= other.evidence.start - chunk.start < end:
                    yield other


def group(chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """The chosen, which come best first, by their passages, each in the order in which it is read."""
    groups: dict[Passage, list[Candidate]] = {}
    for candidate in chosen:
        groups.setdefault(candidate.evidence.passage, []).append(candidate)
    return [sorted(of_passage, key=lambda candidate: candidate.evidence.start) for of_passage in groups.values()]


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
