"""From the documents of a collection to a few questions that they answer, each tried before it is suggested."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from langchain_core.runnables import Runnable

from rag_app.answering.chain import Request
from rag_app.answering.sentences import split_sentences
from rag_app.followups.languages import is_english
from rag_app.followups.words import ARTICLES, FUNCTION_WORDS, ORDINALS, base_form, is_past, is_plural
from rag_app.types import Answer
from vectorstore.storage.catalogue import Catalogue
from vectorstore.types import READY, Page, SourceRecord

LONGEST_QUESTION = 90
SHORTEST_SENTENCE, LONGEST_SENTENCE = 30, 400
FEWEST_WORDS_ASKED = 3
MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|\[\^?\d+\]")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SUBJECT = r"^(?P<subject>(?:The |An? )?[\w.'’/-]+(?: [\w.'’/-]+){0,5}?)"
YEAR = r"\b1[0-9]{3}\b|\b20[0-9]{2}\b"
INSIDE_A_NAME = frozenset(["of", "the", "and", "for"])
# Where these stand for something, the sentence says that they do only for a reader of what is before it.
UNSPECIFIC = frozenset([
    "aim", "answer", "approach", "article", "author", "authors", "book", "case", "cause", "chapter", "difference",
    "document", "effect", "example", "fact", "figure", "goal", "idea", "issue", "job", "latter", "former", "method",
    "number", "page", "paper", "part", "point", "problem", "purpose", "question", "reason", "report", "result",
    "results", "rest", "section", "solution", "study", "system", "table", "thing", "way", "work", "name", "value",
    "total", "process", "next", "above", "below", "same", "default", "following", "nice", "good", "best", "important",
])  # fmt: skip
# What is as much English as another language is: a form of English fits it, after all.
ENGLISH = "of the"
# Participles that are the past form too, so that "Who ...?" can be asked with them, or with the form beside them.
MADE_BY = {
    "built": "built", "made": "made", "founded": "founded", "written": "wrote", "designed": "designed",
    "invented": "invented", "created": "created", "discovered": "discovered", "painted": "painted",
    "composed": "composed", "developed": "developed", "directed": "directed", "commanded": "commanded",
    "drawn": "drew", "introduced": "introduced", "proposed": "proposed", "published": "published",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence that fits `pattern` answers what `ask` makes of it."""

    pattern: re.Pattern[str]
    ask: Callable[[re.Match[str], str], str | None]


def ask_what(match: re.Match[str], subject: str) -> str | None:
    return f"What {match['be']} {subject}?" if agrees(subject, match["be"]) else None


def ask_how_much(match: re.Match[str], subject: str) -> str | None:
    return f"How {match['measure']} {match['be']} {subject}?" if agrees(subject, match["be"]) else None


def ask_who(match: re.Match[str], subject: str) -> str | None:
    made = MADE_BY.get(match["done"])
    return f"Who {made} {subject}?" if made else None


def ask_when(match: re.Match[str], subject: str) -> str | None:
    if not is_past(match["done"]) or not agrees(subject, match["be"]):
        return None
    return f"When {match['be']} {subject} {match['done']}?"


def ask_with_do(question: str) -> Callable[[re.Match[str], str], str | None]:
    """`What {} mean?` with `does`, `did` or `do` and the subject, as the verb of the sentence is."""

    def ask(match: re.Match[str], subject: str) -> str | None:
        verb = match["verb"]
        if is_past(verb):
            return question.format(f"did {subject}", base_form(verb))
        is_singular = verb.endswith("s")
        if is_singular == is_many(subject):
            return None
        return question.format(f"{'does' if is_singular else 'do'} {subject}", base_form(verb) if is_singular else verb)

    return ask


def form(pattern: str, ask: Callable[[re.Match[str], str], str | None]) -> Form:
    return Form(re.compile(SUBJECT + pattern), ask)


ABOUT = r"(?:about |almost |nearly |only |over )?"
TIME = r"(?:second|minute|hour|day|week|month|year)s?\b"
MEASURE = r"[\d.,]+ [\w³²°]+ (?P<measure>tall|long|wide|high|deep|thick|old)\b"
# The surest first.
FORMS: Sequence[Form] = (
    form(rf" (?P<be>is|was|are|were) {ABOUT}{MEASURE}", ask_how_much),
    form(rf" (?P<verb>lasts?|lasted|takes?|took) {ABOUT}\w+ {TIME}", ask_with_do("How long {} {}?")),
    form(rf" (?P<verb>weighs?|weighed) {ABOUT}[\d.,]+", ask_with_do("How much {} {}?")),
    form(r" (?:is|was|are|were) (?P<done>\w+) (?:\w+ ){0,4}?by (?:the )?[A-Z]", ask_who),
    form(rf" (?P<be>was|were) (?P<done>\w+) (?:\w+ ){{0,4}}?(?:in|on) [^.]{{0,20}}?(?:{YEAR})", ask_when),
    form(r" (?P<verb>means?|meant) (?:that )?\w+ \w+ \w+", ask_with_do("What {} {}?")),
    form(r",? (?P<be>is|are) (?:an?|the|one of the|any|pieces?|lists?) \w+", ask_what),
)


# These tell how something is done, and what something that is named in code does.
TO_DO = re.compile(
    r"^To (?P<do>[a-z]+ [^,.:;()]{4,50}), (?:add|call|choose|click|name|open|press|run|select|set|type|use|write)\b"
)
DOES = re.compile(
    r"^(?P<subject>(?=\S*[._/A-Z-]|\S+ \S+ \S+ )[\w./-]+(?: [\w./-]+){0,2}) "
    r"(?:adds|builds|checks|computes|converts|creates|finds|gives|keeps|lets|"
    r"lists|makes|parses|provides|reads|removes|returns|runs|sends|shows|stores|turns|writes) \w+ \w+"
)


def question_of_sentence(sentence: str) -> str | None:
    """A question that this sentence answers, or None where no form fits it."""
    text = plain(sentence)
    if (
        not SHORTEST_SENTENCE <= len(text) <= LONGEST_SENTENCE
        or not text.endswith((".", ":"))
        or not is_english(text, before=ENGLISH)
    ):
        return None
    if match := TO_DO.match(text):
        return f"How do I {as_mine(match['do'])}?"
    if sentence.startswith(("`", "**")) and (match := DOES.match(text)):
        return f"What does {match['subject']} do?"
    for one in FORMS:
        match = one.pattern.match(text)
        subject = match and as_asked(match["subject"], text)
        question = one.ask(match, subject) if match and subject else None
        if question and len(question) <= LONGEST_QUESTION:
            return question
    return None


def question_of_heading(heading: str) -> str | None:
    """A heading that is a question, or says what it tells: `How to X` as `How do I X?`."""
    text = plain(heading).strip("# ").rstrip(":. ")
    words = text.split()
    if len(words) < FEWEST_WORDS_ASKED or len(text) > LONGEST_QUESTION:
        return None
    if text.endswith(("?", "？")):
        return text
    if match := re.match(r"^How to (?P<do>[a-z]+ .+)$", text):
        return f"How do I {as_mine(match['do'])}?"
    if re.match(r"^Who [a-z]+s ", text):
        return f"{text}?"
    if match := re.match(r"^How (?P<subject>.+) works?$", text):
        subject = as_asked(match["subject"], text)
        return f"How {'do' if is_many(subject) else 'does'} {subject} work?" if subject else None
    return None


def as_mine(doing: str) -> str:
    return re.sub(r"\byour\b", "my", doing)


def plain(text: str) -> str:
    """The text without Markdown, on one line."""
    return " ".join(MARKUP.sub("", LINK.sub(r"\1", text)).split())


def as_asked(subject: str, sentence: str) -> str | None:
    """A subject as it stands in a question; None where it says too little without what was before it."""
    article, _, rest = subject.rpartition(" ") if " " not in subject else subject.partition(" ")
    if article.lower() not in ARTICLES:
        article, rest = "", subject
    words = rest.split()
    if words[: len(words) // 2] == words[len(words) // 2 :]:
        words = words[len(words) // 2 :]  # the entry of a glossary and the sentence that begins with it
        rest = " ".join(words)
    if (
        not words
        or "'" in rest
        or "’" in rest
        or not all(word in INSIDE_A_NAME or word.lower() not in FUNCTION_WORDS for word in words)
    ):
        return None
    if words[0].lower() in UNSPECIFIC | ORDINALS or words[-1].lower() in UNSPECIFIC | INSIDE_A_NAME:
        return None
    is_named = any(re.search(r"[A-Z\d]", word) for word in (words if article else words[1:]))
    if article.lower() == "the" and not is_named and len(words) < 2:
        return None  # which one?
    if not article and not is_named:
        rest = without_capital(rest, sentence)
        if rest[0].islower() and len(words) == 1:
            return None  # "search", "names"
    return f"{article.lower()} {rest}".strip()


def without_capital(subject: str, sentence: str) -> str:
    """A common noun that opens a sentence; a name of one word, an acronym or code keeps its form."""
    first = subject.split()[0]
    if not first.istitle() or first.lower() in sentence[len(first) :] or is_plural(first.lower()):
        return subject[0].lower() + subject[1:] if first.istitle() else subject
    return subject if " " not in subject else subject[0].lower() + subject[1:]


def is_many(subject: str) -> bool:
    head = re.split(r" (?:of|in|for) ", subject)[0].split()[-1]
    return is_plural(head.lower()) and not head.istitle()


def agrees(subject: str, be: str) -> bool:
    return is_many(subject) == (be in ("are", "were")) or (be in ("is", "was") and not is_many(subject))


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
