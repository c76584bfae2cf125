"""From a question with pronouns to one with what they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.followups.antecedents import Pronoun, find_antecedent, fits, fits_loosely
from rag_app.followups.clauses import LEADING, Clause, parse_question
from rag_app.followups.names import PERSON_NOUNS
from rag_app.followups.phrases import Phrase, find_phrases
from rag_app.followups.stems import content_words
from rag_app.followups.tagging import NAME, NOUN, NUMBER, tag
from rag_app.followups.talk import Talk
from rag_app.followups.tokens import Token, tokenize
from rag_app.followups.words import (
    ADJECTIVES,
    ARTICLES,
    AUXILIARIES,
    BE,
    BEFORE_CLAUSES,
    CONJUNCTIONS,
    DEMONSTRATIVES,
    NOUN_VERBS,
    PREPOSITIONS,
    QUESTION_WORDS,
    VERBS,
    is_adjective,
)

PRONOUNS: dict[str, Pronoun] = {
    "he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she", "it": "it", "its": "it",
    "they": "they", "them": "they", "their": "they", "theirs": "they", "there": "there",
    "this": "it", "that": "it", "these": "they", "those": "they",
}  # fmt: skip
POSSESSIVE = frozenset(["hers", "his", "its", "their", "theirs"])
# With these, "it" stands for what follows: "How long did it take to land?", "Is it true that they landed?".
OF_DUMMIES = ADJECTIVES | frozenset(["cost", "costs", "take", "takes", "took"])
DOING = frozenset(["did", "do", "does", "doing", "done"])
AS_WORDS = {"'s": " is", "'re": " are", "'ve": " have", "'ll": " will", "'d": " had"}


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with what is known of its words."""

    text: str
    tokens: Sequence[Token]
    tags: str
    clause: Clause | None
    phrases: Sequence[Phrase]


def resolve(question: str, talk: Talk) -> str:
    """The question with each reference replaced that is sure; what refers within the question stays.

    Of several pronouns for the same only the first is replaced: those after it refer to what then stands there.
    """
    read = read_question(question, talk)
    pieces: list[str] = []
    done: set[str] = set()
    last = 0
    for i, token in enumerate(read.tokens):
        if token.start < last or not (found := replacement(read, i, talk, done)):
            continue
        words, end = found
        pieces += [question[last : token.start], words]
        last = end
    return "".join([*pieces, question[last:]])


def read_question(question: str, talk: Talk) -> _Question:
    tokens = tokenize(question)
    clause = parse_question(question)
    verbs = clause.verbs if clause else ()
    phrases = find_phrases(question, known=talk.names, verbs=verbs)
    return _Question(question, tokens, tag(tokens, names=talk.names, verbs=verbs), clause, phrases)


def replacement(read: _Question, i: int, talk: Talk, done: set[str]) -> tuple[str, int] | None:
    """What to write for token i, and up to which character; None where it stays."""
    token = read.tokens[i]
    if token.word == "then" and i > 0 and read.tokens[i - 1].word not in LEADING:
        return with_end(talk.turns[-1].date, token.end)
    pronoun = PRONOUNS.get(token.word)
    if pronoun is None or pronoun in done or is_no_reference(read, i) or is_within(read, i, pronoun):
        return None
    done.add(pronoun)
    if token.word in DEMONSTRATIVES and (noun := noun_after(read, i)) is not None:
        return with_end(describe(pronoun, read.tokens[noun], talk), read.tokens[noun].end)
    phrase = find_antecedent(pronoun, talk, taken=" ".join([read.text, *done]))
    if phrase is None:
        return None
    done.add(phrase.shown)
    return write(phrase, read, i, pronoun)


def with_end(words: str | None, end: int) -> tuple[str, int] | None:
    return (words, end) if words else None


def write(phrase: Phrase, read: _Question, i: int, pronoun: Pronoun) -> tuple[str, int]:
    """The phrase in the pronoun's case, and where what it replaces ends."""
    token, following = read.tokens[i], read.tokens[i + 1] if i + 1 < len(read.tokens) else None
    shown = phrase.shown if i else phrase.shown[0].upper() + phrase.shown[1:]
    if pronoun == "there":
        where = phrase.before if phrase.before in ("aboard", "at", "in", "inside", "near", "on") else "in"
        return f"{where} {shown}", token.end
    if token.word in POSSESSIVE or (token.word == "her" and is_noun(read, i + 1)):
        return shown + ("'" if phrase.kind in ("persons", "things") and shown.endswith("s") else "'s"), token.end
    if following and following.is_clitic:
        return shown + AS_WORDS.get(following.word, ""), following.end
    is_that_one = following is not None and token.word in DEMONSTRATIVES and following.word in ("one", "ones")
    return shown, following.end if following and is_that_one else token.end


def describe(pronoun: Pronoun, noun: Token, talk: Talk) -> str | None:
    """What `that rocket` stands for: the name of a person, a phrase of the same noun, a name before the noun."""
    is_person = noun.word in PERSON_NOUNS
    pronouns: tuple[Pronoun, ...] = ("he", "she") if is_person else (pronoun,)
    phrase = next(filter(None, (find_antecedent(each, talk) for each in pronouns)), None)
    if phrase is None:
        return None
    if is_person or content_words(phrase.head) & content_words(noun.word):
        return phrase.shown
    article, _, rest = phrase.shown.partition(" ")
    name = rest if article in ARTICLES else phrase.shown
    return f"the {name} {noun.text}" if phrase.is_name and not phrase.nested else None


def is_noun(read: _Question, i: int) -> bool:
    return i < len(read.tokens) and not read.tokens[i].breaks and read.tags[i] in (NAME, NOUN, NUMBER)


def noun_after(read: _Question, i: int) -> int | None:
    """The noun that a demonstrative at token i stands before: `those alarms`, `that lunar module`."""
    j = i + 1
    is_verb = read.clause is not None and j in read.clause.verbs
    if is_verb or not is_noun(read, j) or read.tokens[j].word in VERBS or is_adjective(read.tokens[j].word):
        return None
    while is_noun(read, j + 1):
        j += 1
    return j


def is_no_reference(read: _Question, i: int) -> bool:
    """Whether a pronoun by its form is none here: a dummy `it`, `there is`, a conjunction `that`."""
    words = [token.word for token in read.tokens]
    before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
    if words[i] == "there":
        return before in BE | {"there"} or after in BE | {"'s", "'re"}
    if before in DOING and not after:
        return True  # "Who did that?" is about what was done, which no phrase says
    if words[i] == "that":
        return bool(before and after) and before not in AUXILIARIES | PREPOSITIONS | LEADING | QUESTION_WORDS
    if words[i] != "it":
        return False
    for j in range(i + 1, min(i + 7, len(words) - 1)):
        is_clause = words[j] == "that" or (words[j] == "to" and words[j + 1] in VERBS | NOUN_VERBS)
        if is_clause and OF_DUMMIES & set(words[i + 1 : j]):
            return True
    return False


def is_within(read: _Question, i: int, pronoun: Pronoun) -> bool:
    """Whether the question itself says before what the pronoun stands for: "When did Armstrong say that he ...?"."""
    token = read.tokens[i]
    is_owner = token.word in POSSESSIVE or (token.word == "her" and is_noun(read, i + 1))
    asking_end = read.clause.end_of_asking if read.clause else 0
    for phrase in read.phrases:
        if phrase.end > token.start or not may_be(pronoun, phrase) or (pronoun == "it" and phrase.end <= asking_end):
            continue
        between = [other for other in read.tokens[:i] if other.start >= phrase.end]
        # Within one clause a pronoun that is no possessive stands for something else than the subject does.
        if is_owner or any(other.word in CONJUNCTIONS | BEFORE_CLAUSES or other.breaks for other in [*between, token]):
            return True
    return False


def may_be(pronoun: Pronoun, phrase: Phrase) -> bool:
    return fits(pronoun, phrase) or (phrase.is_name and fits_loosely(pronoun, phrase))
