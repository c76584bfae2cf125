"""Prompts a chat model with passages and streams the answer that it writes."""

from collections.abc import Generator

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import RunnableConfig

from prompts import load_prompt
from rag_app.answering.generation.markers import MarkerStream
from rag_app.answering.generation.prompt_context import Context, context_budget, estimate_tokens, without_fences
from rag_app.answering.generation.sanitize import make_inert
from rag_app.types import REFUSAL
from vectorstore.provider_errors import explain_provider_error, explain_unfinished


def write(
    question: str, context: Context, chat_model: BaseChatModel, *, config: RunnableConfig, answered_by: str
) -> Generator[str, None, str]:
    """Yield the model's text without its markers as it is written, and return it whole, with them.

    Without a passage nothing is asked. Raises RagError where the model fails.
    """
    if not context.passages:
        return ""
    written: BaseMessageChunk | None = None
    stream = MarkerStream()
    try:
        for piece in chat_model.stream(render(question, context.text), config):
            written = piece if written is None else written + piece
            if bare := stream.feed(piece.text):
                yield bare
    except Exception as error:  # every provider raises its own
        raise explain_provider_error(error, answered_by) from error
    if written is None:
        return ""
    if unfinished := explain_unfinished(written, answered_by):
        raise unfinished
    if rest := stream.close():
        yield rest
    return without_fences(written.text)


def render(question: str, passages: str) -> list[BaseMessage]:
    """The messages for a model. The question can have been written by one that read documents: it is inert too."""
    values = {"refusal": REFUSAL, "passages": passages, "question": make_inert(question)}
    return load_prompt("answer").format_messages(**values)


def room_for_passages(question: str, chat_model: BaseChatModel, *, at_most: int) -> int:
    """The tokens that passages may take beside all else that stands in the prompt."""
    prompt_tokens = sum(estimate_tokens(message.text) for message in render(question, ""))
    return context_budget(chat_model, prompt_tokens=prompt_tokens, at_most=at_most)
