"""From a question word alone ("Why?", "In which year?", "When was that?") to a whole question, by the last one."""

import re

from rag_app.followups.antecedents import candidates
from rag_app.followups.clauses import HOW_MUCH, LEADING, Clause, find_asking, parse_question
from rag_app.followups.phrases import find_phrases
from rag_app.followups.talk import Talk
from rag_app.followups.tokens import tokenize
from rag_app.followups.words import AUXILIARIES, BE, QUESTION_WORDS, base_form, is_past

# What follows the question word where all of the last question is meant.
EVENT = re.compile(
    r"(?:(?P<auxiliary>are|did|does|is|was|were|'s) )?(?P<pronoun>it|that|this|these|those|so)"
    r"(?P<verb> (?:be|happen|happened|occur|possible|so|take place|the case|then))?"
)
PLAIN_WORDS = frozenset(["how", "when", "where", "why"])
ASKED_OF_SUBJECTS = frozenset(["who", "what", "which"])
# Of what asks, what is no noun or adjective that the rest may need.
NOT_LEFT = QUESTION_WORDS | HOW_MUCH | {"else", "exactly"}


def complete(question: str, talk: Talk) -> str | None:
    """The last question asked with this one's word; None where this one is whole or the last one unusual."""
    asking = find_bare_asking(question)
    clause = parse_question(talk.turns[-1].question) if asking else None
    if not asking or not clause or (refers(question) and asks_what_thing(clause)):
        return None
    if not clause.asks_for_subject:
        return ask_anew(asking, clause, talk)
    if asking.lower().split()[0] in ASKED_OF_SUBJECTS:
        return join(asking, clause.words(clause.rest))
    subject = answer_of(clause, talk) or noun_asked_for(clause)
    return ask_of_subject(asking, subject, clause) if subject else None


def refers(question: str) -> bool:
    return any(token.word in ("it", "that", "this", "these", "those") for token in tokenize(question))


def asks_what_thing(clause: Clause) -> bool:
    """Whether a thing was asked about, not what somebody did: "What is a saros?", then "When does it happen?"."""
    is_of_name = bool(clause.subject) and clause.tokens[clause.subject[0]].is_capital
    return clause.question_word == "what" and bool(clause.subject) and not is_of_name


def find_bare_asking(question: str) -> str | None:
    """`Why`, `In which year`, `How long` where no more than this is asked."""
    tokens = tokenize(question)
    start = next((i for i, token in enumerate(tokens) if token.word not in LEADING), len(tokens))
    asking = find_asking(tokens, start)
    rest = " ".join(token.word for token in tokens[asking.stop :])
    if not asking or (rest and not means_event(tokens[asking[-1]].word, rest)):
        return None
    words = question[tokens[asking[0]].start : tokens[asking[-1]].end]
    return words[0].upper() + words[1:]


def means_event(question_word: str, rest: str) -> bool:
    """Whether "was that" or "did it happen" after `when` means all that was asked, and not a thing."""
    match = EVENT.fullmatch(rest)
    if not match or question_word not in PLAIN_WORDS:
        return False
    if question_word in ("how", "where"):
        return match["verb"] is not None or (match["pronoun"] == "that" and match["auxiliary"] in ("did", "was"))
    return True


def ask_anew(asking: str, clause: Clause, talk: Talk) -> str:
    """`Why` after "When did Armstrong land?" as "Why did Armstrong land?"."""
    auxiliary = clause.words(clause.auxiliary).lower()
    auxiliary = "is" if auxiliary in ("'s", "’s") else auxiliary
    subject, rest = clause.words(clause.subject), clause.words(clause.rest)
    left = noun_asked_for(clause) if asking.lower() in PLAIN_WORDS else ""
    if auxiliary not in BE:
        return join(asking, auxiliary, subject, rest, left)
    if rest:
        return join(asking, auxiliary, subject, rest)
    return join(asking, auxiliary, answer_of(clause, talk) or "", subject, left)


def noun_asked_for(clause: Clause) -> str:
    """`tall` of `How tall`, `keys` of `How many keys`, `the company` of `Which company`."""
    words = " ".join(clause.tokens[i].text for i in clause.asking if clause.tokens[i].word not in NOT_LEFT)
    return f"the {words}" if words and clause.question_word in ("what", "which") else words


def ask_of_subject(asking: str, subject: str, clause: Clause) -> str:
    """`Why` after "Who stayed in orbit?" as "Why did Michael Collins stay in orbit?"."""
    verb, rest = clause.tokens[clause.rest[0]].word, clause.words(clause.rest[1:])
    if verb in AUXILIARIES:
        return join(asking, verb, subject, rest)
    return join(asking, "did" if is_past(verb) else "does", subject, base_form(verb), rest)


def answer_of(clause: Clause, talk: Talk) -> str | None:
    """The name of whoever was asked for, by the answer; None if it gives none."""
    if clause.question_word != "who":
        return None
    last = talk.turns[-1]
    asked = {phrase.shown for phrase in find_phrases(last.question, known=talk.names)}
    persons = (phrase for phrase in candidates("they", last, talk.names)[0] if phrase.kind in ("person", "persons"))
    return next((phrase.shown for phrase in persons if phrase.is_name and phrase.shown not in asked), None)


def join(*words: str) -> str:
    """The words as one question."""
    return " ".join(" ".join(words).rstrip(" ?.!").split()) + "?"
