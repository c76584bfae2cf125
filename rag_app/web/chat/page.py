"""The page *Chat*: the conversation, and the open source in a second column."""

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag_app.web.chat.answer_view import draw_outcome, draw_progress
from rag_app.web.chat.background_answer import BackgroundAnswer
from rag_app.web.chat.conversation import Conversation, Turn, current, start_new
from rag_app.web.chat.welcome import draw_welcome
from rag_app.web.components import draw_error
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.links import draw_source_panel
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.types import Answer

# An answer that takes no longer is drawn at once, without the words on its progress.
AT_ONCE_S = 0.3
# How often the page looks at the progress of an answer.
POLL_S = 0.2
WAITING = "Waits for the answer before it …"


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
        conversation.save(turn)


@st.fragment(run_every=POLL_S)
def draw_running(conversation: Conversation, turn: Turn, running: BackgroundAnswer, *, key: str) -> None:
    """Redrawn again and again by itself, so that nothing else on the page has to be, or has to wait."""
    if turn.running is None or running.has_ended():
        st.rerun()
    draw_progress(running, key=key, on_stop=conversation.stop)


def draw_finished(conversation: Conversation, turn: Turn, outcome: "Answer | RagError", *, key: str) -> None:
    draw_outcome(conversation, turn, outcome, key=key)
    if isinstance(outcome, RagError):
        st.button(
            "Try again",
            key=f"again-{key}",
            icon=":material/refresh:",
            on_click=conversation.ask_again,
            args=(turn,),
        )
    if turn.save_error:
        draw_error(RagError(f"this is not kept: {turn.save_error}", "rag doctor"), key=f"unsaved-{key}")
