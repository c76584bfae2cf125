"""From a question that names only what is new ("And the lunar module?") to a whole one, by the last question."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_app.followups.antecedents import is_subject, phrases_of_question
from rag_app.followups.clauses import Clause, parse_question, without_parts
from rag_app.followups.ellipsis import ask_of_subject, join
from rag_app.followups.names import ATTRIBUTES, PERSON_NOUNS
from rag_app.followups.phrases import Phrase, find_phrases
from rag_app.followups.stems import content_words
from rag_app.followups.talk import Talk
from rag_app.followups.tokens import tokenize
from rag_app.followups.words import ARTICLES, AUXILIARIES, ORDINALS, PREPOSITIONS, is_past

MARKER = re.compile(
    r"\s*(?:(?:and|but|or|so|ok|okay|well)\b[\s,]*)*(?:(?:what|how)\s+about\b)?\s*",
    re.IGNORECASE,
)
AT_END = re.compile(r"\s*\b(?:ones?|too|as well|then)$", re.IGNORECASE)
PAST_AUXILIARIES = frozenset(["did", "had", "was", "were"])


@dataclass(frozen=True, slots=True)
class Part:
    """What alone a question names, and the preposition before it ("And on Apollo 12?")."""

    phrase: Phrase
    preposition: str

    @property
    def is_ordinal(self) -> bool:
        """Whether its noun is left out: `the second`, `the 1201`."""
        is_number = self.phrase.head.isdigit() and not self.phrase.is_name and has_article(self.phrase.shown)
        return self.phrase.head in ORDINALS or is_number


def complete_part(question: str, talk: Talk) -> str | None:
    """The last question with this one's phrase in it; None where this one is whole or fits nowhere."""
    part = find_part(question, talk)
    if part is None:
        return None
    clause = parse_question(talk.turns[-1].question) or without_parts(talk.turns[-1].question)
    phrases = phrases_of_question(clause.text, clause, talk.names)
    if part.preposition or (part.phrase.kind == "time" and not part.is_ordinal):
        return ask_of_circumstance(part, clause, phrases)
    target = find_target(part, clause, phrases)
    if part.phrase.head in ATTRIBUTES and (target is None or target.head not in ATTRIBUTES):
        return ask_for_attribute(part.phrase, clause, phrases)
    if target is not None:
        return swap(part, target, clause)
    return ask_whether(part.phrase.shown, clause) if clause.asking and clause.asks_for_subject else None


def find_part(question: str, talk: Talk) -> Part | None:
    """The one phrase of which a question consists, after "And", "What about" or nothing; None if there is more."""
    marker = MARKER.match(question)
    start = marker.end() if marker else 0
    text = AT_END.sub("", question[start:].rstrip(" ?.!"))
    tokens = tokenize(text)
    has_preposition = len(tokens) > 1 and tokens[0].word in PREPOSITIONS
    offset = tokens[1].start if has_preposition else 0
    # After "And" a capital is a name's.
    names = {**talk.names, tokens[0].text: tokens[0].text} if tokens and start else talk.names
    phrase = next(iter(find_phrases(text, known=names, verbs=range(int(has_preposition)))), None)
    if phrase is None or (phrase.start, phrase.end) != (offset, len(text)):
        return None
    # Words alone may be a search of their own ("Saturn V height"); a name or an article with a "?" after it is none.
    is_marked = start > 0 or (question.endswith("?") and phrase.kind != "bare")
    return Part(phrase, tokens[0].text if has_preposition else "") if is_marked else None


def find_target(part: Part, clause: Clause, phrases: Sequence[Phrase]) -> Phrase | None:
    """The phrase to replace: with an ordinal too, of a common word, of the same kind, the subject."""
    new = part.phrase
    words = {old: clause.text[old.start : old.head_end].lower().split() for old in phrases}
    rules: list[Callable[[Phrase], bool]] = [
        lambda old: part.is_ordinal and any(word in ORDINALS or word.isdigit() for word in words[old]),
        lambda old: old.shown != new.shown and shares_word(old, new, clause),
        lambda old: old.kind == new.kind == "person",
        lambda old: old.is_name and new.is_name and look_alike(old.shown, new.shown) and new.kind != "person",
        lambda old: old.kind == new.kind and not old.is_name and not new.is_name,
        lambda old: is_subject(old, clause) or not (clause.asking or clause.subject),
    ]
    return next((old for rule in rules for old in phrases if rule(old)), None)


def shares_word(old: Phrase, new: Phrase, clause: Clause) -> bool:
    return bool(content_words(clause.text[old.start : old.head_end]) & content_words(new.shown))


def look_alike(name: str, other: str) -> bool:
    """Both or neither with an article, both or neither with a number."""
    return all(sign(name) == sign(other) for sign in (has_article, has_number))


def has_article(name: str) -> bool:
    return name.split()[0] in ARTICLES


def has_number(name: str) -> bool:
    return any(letter.isdigit() for letter in name)


def swap(part: Part, target: Phrase, clause: Clause) -> str:
    """The question with the part in the target's place; its ` of ...` stays behind a phrase of the same sort."""
    heads = {part.phrase.head, target.head}
    is_same_sort = len(heads) == 1 or heads <= ATTRIBUTES or heads <= PERSON_NOUNS or part.is_ordinal
    has_own = part.phrase.head_end < part.phrase.end
    end = target.head_end if is_same_sort and not has_own else target.end
    noun = f" {clause.text[target.start : target.head_end].split()[-1]}" if part.is_ordinal else ""
    return f"{clause.text[: target.start]}{part.phrase.shown}{noun}{clause.text[end:]}"


def ask_of_circumstance(part: Part, clause: Clause, phrases: Sequence[Phrase]) -> str:
    """When or where else: in the place of the time or place asked of before, else at the end."""
    new = part.phrase
    nearest_first = sorted(phrases, key=lambda old: not shares_word(old, new, clause))
    for old in nearest_first:
        is_same_time = old.kind == new.kind == "time" and not is_subject(old, clause)
        if is_same_time or old.before == part.preposition.lower() != "":
            return f"{clause.text[: old.start]}{new.shown}{clause.text[old.end :]}"
    return join(clause.text.rstrip(" ?.!"), part.preposition or preposition_of(new), new.shown)


def preposition_of(time: Phrase) -> str:
    return "on" if time.head.endswith(("day", "days")) else "in"


def ask_for_attribute(attribute: Phrase, clause: Clause, phrases: Sequence[Phrase]) -> str | None:
    """`the mass` after "How tall was the Saturn V?" as "What was the mass of the Saturn V?"."""
    words = {token.word for token in clause.tokens}
    is_past_time = bool(words & PAST_AUXILIARIES) or any(map(is_past, words))
    verb = "was" if is_past_time else "is"
    if not attribute.shown.startswith("the ") or "'s " in attribute.shown or attribute.head_end < attribute.end:
        return join("What", verb, attribute.shown)
    owner = next((phrase.shown for phrase in phrases if phrase.kind in ("person", "thing")), None)
    return join("What", verb, attribute.shown, "of", owner) if owner else None


def ask_whether(subject: str, clause: Clause) -> str:
    """`Collins` after "Who landed on the Moon?" as "Did Collins land on the Moon?"."""
    verb = clause.tokens[clause.rest[0]].word
    if verb in AUXILIARIES:
        return join(verb.capitalize(), subject, clause.words(clause.rest[1:]))
    asked = ask_of_subject("", subject, clause)
    return asked[0].upper() + asked[1:]
