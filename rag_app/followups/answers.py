"""From an answer to what it names that may be what was asked for: who stayed, which rocket flew."""

import re
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

from rag_app.followups.clauses import Clause
from rag_app.followups.names import PERSON_NOUNS
from rag_app.followups.phrases import Names, Phrase, find_phrases
from rag_app.followups.stems import content_words
from rag_app.followups.words import DETERMINERS

CLAUSE_END = re.compile(r"[,;:.|]|\b(?:and|but|while)\b")
Rank = tuple[bool, int, int]


def phrases_of_answer(answer: str, names: Names) -> list[tuple[str, list[Phrase]]]:
    """The quotes or paragraphs of an answer, each with its phrases."""
    return [(quote, list(map(as_said, find_phrases(quote, known=names)))) for quote in answer.split("\n\n")]


def as_said(phrase: Phrase) -> Phrase:
    """Several of a sort without an article ("built for people") are as seldom referred to as one is."""
    is_indefinite = not phrase.is_name and phrase.shown.split()[0] not in DETERMINERS
    return replace(phrase, kind="bare") if is_indefinite and phrase.kind in ("persons", "things") else phrase


def rank_answers(quotes: Sequence[tuple[str, Sequence[Phrase]]], clause: Clause) -> list[Phrase]:
    """The phrases that say something new, the likeliest to be what was asked for first."""
    about = content_words(f"{clause.words(clause.subject)} {clause.words(clause.rest)}")
    ranked: list[tuple[Rank, Phrase]] = []
    for quote, phrases in quotes:
        new = [phrase for phrase in phrases if not content_words(phrase.shown) & about]
        names = [phrase for phrase in new if phrase.is_name and not phrase.nested]
        ranked += [(rank(phrase, quote, names, clause), phrase) for phrase in new]
    return [phrase for _, phrase in sorted(ranked, key=itemgetter(0))]


def rank(phrase: Phrase, quote: str, names: Sequence[Phrase], clause: Clause) -> Rank:
    """Less is likelier: a name, of the sort asked for, of which the very thing is said that was asked.

    "Which observatory" and `the Lick Observatory`, "Who stayed" and `Collins stayed`, "Who designed" and `by Laning`.
    """
    sort = content_words(clause.words(clause.asking)) & content_words(phrase.shown)
    said = content_words(said_of(phrase, quote, names)) & content_words(clause.text)
    return not phrase.is_name, -len(sort), -len(said)


def said_of(phrase: Phrase, quote: str, names: Sequence[Phrase]) -> str:
    """What stands after it in its clause, or before it where it follows `by` or a role ("the director, Kranz")."""
    if phrase.before == "by" or phrase.before in PERSON_NOUNS:
        start = max((name.end for name in names if name.end <= phrase.start), default=0)
        return CLAUSE_END.split(quote[start : phrase.start].rstrip(" ,"))[-1]
    end = min((name.start for name in names if name.start >= phrase.end), default=len(quote))
    return CLAUSE_END.split(quote[phrase.end : end].lstrip(" ,"))[0]
