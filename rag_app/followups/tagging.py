"""From words to what each may be in a noun phrase, a letter a word: enough to see where phrases begin and end."""

from collections.abc import Collection, Sequence

from rag_app.followups.tokens import Token
from rag_app.followups.words import (
    AUXILIARIES,
    DETERMINERS,
    FUNCTION_WORDS,
    NOUN_VERBS,
    ORDINALS,
    VERBS,
    is_finite,
    is_plural,
)

PARTICLES = frozenset(["al", "bin", "da", "de", "del", "den", "der", "di", "du", "la", "le", "van", "von"])
DETERMINER, NAME, NUMBER, NOUN, CLITIC, OF, VERB, OTHER = "D", "N", "#", "n", "c", "o", "V", "-"


def tag(tokens: Sequence[Token], *, names: Collection[str] = (), verbs: Collection[int] = ()) -> str:
    """A letter for each token. `names` are known ones, `verbs` the numbers of tokens known to be verbs."""
    letters = ""
    for i, token in enumerate(tokens):
        if i in verbs:
            letters += VERB
        elif token.is_clitic:
            letters += CLITIC
        elif is_name(tokens, i, names) or (letters.endswith(NAME) and joins_names(tokens, i)):
            letters += NAME
        elif token.word == "that" and is_name(tokens, i + 1, names):
            letters += OTHER
        else:
            letters += tag_common(token, "" if token.breaks else letters[-1:])
    return letters


def joins_names(tokens: Sequence[Token], i: int) -> bool:
    """Whether a word after a name belongs to it: a numeral that looks like a pronoun, or `da` before Vinci."""
    token = tokens[i]
    is_particle = token.word in PARTICLES and i + 1 < len(tokens) and tokens[i + 1].is_capital
    return not token.breaks and (token.text == "I" or is_particle)


def tag_common(token: Token, before: str) -> str:
    """The letter of a word that is no name, `before` being that of the word before it."""
    word = token.word
    if word[0].isdigit():
        return NUMBER
    if word == "of":
        return OF
    if word in ORDINALS:
        return NOUN if before == DETERMINER else OTHER
    if word in DETERMINERS:
        return DETERMINER
    if word in FUNCTION_WORDS:
        return OTHER
    # After a determiner any other word is a noun or stands before one: "the launch", "a planned place".
    return VERB if is_finite(word) and before != DETERMINER else NOUN


def is_name(tokens: Sequence[Token], i: int, known: Collection[str] = ()) -> bool:
    """Whether a capital is a name's; where a sentence begins, it may be there for that alone."""
    if i >= len(tokens):
        return False
    token = tokens[i]
    if not token.is_capital or (token.word in FUNCTION_WORDS and token.opens):
        return False
    if not token.opens or token.text in known or token.text[1:2].isupper():
        return token.word not in FUNCTION_WORDS or token.word in ("may", "will")
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if after is None or after.opens or token.word in VERBS | NOUN_VERBS:
        return False
    if after.breaks:
        return after.is_capital  # "Saturn, Jupiter and Uranus"
    is_subject = (after.word in AUXILIARIES or is_finite(after.word)) and not is_plural(token.word)
    return is_subject or after.is_capital or after.is_clitic or after.text[0].isdigit()
