"""From the words of a noun phrase to what it speaks of: a person, a thing, several of them, a time, a measure."""

from collections.abc import Sequence
from typing import Literal

from rag_app.followups.names import (
    FEMALE_NAMES,
    FEMALE_WORDS,
    MALE_NAMES,
    MALE_WORDS,
    NOT_PERSONS,
    PERSON_NOUNS,
    PERSON_VERBS,
    PLURAL_PERSONS,
    TIMES,
    TITLES,
    UNITS,
)
from rag_app.followups.words import ARTICLES, PLACE_PREPOSITIONS, is_plural

# `bare`: a common noun without a determiner, which is seldom referred to ("in orbit").
Kind = Literal["person", "persons", "thing", "things", "bare", "quantity", "time"]
Gender = Literal["f", "m", ""]


def kind_of_common(words: Sequence[str], *, is_definite: bool) -> Kind:
    """The kind of lower-case words that end in a common noun."""
    head = words[-1]
    if head in TIMES:
        return "time"
    if head in UNITS or words[0][0].isdigit():
        return "quantity"
    if head in PLURAL_PERSONS or head.removesuffix("s") in PERSON_NOUNS:
        return "persons" if is_plural(head) else "person"
    if is_plural(head):
        return "things"
    return "thing" if is_definite else "bare"


def kind_of_name(name: Sequence[str], *, before: str, after: str, is_known_person: bool) -> Kind:
    """The kind of a name, given word by word, from the words around it and whether a whole name ends in it."""
    words = [word.lower() for word in name]
    if any(word in TIMES for word in words):
        return "time"
    if any(word in NOT_PERSONS or not is_spelled_out(word) for word in words):
        return "thing"
    if before in PERSON_NOUNS or words[0] in TITLES | MALE_NAMES | FEMALE_NAMES:
        return "person"
    if before in PLACE_PREPOSITIONS | ARTICLES or any(word.isupper() for word in name):
        return "thing"
    return "person" if is_known_person or len(name) > 1 or after in PERSON_VERBS else "thing"


def is_spelled_out(word: str) -> bool:
    """Letters alone, as a person's name has; initials, hyphens and apostrophes are allowed."""
    return all(letter.isalpha() or letter in ".-'’" for letter in word)


def gender_of(words: Sequence[str]) -> Gender:
    """By a title, a word such as `mother` or the first given name known; empty if nothing tells."""
    for word in words:
        if word in FEMALE_WORDS | FEMALE_NAMES:
            return "f"
        if word in MALE_WORDS | MALE_NAMES:
            return "m"
    return ""
