"""From a question in a conversation to one that stands by itself, to search with."""

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableConfig

from prompts import load_prompt

# A question with one of these, or with hardly a word of its own, speaks of what was said before.
REFERS_BACK = re.compile(
    r"\b(he|she|it|they|him|her|his|hers|its|them|their|theirs|this|that|these|those|there|then|one|ones)\b"
    r"|^\s*(and|but|so|or|what about|how about)\b[^.]{0,20}\??\s*$"
    r"|^\s*(why|when|where|who|which|how)(\s+\w+)?\s*\??\s*$",
    re.IGNORECASE,
)
HISTORY_MESSAGES = 6
MAX_REWRITE_CHARACTERS = 400
WORDS = re.compile(r"\w+")


def standalone_question(
    question: str,
    history: Sequence[BaseMessage],
    *,
    chat_model: BaseChatModel | None,
    config: RunnableConfig,
) -> str:
    """The question to search with: rewritten by the chat model where there is one, by a rule otherwise."""
    if not history:
        return question
    if chat_model is None:
        return with_last_question(question, history)
    talk = "\n".join(f"{message.type}: {message.text}" for message in history[-HISTORY_MESSAGES:])
    rewrite = load_prompt("rewrite") | chat_model | StrOutputParser()
    try:
        written = rewrite.invoke({"history": talk, "question": question}, config).strip()
    except Exception:  # noqa: BLE001 (every provider raises its own; the answer's own request will tell of it)
        written = ""
    return written if is_usable(written, question, talk) else with_last_question(question, history)


def with_last_question(question: str, history: Sequence[BaseMessage]) -> str:
    """The question with the one before it in front, if it refers back to something."""
    asked = [message.text for message in history if isinstance(message, HumanMessage)]
    return f"{asked[-1]} {question}" if asked and REFERS_BACK.search(question) else question


def is_usable(written: str, question: str, talk: str) -> bool:
    """One line of bounded length that shares a word with the conversation; small models write anything."""
    words = set(WORDS.findall(written.lower()))
    is_short = 0 < len(written) <= MAX_REWRITE_CHARACTERS and "\n" not in written
    return is_short and bool(words & set(WORDS.findall(f"{question} {talk}".lower())))
