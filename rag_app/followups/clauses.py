"""From a question to its parts: what asks, the auxiliary, the subject, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.followups.tagging import is_name
from rag_app.followups.tokens import Token, tokenize
from rag_app.followups.words import (
    ADVERBS,
    AUXILIARIES,
    BE,
    CONJUNCTIONS,
    DEMONSTRATIVES,
    DETERMINERS,
    FUNCTION_WORDS,
    NOUN_VERBS,
    ORDINALS,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
    VERBS,
    is_adjective,
    is_finite,
    is_past,
)

# Before a question, and no part of it: "And who landed?"
LEADING = frozenset(["also", "and", "but", "ok", "okay", "or", "so", "then", "well"])
HAVE = frozenset(["had", "has", "have"])
HOW_MUCH = frozenset(["far", "few", "little", "long", "many", "much", "often", "soon"])
LONGEST_ASKING = 6


@dataclass(frozen=True, slots=True)
class Clause:
    """A question in tokens; each part is a range of their numbers.

    `asking` is `How tall` or `In which year`, empty where yes or no is asked. In "Who stayed in orbit?" what asks is
    the subject: then `auxiliary` and `subject` are empty and `rest` begins with the verb.
    """

    text: str
    tokens: Sequence[Token]
    asking: range
    auxiliary: range
    subject: range
    rest: range

    @property
    def asks_for_subject(self) -> bool:
        return not self.subject

    @property
    def question_word(self) -> str:
        return next((self.tokens[i].word for i in self.asking if self.tokens[i].word in QUESTION_WORDS), "")

    @property
    def end_of_asking(self) -> int:
        """The character after what asks; 0 where nothing does."""
        return self.tokens[self.asking[-1]].end if self.asking else 0

    @property
    def verbs(self) -> range:
        """The token that begins the rest, where it is a verb by its place."""
        return self.rest[:1] if self.rest and is_verb_here(self.tokens[self.rest[0]].word) else range(0)

    def words(self, part: range) -> str:
        """The words of a part as they stand in the question."""
        return self.text[self.tokens[part[0]].start : self.tokens[part[-1]].end] if part else ""


def parse_question(text: str) -> Clause | None:
    """The parts of the first clause; None where the text is no question of English in one of the usual forms."""
    tokens = tokenize(text)
    start = next((i for i, token in enumerate(tokens) if token.word not in LEADING), 0)
    asking = find_asking(tokens, start)
    position = asking.stop if asking else start
    if position >= len(tokens):
        return None
    if not is_auxiliary(tokens, position):
        is_subject = bool(asking) and asks_for_thing(tokens, asking)
        rest = range(position, len(tokens))
        return Clause(text, tokens, asking, range(0), range(0), rest) if is_subject else None
    if asking and is_subject_asked(tokens, asking, position):
        return Clause(text, tokens, asking, range(0), range(0), range(position, len(tokens)))
    end = find_subject_end(tokens, position)
    if end == position + 1:
        return None
    auxiliary, subject = range(position, position + 1), range(position + 1, end)
    return Clause(text, tokens, asking, auxiliary, subject, range(end, len(tokens)))


def without_parts(text: str) -> Clause:
    """A text that is no question, such as "Explain the alarm", in which nothing is told apart."""
    tokens = tokenize(text)
    return Clause(text, tokens, range(0), range(0), range(0), range(len(tokens)))


def find_asking(tokens: Sequence[Token], start: int) -> range:
    """`Who`, `How tall`, `In which year`, `How many keys`: from the question word to before the verb; may be empty."""
    i = start
    if i + 1 < len(tokens) and tokens[i].word in PREPOSITIONS:
        i += 1
    if i >= len(tokens) or tokens[i].word not in QUESTION_WORDS:
        return range(start, start)
    end = i + 1
    while (
        end < len(tokens) and end - i < LONGEST_ASKING and not tokens[end].breaks and continues_asking(tokens, i, end)
    ):
        end += 1
    return range(start, end)


def continues_asking(tokens: Sequence[Token], question: int, i: int) -> bool:
    word = tokens[i].word
    if word in ("else", "exactly"):
        return True
    if tokens[question].word not in ("how", "what", "which", "whose") or tokens[i].is_clitic:
        return False
    if word in HOW_MUCH | {"of"}:
        return True
    if word in FUNCTION_WORDS or is_name(tokens, i):
        return False
    return not is_finite(word) or tokens[i - 1].word in ORDINALS


def asks_for_thing(tokens: Sequence[Token], asking: range) -> bool:
    words = [tokens[i].word for i in asking]
    return words[0] in ("who", "what", "which", "whose") or words[:2] in (["how", "many"], ["how", "much"])


def is_auxiliary(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    return token.word in AUXILIARIES or (
        token.word in ("'s", "'re", "'d", "'ll") and tokens[i - 1].word in QUESTION_WORDS
    )


def is_subject_asked(tokens: Sequence[Token], asking: range, auxiliary: int) -> bool:
    """Whether a verb follows the auxiliary: "How many samples were brought back?", "Who has walked on the Moon?"."""
    following = tokens[auxiliary + 1].word if auxiliary + 1 < len(tokens) else ""
    if not asks_for_thing(tokens, asking) or tokens[auxiliary].word in ("did", "do", "does"):
        return False
    is_modal = tokens[auxiliary].word not in BE | HAVE
    return is_past(following) or following == "been" or (is_modal and following in VERBS | NOUN_VERBS)


def find_subject_end(tokens: Sequence[Token], auxiliary: int) -> int:
    """Where the subject after an auxiliary ends: before the verb, a participle, an adjective or a preposition."""
    start = auxiliary + 1
    end = find_boundary(tokens, start)
    if end - start <= 1:
        return end
    if tokens[auxiliary].word not in BE | HAVE | {"'s", "'re"}:
        has_plain_verb = end < len(tokens) and tokens[end].word in ("be", "do", "have")
        return end if has_plain_verb else find_verb(tokens, start, end)
    participle = next((i for i in range(start + 1, end) if is_participle(tokens, i)), end)
    has_determiner = tokens[start].word in DETERMINERS
    if not has_determiner and tokens[start].is_capital and not any(token.is_clitic for token in tokens[start:end]):
        common = (i for i in range(start + 1, participle) if is_common(tokens, i))
        return next(common, participle)
    has_adjective = participle - start > 2 and is_adjective(tokens[participle - 1].word)
    return participle - 1 if has_adjective else participle


def find_boundary(tokens: Sequence[Token], start: int) -> int:
    """Where the nouns after an auxiliary end at the latest; `of` and an `and` between names are within."""
    if start < len(tokens) and tokens[start].word in PRONOUNS - {"her", "his", "its", "their"}:
        return start + 1
    i = start
    while i < len(tokens) and (i == start or not tokens[i].breaks) and is_within_subject(tokens, start, i):
        i += 1
    return i


def is_within_subject(tokens: Sequence[Token], start: int, i: int) -> bool:
    token, before = tokens[i], tokens[i - 1].word
    if token.is_clitic or token.word == "of" or is_name(tokens, i):
        return True
    if token.word == "and":
        return is_name(tokens, i - 1) and is_name(tokens, i + 1)
    if token.word in DETERMINERS:
        return i == start or before in ("of", "and")
    if token.word in ORDINALS:
        return before in DETERMINERS | {"'s"}
    return token.word not in FUNCTION_WORDS


def find_verb(tokens: Sequence[Token], start: int, end: int) -> int:
    """The verb after `did` and its like: a verb by the tables, else the last word that is no name."""
    if tokens[start].word in DEMONSTRATIVES and end - start == 2:
        return start + 1
    first = start + 2 if tokens[start].word in DETERMINERS else start + 1
    common = [i for i in range(first, end) if is_common(tokens, i)]
    for verbs in (VERBS, NOUN_VERBS):
        found = [i for i in common if tokens[i].word in verbs]
        if found:
            return found[0] if verbs is VERBS else found[-1]
    return common[-1] if common else end


def is_participle(tokens: Sequence[Token], i: int) -> bool:
    before = tokens[i - 1].word
    is_after_noun = before not in DETERMINERS | ORDINALS | {"of"}
    word = tokens[i].word
    return is_after_noun and (is_past(word) or (word.endswith("ing") and is_name(tokens, i - 1)))


def is_common(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    is_number = token.text[0].isdigit()
    return (
        not (token.is_capital or is_number or token.is_clitic or token.word in ("of", "and"))
        and token.word not in DETERMINERS
    )


def is_verb_here(word: str) -> bool:
    return word not in PREPOSITIONS | CONJUNCTIONS | ADVERBS | DETERMINERS | PRONOUNS
