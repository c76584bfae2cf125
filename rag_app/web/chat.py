"""The page *Chat*: questions, answers, and the source that stands open beside them."""

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_app.web.answer_component import draw_outcome
from rag_app.web.answering import answer_turn
from rag_app.web.conversation import STOPPED, Conversation, Failure
from rag_app.web.frontend import load_component
from rag_app.web.session import current, keep, start_anew
from rag_app.web.welcome import draw_welcome
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.types import Answer


def show() -> None:
    conversation = current()
    st.chat_input("Ask about your documents", key="typed", on_submit=ask_typed)
    chat, panel = st.columns([11, 9], gap="large")
    with chat:
        draw_heading(conversation)
        if not conversation.turns:
            draw_welcome(ask=conversation.ask)
        slots = [draw_turn(conversation, number) for number in range(len(conversation.turns))]
    with panel, st.container(key="panel"):
        load_component("source")(key="source", data={"conversation": conversation.id})
    # Last, since it may take a while: all else is there to be read meanwhile.
    if slots and conversation.turns[-1].outcome is None:
        answer_last(conversation, slots[-1])


def draw_heading(conversation: Conversation) -> None:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Ask your documents", anchor=False)
        if conversation.turns:
            st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=start_anew)


def draw_turn(conversation: Conversation, number: int) -> DeltaGenerator:
    """The question, and its outcome where there is one; returns where the outcome stands."""
    turn = conversation.turns[number]
    with st.chat_message("user"):
        st.text(turn.question)
    with st.chat_message("assistant"):
        slot = st.empty()
    if turn.outcome is not None:
        draw_in(slot, conversation, number, turn.outcome)
    return slot


def draw_in(slot: DeltaGenerator, conversation: Conversation, number: int, outcome: "Answer | Failure") -> None:
    latest = number == len(conversation.turns) - 1
    with slot.container():
        draw_outcome(outcome, key=f"answer-{number}", latest=latest)
        if isinstance(outcome, Failure) and latest:
            st.button("Try again", icon=":material/refresh:", on_click=conversation.ask_again, args=(number,))


def answer_last(conversation: Conversation, slot: DeltaGenerator) -> None:
    number = len(conversation.turns) - 1
    conversation.finish(number, STOPPED)
    with slot.container():
        outcome = answer_turn(conversation, number, show_text=st.empty().text)
    conversation.finish(number, outcome)
    draw_in(slot, conversation, number, outcome)
    if not isinstance(outcome, Failure):
        keep_answer(conversation, outcome)


def keep_answer(conversation: Conversation, answer: "Answer") -> None:
    try:
        keep(conversation, answer)
    except RagError as error:
        st.warning(f"This conversation is not kept: {error.message}")


# What clicks do; each is called before the page is drawn anew.


def ask_typed() -> None:
    current().ask(st.session_state["typed"])
