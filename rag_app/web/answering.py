"""From a question of the page to its outcome, with a chain that is built once in a process."""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Conversation, Failure
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.chain import Request
    from rag_app.types import Answer

ShowText = Callable[[str], object]


def answer_turn(conversation: Conversation, number: int, *, show_text: ShowText) -> "Answer | Failure":
    """The answer of this turn's question; `show_text` gets the text so far, which is provisional."""
    from rag_app.chain import AnswerError

    request = {"question": conversation.turns[number].question, "history": conversation.history(number)}
    try:
        with st.spinner("Opening the model …"):
            chain = open_chain(page_settings())
        return stream(chain, request, show_text)
    except AnswerError as error:
        return Failure(error.message, error.hint, error.passages)
    except RagError as error:
        return Failure(error.message, error.hint)


def stream(chain: "Runnable[Request, Answer]", request: "Request", show_text: ShowText) -> "Answer":
    from rag_app.types import Answer

    text = ""
    updates = iter(chain.stream(request))
    with st.spinner("Searching the documents …"):
        first = next(updates)
    for update in itertools.chain([first], updates):
        if isinstance(update, Answer):
            return update
        text += str(update)
        show_text(text.encode("utf-8", "replace").decode())  # half a surrogate pair would end the connection
    raise RuntimeError("the chain ended without an Answer")


def open_chain(settings: Settings) -> "Runnable[Request, Answer]":
    from rag_app.wiring import build_store

    return cached_chain(settings, build_store(settings).catalogue.path.stat().st_ino)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={Settings: Settings.model_dump_json})
def cached_chain(settings: Settings, catalogue: int) -> "Runnable[Request, Answer]":  # noqa: ARG001 (part of the key)
    """Documents that are added are found by the store; `catalogue` tells a collection deleted and made anew."""
    from rag_app.wiring import build_answer_chain

    return build_answer_chain(settings)
