"""What a pronoun of a question stands for: the person, thing or place that the conversation spoke of last."""

from dataclasses import replace
from typing import Literal

from rag_app.followups.answers import phrases_of_answer, rank_answers
from rag_app.followups.clauses import Clause, parse_question
from rag_app.followups.names import ATTRIBUTES, NOT_PERSONS, PERSON_NOUNS, TIMES
from rag_app.followups.phrases import LONGEST_PHRASE, Names, Phrase, find_phrases
from rag_app.followups.talk import Talk, Turn
from rag_app.followups.words import (
    ARTICLES,
    BE,
    COLLECTIVES,
    PLACE_PREPOSITIONS,
    POSSESSIVES,
    PREPOSITIONS,
    is_past,
    is_plural,
)

Pronoun = Literal["he", "she", "it", "they", "there"]
WHO = frozenset(["who", "whom", "whose"])


def find_antecedent(pronoun: Pronoun, talk: Talk, *, taken: str = "") -> Phrase | None:
    """The phrase of the latest turn that has a fitting one not in the text `taken`; None if nothing fits."""
    for turn in reversed(talk.turns):
        for phrases in candidates(pronoun, turn, talk.names):
            free = [phrase for phrase in phrases if phrase.shown.lower() not in taken.lower()]
            for fit in (fits, fits_loosely):
                if found := next((phrase for phrase in free if fit(pronoun, phrase)), None):
                    return found
    return None


def candidates(pronoun: Pronoun, turn: Turn, names: Names) -> list[list[Phrase]]:
    """What was asked for, if that is what the pronoun may stand for; then all that was asked about and said."""
    clause = parse_question(turn.question)
    quotes = phrases_of_answer(turn.answer, names)
    answers = rank_answers(quotes, clause) if clause else []
    asked = phrases_of_question(turn.question, clause, names)
    if clause and pronoun == "they":  # "How many employees did the company have?" is about the employees
        asked.sort(key=lambda phrase: phrase.start >= clause.end_of_asking)
    said = [phrase for _, phrases in quotes for phrase in phrases]
    if clause and asks_for(clause, pronoun):
        return [[phrase for phrase in answers if phrase.is_name], asked + said]
    return [asked + (answers if clause and clause.question_word == "what" else []) + said]


def phrases_of_question(question: str, clause: Clause | None, names: Names) -> list[Phrase]:
    """The phrases of a question, its subject first, but what a thing has ("the mass of ...") after the thing itself."""
    phrases = find_phrases(question, known=names, verbs=clause.verbs if clause else ())
    subjects = [as_subject(phrase, clause) for phrase in phrases if clause and is_subject(phrase, clause)]
    others = [phrase for phrase in phrases if not is_subject(phrase, clause)]
    return sorted(subjects, key=lambda phrase: phrase.head in ATTRIBUTES) + others


def as_subject(phrase: Phrase, clause: Clause) -> Phrase:
    """What a question is about: it needs no article ("photosynthesis"), and what tells which one is a part of it.

    In "What is the tallest mountain in Africa?" that is the tallest mountain in Africa.
    """
    if phrase.nested:
        return phrase
    kind = phrase.kind
    if kind in ("bare", "quantity", "time"):
        kind = "things" if is_plural(phrase.head) else "thing"
    rest = clause.words(clause.rest)
    is_defined = clause.question_word in ("what", "which", "who") and clause.tokens[clause.auxiliary[0]].word in BE
    if not (is_defined and rest and clause.tokens[clause.rest[0]].word in PREPOSITIONS):
        return replace(phrase, kind=kind)
    shown = f"{phrase.shown} {rest}"
    return replace(phrase, kind=kind, shown=shown if len(shown) <= LONGEST_PHRASE else phrase.shown)


def is_subject(phrase: Phrase, clause: Clause | None) -> bool:
    if not clause or not clause.subject:
        return False
    tokens = clause.tokens
    return tokens[clause.subject[0]].start <= phrase.start < tokens[clause.subject[-1]].end


def asks_for(clause: Clause, pronoun: Pronoun) -> bool:
    """Whether the answer to a question is what the pronoun stands for: a person for he, a rocket for it."""
    if clause.question_word in ("which", "what") and len(clause.asking) > 1:
        return is_of_sort(clause.tokens[clause.asking[-1]].word, pronoun)
    names_subject = bool(clause.subject) and not clause.rest
    if pronoun == "there":
        return clause.question_word == "where" or (clause.question_word == "what" and names_subject)
    # "Who was Marie Curie?" asks about her, not for her.
    is_about_name = names_subject and clause.tokens[clause.subject[0]].is_capital
    return clause.question_word in WHO and pronoun != "it" and not is_about_name


def is_of_sort(noun: str, pronoun: Pronoun) -> bool:
    """Whether the pronoun may stand for one of those: he for a pilot, they for a team or planets, it for a rocket."""
    if pronoun == "they":
        return noun in COLLECTIVES or is_plural(noun)
    is_person = noun in PERSON_NOUNS
    return noun not in TIMES and is_person == (pronoun in ("he", "she"))


def fits(pronoun: Pronoun, phrase: Phrase) -> bool:
    if phrase.shown.split()[0].lower() in POSSESSIVES:
        return False
    if pronoun in ("he", "she"):
        return phrase.kind == "person" and phrase.gender != {"he": "f", "she": "m"}[pronoun]
    if pronoun == "they":
        return phrase.kind in ("persons", "things") or phrase.head in COLLECTIVES
    if pronoun == "there":
        return phrase.kind in ("thing", "bare") and phrase.before in PLACE_PREPOSITIONS
    return phrase.kind == "thing"


def fits_loosely(pronoun: Pronoun, phrase: Phrase) -> bool:
    """Where nothing fits: a name that may be a person's, whoever one speaks of as they, a noun without an article."""
    is_named_thing = phrase.is_name and phrase.kind == "thing"
    if pronoun in ("he", "she"):
        return is_named_thing and may_be_person(phrase)
    if pronoun == "they":
        is_whoever = phrase.kind == "person" or (is_named_thing and phrase.shown.split()[0] not in ARTICLES)
        return is_whoever or (phrase.kind == "bare" and is_plural(phrase.head))
    return is_named_thing if pronoun == "there" else phrase.kind == "bare" and not is_plural(phrase.head)


def may_be_person(phrase: Phrase) -> bool:
    """One word in lower case after its capital, without an article or a place's preposition before it."""
    name = phrase.shown
    is_word = name.isalpha() and name[1:].islower() and name.lower() not in NOT_PERSONS
    is_placed = phrase.before in PLACE_PREPOSITIONS | ARTICLES
    return is_word and not is_placed and (is_past(phrase.after) or not phrase.nested)
