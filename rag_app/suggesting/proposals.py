"""From the documents of a collection to a few questions that they answer, each tried before it is suggested."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from langchain_core.runnables import Runnable

from rag_app.chain import Request
from rag_app.sentences import split_sentences
from rag_app.suggesting.forms import question_of_heading, question_of_sentence
from rag_app.types import Answer
from vectorstore.catalogue import Catalogue
from vectorstore.records import READY, SourceRecord
from vectorstore.types import Page

WANTED = 4
# So many documents, spread over the collection, are looked at, and of each so much of its beginning.
DOCUMENTS_READ = 16
PAGES_READ = 3
CHARACTERS_READ = 6_000
PROPOSED_OF_A_DOCUMENT = 3
TRIED = 20
# Surer than what is answered at all: the collection may grow until somebody clicks.
SURE = 0.65
BOILERPLATE = re.compile(r"licen[cs]e|changelog|code.of.conduct|contributing|security|authors|notice", re.IGNORECASE)
HEADING = re.compile(r"#{1,6} ")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question made from these characters of a page."""

    question: str
    source: str
    page: int | None
    start: int
    end: int
    is_heading: bool


def suggest(
    catalogue: Catalogue, answer: Runnable[Request, Answer], *, before_each: Callable[[], None] = lambda: None
) -> list[str]:
    """Up to WANTED questions that are answered from where they were made, the surest first, of as many documents.

    `before_each` is called before a question is tried, and may wait.
    """
    sure: dict[str, tuple[float, Proposal]] = {}
    for proposal in islice(propose(catalogue), TRIED):
        if len({one.source for _, one in sure.values()}) >= WANTED:
            break
        before_each()
        answered = answer.invoke(proposal.question)
        if is_answered(proposal, answered):
            sure.setdefault(proposal.question, (answered.answerability, proposal))
    proposals = [one for _, one in sorted(sure.values(), key=lambda tried: -tried[0])]
    first = {one.source: one for one in reversed(proposals)}.values()
    chosen = [one for one in proposals if one in first] + [one for one in proposals if one not in first]
    return [one.question for one in chosen[:WANTED]]


def is_answered(proposal: Proposal, answer: Answer) -> bool:
    """Whether the sentence that a question was made from is quoted; of a heading, words that stand under it."""
    if answer.refused or answer.answerability < SURE:
        return False
    quoted = [one for one in answer.citations if (one.source, one.page) == (proposal.source, proposal.page)]
    if proposal.is_heading:
        return any(0 < one.start - proposal.end < CHARACTERS_READ for one in quoted)
    return any(one.start < proposal.end and proposal.start < one.end for one in quoted)


def propose(catalogue: Catalogue) -> Iterator[Proposal]:
    """The first of each document, then the second of each, and so on."""
    found = [proposals_of(record, catalogue) for record in spread(catalogue.sources())]
    return (one for one in chain.from_iterable(zip_longest(*found)) if one)


def spread(records: Sequence[SourceRecord]) -> Sequence[SourceRecord]:
    ready = [one for one in records if one.state == READY and not BOILERPLATE.search(Path(one.source).stem)]
    return ready[:: max(1, -(-len(ready) // DOCUMENTS_READ))]


def proposals_of(record: SourceRecord, catalogue: Catalogue) -> list[Proposal]:
    found: list[Proposal] = []
    for number in (None, *range(1, PAGES_READ + 1)):
        page = catalogue.page(record.text_id, number)
        if page:
            found += proposals_on(page, record.source)
        if len(found) >= PROPOSED_OF_A_DOCUMENT:
            break
    return found[:PROPOSED_OF_A_DOCUMENT]


def proposals_on(page: Page, source: str) -> list[Proposal]:
    text, found = page.text[:CHARACTERS_READ], list[Proposal]()
    for start, end in split_sentences(text):
        sentence = text[start:end]
        is_heading = bool(HEADING.match(sentence))
        question = question_of_heading(sentence) if is_heading else question_of_sentence(sentence)
        if question:
            found.append(Proposal(question, source, page.number, start, end, is_heading))
    return found
