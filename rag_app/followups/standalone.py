"""From a question in a conversation to one that stands by itself, to search with."""

from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableConfig

from prompts import load_prompt
from rag_app.answering.generation.marker_forms import WORD_JOINER
from rag_app.answering.generation.sanitize import make_inert
from rag_app.followups.antecedents import phrases_of_question
from rag_app.followups.clauses import LEADING, parse_question
from rag_app.followups.ellipsis import answer_of, complete
from rag_app.followups.languages import is_english, key_terms
from rag_app.followups.parts import complete_part
from rag_app.followups.phrases import learn_names
from rag_app.followups.references import resolve
from rag_app.followups.rewrites import MOST_CHARACTERS, is_usable, tidy
from rag_app.followups.talk import Talk, Turn
from rag_app.followups.tokens import one_line, plain, tokenize
from rag_app.types import REFUSAL

HISTORY_MESSAGES = 6
# Of a long message the beginning is read: names and topics stand there, and each turn stays a few milliseconds.
MOST_CHARACTERS_READ = 1500
# A longer question has enough words of its own.
LONGEST_FOLLOW_UP = 500
MOST_CHARACTERS_ADDED = 300
MOST_KEY_TERMS = 8
# With a label before it, a rewrite that can be used is shorter.
MOST_CHARACTERS_WRITTEN = 2 * MOST_CHARACTERS


def standalone_question(
    question: str,
    history: Sequence[BaseMessage],
    *,
    chat_model: BaseChatModel | None,
    config: RunnableConfig,
) -> str:
    """The question to search with, on one line: rewritten by the chat model where there is one, by rules otherwise.

    What the model writes is used if it is one question about the same (`is_usable`), else the rules' question is.
    """
    if not history:
        return question
    recent = history[-HISTORY_MESSAGES:]
    if chat_model is not None:
        talk = "\n".join(show_turn(message) for message in recent)
        written = tidy(ask_model(question, talk, chat_model, config))
        if is_usable(written, question, talk):
            return written
    return rewrite_by_rules(question, recent)


def show_turn(message: BaseMessage) -> str:
    """A turn as the prompt has it, on one line: what an answer quotes of a document begins no other."""
    return f"{message.type}: {make_inert(one_line(plain(message.text)))}"


def ask_model(question: str, talk: str, chat_model: BaseChatModel, config: RunnableConfig) -> str:
    """What the model writes, or the beginning of it: small models go on and on. Empty where it fails."""
    rewrite = load_prompt("rewrite") | chat_model | StrOutputParser()
    written = ""
    try:
        for piece in rewrite.stream({"history": talk, "question": make_inert(question)}, config):
            written += piece
            if len(written) > MOST_CHARACTERS_WRITTEN:
                break
    except Exception:  # noqa: BLE001 (every provider raises its own; the answer's own request will tell of it)
        return ""
    return written.replace(WORD_JOINER, "")


def rewrite_by_rules(question: str, history: Sequence[BaseMessage]) -> str:
    """The question with what it refers to, by rules of English; each earlier question is first made to stand alone."""
    turns: list[Turn] = []
    for message in history:
        text = message.text[:MOST_CHARACTERS_READ]
        if isinstance(message, HumanMessage):
            turns.append(Turn(rewrite(one_line(text), turns), ""))
        elif isinstance(message, AIMessage) and turns and REFUSAL not in text:
            turns[-1] = Turn(turns[-1].question, plain(text))
    return rewrite(one_line(question), turns)


def rewrite(question: str, turns: Sequence[Turn]) -> str:
    """The question as it stands after these turns; itself where it refers to nothing, or no rule is sure."""
    if not turns or len(question) > LONGEST_FOLLOW_UP:
        return question
    talk = Talk(turns, learn_names([text for turn in turns for text in (turn.question, turn.answer)]))
    written = question
    if is_english(question, before=turns[-1].question):
        written = complete(question, talk) or follow(question, talk)
    if not key_terms(written):
        written = with_key_phrase(question, talk)
    return one_line(written) if len(written) <= len(question) + MOST_CHARACTERS_ADDED else question


def follow(question: str, talk: Talk) -> str:
    """The question with its references replaced, completed where it then is but a part of one."""
    resolved = resolve(question, talk)
    completed = complete_part(resolved, talk)
    return completed or (resolved if resolved == question else without_leading(resolved))


def without_leading(question: str) -> str:
    """`And when was Collins born?` as `When was Collins born?`."""
    tokens = tokenize(question)
    start = next((token.start for token in tokens if token.word not in LEADING), 0)
    return question[start : start + 1].upper() + question[start + 1 :]


def with_key_phrase(question: str, talk: Talk) -> str:
    """A question without a word of its own, with what the last question was about."""
    last = talk.turns[-1].question
    clause = parse_question(last) if is_english(last) else None
    phrases = phrases_of_question(last, clause, talk.names) if clause else []
    named = next((phrase.shown for phrase in phrases if phrase.kind != "bare"), None)
    about = named or (clause and answer_of(clause, talk)) or " ".join(key_terms(last)[:MOST_KEY_TERMS])
    return f"{question.rstrip(' ?')}: {about}?" if about else question
