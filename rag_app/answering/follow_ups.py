"""Prepares a follow-up for search: rewritten by the chat model, or joined by key words of the conversation before it.

The words weigh less than the question's own, the further back the less: a question that leaves much out is searched
by them, and one that changes the topic has enough rare words of its own.
"""

import re
from collections.abc import Iterator, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableConfig

from prompts import load_prompt
from rag_app.answering.generation.generate import make_inert
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.types import REFUSAL
from vectorstore import LexicalReader, Question
from vectorstore.text_analysis import ENGLISH, read_words

HISTORY_MESSAGES = 6
# Of the questions before, the last one first, and of the last answer, which names what was asked for.
QUESTION_WEIGHTS = (0.5, 0.25)
ANSWER_WEIGHT = 0.2
# Of a long message the beginning is read: names and topics are there.
MOST_CHARACTERS_READ = 1_500
MOST_KEY_WORDS = 8
# A rewrite adds a name or two. With a label before it, one that can be used is shorter than twice the bound.
MOST_CHARACTERS = 400
MOST_TIMES_LONGER, MOST_CHARACTERS_MORE = 2, 150
LEAST_KEPT = LEAST_KNOWN = 0.5

WORD = re.compile(r"\w+")
LABEL = re.compile(
    r"\A(?:sure|certainly|of course|here (?:is|'s)[^:\n]{0,60}"
    r"|(?:the )?(?:(?:rewritten|rephrased|stand-?alone|last|new|final) )*(?:question|rewrite|output)(?: is)?)"
    r"\s*[:!,.]\s*",
    re.IGNORECASE,
)
QUOTES = tuple("\"'“”„‘’«»`*_")
# Words of the prompt, which small models repeat: who speaks, and what is asked for.
OF_PROMPT = re.compile(
    r"\b(?:human|ai|assistant|user|conversation|last question)\s*:|without the conversation", re.IGNORECASE
)
QUESTION_MARKS = re.compile(r"[?？؟]+")


def prepare_question(
    text: str,
    history: Sequence[BaseMessage],
    *,
    lexical: LexicalReader,
    chat_model: BaseChatModel | None,
    config: RunnableConfig,
) -> Question:
    """The question as it is searched, with at least one message before it.

    A rewrite by the chat model is used if it is one question about the same (`is_usable`), else key words are added.
    """
    recent = history[-HISTORY_MESSAGES:]
    if chat_model is not None:
        conversation = "\n".join(show_turn(message) for message in recent)
        written = tidy(ask_model(text, conversation, chat_model, config))
        if is_usable(written, text, conversation, lexical):
            return Question(written)
    return Question(text, tuple(earlier_words(text, recent, lexical)))


def earlier_words(text: str, history: Sequence[BaseMessage], lexical: LexicalReader) -> Iterator[tuple[str, float]]:
    """The key words of the last questions and of the last answer that the question has not itself, with weights.

    Where the question has no key word itself ("Why?"), those of the last question weigh as its own.
    """
    languages = lexical.languages
    language = max(languages, key=languages.__getitem__, default=ENGLISH)
    scale = 1.0 if key_words(text, language) else 1 / QUESTION_WEIGHTS[0]
    seen = {word.lower() for word in WORD.findall(text)}
    questions = [message for message in reversed(history) if isinstance(message, HumanMessage)]
    weighed: list[tuple[BaseMessage, float]] = list(zip(questions, QUESTION_WEIGHTS, strict=False))
    if not isinstance(history[-1], HumanMessage) and REFUSAL not in history[-1].text:
        weighed.append((history[-1], ANSWER_WEIGHT))
    for message, weight in weighed:
        words = {word.lower(): word for word in key_words(message.text, language) if word.lower() not in seen}
        seen |= words.keys()
        if words:
            yield " ".join(list(words.values())[:MOST_KEY_WORDS]), weight * scale


def key_words(text: str, language: str) -> list[str]:
    """The words of a text that are no stop words, as written."""
    text = without_markers(text[:MOST_CHARACTERS_READ])
    kept, written = read_words(text, language), WORD.findall(text)
    shown = written if len(written) == len(kept) else kept  # where no spaces part the words these are pairs of signs
    return [word for word, is_key in zip(shown, kept, strict=True) if word and is_key]


def show_turn(message: BaseMessage) -> str:
    """A turn as the prompt has it, on one line: what an answer quotes of a document begins no other."""
    return f"{message.type}: {make_inert(' '.join(without_markers(message.text).split()))}"


def ask_model(question: str, conversation: str, chat_model: BaseChatModel, config: RunnableConfig) -> str:
    """What the model writes, or the beginning of it: small models go on and on. Empty where it fails."""
    rewrite = load_prompt("rewrite") | chat_model | StrOutputParser()
    written = ""
    try:
        for piece in rewrite.stream({"history": conversation, "question": make_inert(question)}, config):
            written += piece
            if len(written) > 2 * MOST_CHARACTERS:
                break
    except Exception:  # noqa: BLE001 (every provider raises its own; the answer's own request will report it)
        return ""
    return written.replace(WORD_JOINER, "")


def tidy(written: str) -> str:
    """What a model wrote without quotation marks around it and without a label such as "Rewritten question:"."""
    before, tidied = "", written
    while before != tidied:
        before, tidied = tidied, LABEL.sub("", tidied.strip()).strip()
        if len(tidied) > 1 and tidied[0] in QUOTES and tidied[-1] in QUOTES:
            tidied = tidied[1:-1]
    return tidied


def is_usable(written: str, question: str, conversation: str, lexical: LexicalReader) -> bool:
    """Whether it is one question on one line, of bounded length, about the same, and no answer.

    A mere copy of the question is not: where it refers back, the key words find more.
    """
    is_question = (
        written.lower() != question.lower() and has_form_of(written, question) and not OF_PROMPT.search(written)
    )
    if not is_question:
        return False
    words, asked = set(lexical.terms(written)), set(lexical.terms(question))
    known = words & (asked | set(lexical.terms(conversation)))
    return bool(known) and len(known) >= LEAST_KNOWN * len(words) and len(words & asked) >= LEAST_KEPT * len(asked)


def has_form_of(written: str, question: str) -> bool:
    """One line, not too long, without markers; its only question mark at its end, or none as the question has none."""
    longest = min(MOST_CHARACTERS, MOST_TIMES_LONGER * len(question) + MOST_CHARACTERS_MORE)
    if not 0 < len(written) <= longest or len(written.splitlines()) != 1 or without_markers(written) != written:
        return False
    asked, asks = (len(QUESTION_MARKS.findall(text)) for text in (question, written))
    if asks:
        return asks <= max(asked, 1) and written[-1] in "?？؟"
    # Without question marks, an answer is known by another beginning than the question's.
    return not asked and first_word(written) == first_word(question)


def first_word(text: str) -> str:
    found = WORD.search(text)
    return found[0].lower() if found else ""
