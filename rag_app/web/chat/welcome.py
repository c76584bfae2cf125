"""Draws the welcome of a new chat: how many documents the collection has, and questions that they answer."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import streamlit as st

from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.settings import Settings
from rag_app.web.chat.background_answer import open_chain, wait_for_answers
from rag_app.web.components import draw_error, plain
from rag_app.web.session_settings import page_settings
from vectorstore.errors import CollectionError, RagError

HINT = "Ask in whole sentences. Each sentence of an answer opens the exact words of a document that say so."
# Suggestions that are found within this time are drawn with the page.
AT_ONCE_S = 0.2
POLL_S = 0.5
Ask = Callable[[str], None]
logger = logging.getLogger(__name__)


def draw_welcome(*, ask: Ask) -> None:
    """Overview and suggestions; `ask` is called with the question that is clicked."""
    settings = page_settings()
    try:
        with st.spinner("Opening the collection …"):
            sources, generation = ready_sources(settings)
    except RagError as error:
        draw_error(error, key="notice")
        st.button("Try again", icon=":material/refresh:")
        return
    with st.container(key="overview"):
        documents = f"{len(sources):,} document{'' if len(sources) == 1 else 's'}"
        st.text(f"{documents} in the collection {settings.collection}.")
        st.text(HINT)
    folder = SAMPLES_DIR.resolve()
    if all(Path(source).is_relative_to(folder) for source in sources):
        draw_questions(SUGGESTED_QUESTIONS, ask=ask)
    else:
        draw_suggestions(settings, generation, ask=ask)


def ready_sources(settings: Settings) -> tuple[list[str], int]:
    """The documents that can be asked, and the collection's generation.

    Raises RagError for a collection that is missing, cannot be opened or has no document.
    """
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now
    from vectorstore.types import READY

    store = build_store(settings)
    sources = [record.source for record in store.catalogue.sources() if record.state == READY]
    if not sources:
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    return sources, store.catalogue.generation()


def draw_suggestions(settings: Settings, generation: int, *, ask: Ask) -> None:
    """Found by quotes, whoever answers: no chat model is asked, nor an embedding model that is paid by the question."""
    from vectorstore.embeddings import is_remote

    if is_remote(settings.embeddings):
        return
    found = find_suggestions(settings.model_copy(update={"llm": "quotes", "verifier": None}), generation)
    try:
        draw_questions(found.result(AT_ONCE_S), ask=ask)
    except TimeoutError:
        redraw_when_found(found)


@st.fragment(run_every=POLL_S)
def redraw_when_found(found: "Future[Sequence[str]]") -> None:
    if found.done():
        st.rerun()


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Settings: Settings.model_dump_json})
def find_suggestions(settings: Settings, generation: int) -> "Future[Sequence[str]]":  # noqa: ARG001 (part of the key)
    """Questions that the collection answers, found in the background once for each generation of it."""
    found: Future[Sequence[str]] = Future()
    # Not by an executor, whose threads keep the process from ending.
    threading.Thread(
        target=lambda: found.set_result(answered_questions(settings)), name="suggestions", daemon=True
    ).start()
    return found


def answered_questions(settings: Settings) -> list[str]:
    from rag_app.library.suggested_questions import suggest
    from rag_app.wiring import build_store

    try:
        return list(suggest(build_store(settings).catalogue, open_chain(settings), before_each=wait_for_answers))
    except RagError as error:
        logger.info("no question is suggested: %s", error.message)
    except Exception:
        logger.exception("no question is suggested")
    return []


def draw_questions(questions: Sequence[str], *, ask: Ask) -> None:
    with st.container(key="suggestions", horizontal=True):
        for question in questions:
            st.button(plain(question), key=f"suggested-{question}", on_click=ask, args=(question,))
