"""A chat model called or refused becomes the message and the hint that a person is told."""

from collections.abc import Callable

import pytest
from langchain_core.language_models import BaseChatModel

from rag_app.answering.generation.chat_models import load_chat_model
from vectorstore.errors import RagError
from vectorstore.provider_errors import explain_provider_error

SPEC = "openai:test-model"
GREETING = "Say hello."


def error_of(model: BaseChatModel, *, spec: str = SPEC) -> tuple[str, str]:
    return told(explain_provider_error(failure_of(lambda: model.invoke(GREETING)), spec))


def failure_of(call: Callable[[], object]) -> Exception:
    """What a call raises, of whatever class: each provider's package has its own."""
    with pytest.raises(Exception, match=r".") as caught:
        call()
    return caught.value


def told(error: RagError) -> tuple[str, str]:
    return error.message, error.hint


def refusal_of(spec: str) -> RagError:
    with pytest.raises(RagError) as caught:
        load_chat_model(spec)
    return caught.value
