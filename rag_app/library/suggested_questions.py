"""Suggests questions for a collection, made from its titles and headings and each tried before it is shown."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from langchain_core.runnables import Runnable

from rag_app.answering.chain import Request
from rag_app.types import Answer
from vectorstore import Catalogue
from vectorstore.text_analysis import analyze, detect_language
from vectorstore.types import READY, Page, SourceRecord

WANTED = 4
# The number of documents, spread over the collection, that are read, and the characters read of each beginning.
DOCUMENTS_READ = 16
PAGES_READ = 3
CHARACTERS_READ = 6_000
PROPOSED_OF_A_DOCUMENT = 3
TRIED = 20
# Higher than the bound for answering at all: the collection may grow before somebody asks.
SURE = 0.65
LONGEST_QUESTION = 90
BOILERPLATE = re.compile(r"licen[cs]e|changelog|code.of.conduct|contributing|security|authors|notice", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6} +(?:\d+(?:\.\d+)*\.? +)?(?P<text>.+)$", re.MULTILINE)
MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|\[\^?\d+\]")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
# The forms of English headings that say what they answer.
FORMS = (
    (re.compile(r"^How to (?P<rest>[a-z]+ .+)$"), "How do I {}?"),
    (re.compile(r"^How (?P<rest>.+ work)s$"), "How does {}?"),
    (re.compile(r"^How (?P<rest>.+ work)$"), "How do {}?"),
    (re.compile(r"^(?P<rest>Who [a-z]+s .+)$"), "{}?"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question whose answer is expected on this page, after the character `start`."""

    question: str
    source: str
    page: int | None
    start: int


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
    return [one.question for one in sorted(proposals, key=lambda one: one not in first)[:WANTED]]


def is_answered(proposal: Proposal, answer: Answer) -> bool:
    """Whether words soon after the heading are quoted."""
    return answer.answerability >= SURE and any(
        (one.source, one.page) == (proposal.source, proposal.page) and 0 <= one.start - proposal.start < CHARACTERS_READ
        for one in answer.citations
    )


def propose(catalogue: Catalogue) -> Iterator[Proposal]:
    """The first of each document, then the second of each, and so on."""
    records = [
        one for one in catalogue.sources() if one.state == READY and not BOILERPLATE.search(Path(one.source).stem)
    ]
    spread = records[:: max(1, -(-len(records) // DOCUMENTS_READ))]
    found = [proposals_of(record, catalogue) for record in spread]
    return (one for one in chain.from_iterable(zip_longest(*found)) if one)


def proposals_of(record: SourceRecord, catalogue: Catalogue) -> Sequence[Proposal]:
    """Of its first headings; without any, of its title."""
    numbers = (None, *range(1, PAGES_READ + 1))
    pages = [page for number in numbers if (page := catalogue.page(record.text_id, number))]
    headings = ((page, match["text"], match.end()) for page in pages for match in HEADING.finditer(beginning(page)))
    titles = ((page, record.title, 0) for page in pages[:1])
    for places in (headings, titles):
        found = (
            Proposal(question, record.source, page.number, start)
            for page, heading, start in places
            if (question := question_of(heading, beginning(page)))
        )
        if proposals := list(islice(found, PROPOSED_OF_A_DOCUMENT)):
            return proposals
    return ()


def beginning(page: Page) -> str:
    return page.text[:CHARACTERS_READ]


def question_of(heading: str, text: str) -> str | None:
    """The heading as a question; None for one that says too little without its `text`, or is not English."""
    plain = " ".join(MARKUP.sub("", LINK.sub(r"\1", heading)).split()).strip("# ").rstrip(":. ")
    words = plain.split()
    if len(plain) > LONGEST_QUESTION or len(words) < 2:
        return None
    if plain.endswith(("?", "？")):
        return plain if len(words) > 2 else None
    if detect_language(f"{plain}. {text}") != "en":
        return None
    for form, question in FORMS:
        if match := form.match(plain):
            return question.format(re.sub(r"\byour\b", "my", match["rest"]))
    return question_about(plain, text)


def question_about(name: str, text: str) -> str | None:
    """None for less than two words of content, and for no noun phrase: `The goal`, `How it works`, `Before NASA`."""
    first, _, rest = name.partition(" ")
    content = rest if first in ("The", "A", "An") else name
    words = content.split()
    if len(words) < 2 or not analyze(words[0], "en") or not analyze(words[-1], "en"):
        return None
    is_name = not re.search(rf"\b{re.escape(first.lower())}\b", text)
    return f"What is said about {first if is_name else first.lower()} {rest}?"
