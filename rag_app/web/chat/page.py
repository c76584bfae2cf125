"""Draws the page *Chat*: the welcome or the conversation, and the open source in a second column."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.settings import Settings
from rag_app.web.chat.answer_view import draw_outcome, draw_progress
from rag_app.web.chat.background_answer import BackgroundAnswer, open_chain, wait_for_answers
from rag_app.web.chat.conversation import Conversation, Turn, current, start_new
from rag_app.web.components import POLL_S, counted, draw_error, in_background, plain, result_of
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.links import draw_source_panel
from vectorstore.errors import CollectionError, RagError

if TYPE_CHECKING:
    from rag_app.types import Answer

HINT = "Ask in whole sentences. Each sentence of an answer opens the exact words of a document that say so."
WAITING = "Waits for the answer before it …"
# An answer that takes no longer is drawn at once, without the words on its progress.
AT_ONCE_S = 0.3
Ask = Callable[[str], None]
logger = logging.getLogger(__name__)


def show() -> None:
    conversation = current()
    st.chat_input("Ask about your documents", key="typed", on_submit=ask_typed)
    chat, panel = st.columns([11, 9], gap="large")
    with chat:
        draw_heading(conversation)
        if not conversation.turns:
            draw_welcome(ask=conversation.ask)
        for number, turn in enumerate(conversation.turns):
            draw_turn(conversation, turn, key=f"answer-{number}")
    with panel, st.container(key="panel"):
        draw_source_panel("source", of=conversation.id)


def ask_typed() -> None:
    current().ask(st.session_state["typed"])


def draw_heading(conversation: Conversation) -> None:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Ask your documents", anchor=False)
        if conversation.turns:
            st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=start_new)


def draw_turn(conversation: Conversation, turn: Turn, *, key: str) -> None:
    with st.chat_message("user"):
        st.text(turn.question)
    with st.chat_message("assistant"):
        if turn is conversation.pending():
            answer_pending(conversation, turn)
        if turn.outcome is not None:
            with st.container():  # as the fragment of an answer in progress is one, the element stays and nothing jumps
                draw_finished(conversation, turn, turn.outcome, key=key)
        elif turn.running:
            draw_running(conversation, turn, turn.running, key=key)
        else:
            st.caption(WAITING)


def answer_pending(conversation: Conversation, turn: Turn) -> None:
    """Start to answer, or see whether the answer is there."""
    within_s = 0.0
    if turn.running is None:
        context = get_script_run_ctx()
        session = context.session_id if context else ""
        turn.running = BackgroundAnswer(
            page_settings(),
            {"question": turn.question, "history": conversation.history(turn)},
            is_watched=lambda: get_instance().is_active_session(session),
        ).start()
        within_s = AT_ONCE_S
    if turn.running.has_ended(within_s=within_s) and turn.running.outcome:
        conversation.finish(turn, turn.running.outcome)


@st.fragment(run_every=POLL_S)
def draw_running(conversation: Conversation, turn: Turn, running: BackgroundAnswer, *, key: str) -> None:
    """Redrawn again and again by itself, so that nothing else on the page has to be, or has to wait."""
    if turn.running is None or running.has_ended():
        st.rerun()
    draw_progress(conversation, running, key=key)


def draw_finished(conversation: Conversation, turn: Turn, outcome: "Answer | RagError", *, key: str) -> None:
    draw_outcome(conversation, turn, outcome, key=key)
    if turn.save_error:
        draw_error(RagError(f"this is not kept: {turn.save_error}", "rag doctor"), key=f"unsaved-{key}")


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
        st.text(f"{counted(len(sources), 'document')} in the collection {settings.collection}.")
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
    questions = result_of(found)
    draw_questions(questions or [], ask=ask)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Settings: Settings.model_dump_json})
def find_suggestions(settings: Settings, generation: int) -> "Future[list[str]]":  # noqa: ARG001 (part of the key)
    """Questions that the collection answers, found once for each generation of it."""
    return in_background(lambda: answered_questions(settings))


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
