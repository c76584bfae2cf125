"""Whether a question as a model rewrote it can be used: small models write anything."""

import re
from functools import cache

from prompts import load_prompt
from rag_app.answering.generation.markers import without_markers
from rag_app.followups.languages import topic_words
from rag_app.followups.tokens import tokenize
from rag_app.followups.words import AUXILIARIES, QUESTION_WORDS

MOST_CHARACTERS = 400
# A name or two is what a rewrite adds.
MOST_TIMES_LONGER, MOST_CHARACTERS_MORE = 2, 150
LEAST_KEPT = 0.5
LEAST_KNOWN = 0.5
LABEL = re.compile(
    r"\A(?:sure|certainly|of course|here (?:is|'s)[^:\n]{0,60}"
    r"|(?:the )?(?:(?:rewritten|rephrased|stand-?alone|last|new|final) )*(?:question|rewrite|output)(?: is)?)"
    r"\s*[:!,.]\s*",
    re.IGNORECASE,
)
QUOTES = tuple("\"'“”„‘’«»`*_")
ROLE = re.compile(r"\b(?:human|ai|assistant|user|conversation|last question)\s*:", re.IGNORECASE)
QUESTION_MARKS = re.compile(r"[?？؟]+")
WORD = re.compile(r"\w+")
# So many words in a row that stand in the prompt are the prompt's.
WORDS_OF_PROMPT = 5


def tidy(written: str) -> str:
    """What a model wrote without quotation marks around it and without a label such as "Rewritten question:"."""
    before, tidied = "", written
    while before != tidied:
        before, tidied = tidied, LABEL.sub("", tidied.strip()).strip()
        if len(tidied) > 1 and tidied[0] in QUOTES and tidied[-1] in QUOTES:
            tidied = tidied[1:-1]
    return tidied


def is_usable(written: str, question: str, talk: str) -> bool:
    """Whether it is one question on one line, of bounded length, about the same, and no answer.

    A mere copy of the question is not: where it refers back, the rules may do better.
    """
    is_copy = written.lower() == question.lower()
    is_question = not is_copy and has_form_of(written, question) and not is_of_prompt(written)
    return is_question and is_about(written, question, talk)


def has_form_of(written: str, question: str) -> bool:
    """One line, not too long, without markers; a question if the other is one, and not more of them."""
    longest = min(MOST_CHARACTERS, MOST_TIMES_LONGER * len(question) + MOST_CHARACTERS_MORE)
    is_line = 0 < len(written) <= longest and len(written.splitlines()) == 1
    return is_line and asks_like(written, question) and without_markers(written) == written


def asks_like(written: str, question: str) -> bool:
    """Whether it ends in its only question mark, where the question has one, or begins as the question does."""
    asked, asks = (len(QUESTION_MARKS.findall(text)) for text in (question, written))
    if asks:
        return asks <= max(asked, 1) and written[-1] in "?？؟"
    return not asked and begins_as_question(question) <= begins_as_question(written)


def begins_as_question(text: str) -> bool:
    words = [token.word for token in tokenize(text)][:2]
    return words[:1] != [] and (words[0] in QUESTION_WORDS | AUXILIARIES or words[-1] in QUESTION_WORDS)


def is_about(written: str, question: str, talk: str) -> bool:
    """At least half of the question's words kept, and at least half of what is written said before."""
    words, asked = topic_words(written), topic_words(question)
    known = words & (asked | topic_words(talk))
    return bool(known) and len(known) >= LEAST_KNOWN * len(words) and len(words & asked) >= LEAST_KEPT * len(asked)


def is_of_prompt(written: str) -> bool:
    """Whether it names who speaks, as the prompt does, or repeats the prompt's rules."""
    return bool(ROLE.search(written)) or not word_runs(written).isdisjoint(prompt_runs())


@cache
def prompt_runs() -> frozenset[str]:
    messages = load_prompt("rewrite").format_messages(history="", question="")
    return frozenset[str]().union(*(word_runs(message.text) for message in messages))


def word_runs(text: str) -> frozenset[str]:
    words = WORD.findall(text.lower())
    return frozenset(" ".join(words[i : i + WORDS_OF_PROMPT]) for i in range(len(words) - WORDS_OF_PROMPT + 1))
