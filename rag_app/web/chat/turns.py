"""One question of the page *Chat* with what becomes of it: an answer in the making, then its outcome."""

from typing import Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag_app.web.chat.answer_view import Shown, draw_outcome, draw_progress
from rag_app.web.chat.background_answer import begin
from rag_app.web.chat.conversation import Conversation, keep, rate
from rag_app.web.chat.outcomes import Failure
from rag_app.web.session_settings import page_settings

# An answer that takes no longer is drawn at once, without a word on what is being done for it.
AT_ONCE_S = 0.3
# How often the page looks how far an answer in the making has come.
LOOK_S = 0.2
WAITING = "Waits for the answer before it …"


def draw_turn(conversation: Conversation, number: int) -> None:
    with st.chat_message("user"):
        st.text(conversation.turns[number].question)
    with st.chat_message("assistant"):
        if number == conversation.waiting():
            is_new = take_up(conversation, number)
            settle(conversation, number, within_s=AT_ONCE_S if is_new else 0)
        turn = conversation.turns[number]
        if turn.outcome is not None:
            with st.container():  # a fragment is one too: what it drew stays the same element, and nothing jumps
                draw_finished(conversation, number)
        elif number == conversation.waiting():
            draw_answering(conversation, number)
        else:
            st.caption(WAITING)


def take_up(conversation: Conversation, number: int) -> bool:
    """Begin to answer; False where that has been begun."""
    if conversation.answering:
        return False
    request = {"question": conversation.turns[number].question, "history": conversation.history(number)}
    context = get_script_run_ctx()
    session = context.session_id if context else ""
    conversation.answering = begin(
        page_settings(), request, is_watched=lambda: get_instance().is_active_session(session)
    )
    return True


def settle(conversation: Conversation, number: int, *, within_s: float) -> None:
    """Take over the outcome, if it is there or comes in time."""
    answering = conversation.answering
    if answering and answering.has_ended(within_s=within_s) and answering.outcome:
        conversation.finish(number, answering.outcome)
        keep(conversation, number)


@st.fragment(run_every=LOOK_S)
def draw_answering(conversation: Conversation, number: int) -> None:
    """Drawn again and again by itself, so that nothing else of the page has to be, or has to wait."""
    answering = conversation.answering
    if answering is None or answering.has_ended():
        st.rerun()
    draw_progress(answering.stage, answering.text, key=f"answer-{number}", on_stop=conversation.stop)


def draw_finished(conversation: Conversation, number: int) -> None:
    turn, key = conversation.turns[number], f"answer-{number}"
    if turn.outcome is None:
        return
    is_last = number == len(conversation.turns) - 1
    draw_outcome(
        turn.outcome,
        key=key,
        shown=Shown(
            is_last=is_last,
            is_fresh=conversation.fresh == number,
            is_kept=turn.kept is not None,
            feedback=turn.feedback,
        ),
        on_rate=lambda: rate_clicked(conversation, number, st.session_state[key]["rate"]),
        on_again=lambda: conversation.ask_again(number),
    )
    if isinstance(turn.outcome, Failure):
        st.button(
            "Try again",
            key=f"again-{number}",
            icon=":material/refresh:",
            on_click=conversation.ask_again,
            args=(number,),
        )
    if turn.unkept:
        draw_outcome(Failure(f"this is not kept: {turn.unkept}", "rag doctor"), key=f"unkept-{number}")


def rate_clicked(conversation: Conversation, turn: int, clicked: dict[str, Any]) -> None:
    from rag_app.library.conversations import Feedback

    is_good = clicked["good"]
    rate(conversation, turn, None if is_good is None else Feedback(is_good, clicked["note"]))
