"""The page *Chat*: questions, answers, and the source that stands open beside them."""

import streamlit as st

from rag_app.web.conversation import Conversation
from rag_app.web.opened_source import draw_source_panel
from rag_app.web.session import current, start_anew
from rag_app.web.turns import draw_turn
from rag_app.web.welcome import draw_welcome


def show() -> None:
    conversation = current()
    st.chat_input("Ask about your documents", key="typed", on_submit=ask_typed)
    chat, panel = st.columns([11, 9], gap="large")
    with chat:
        draw_heading(conversation)
        if not conversation.turns:
            draw_welcome(ask=conversation.ask)
        for number in range(len(conversation.turns)):
            draw_turn(conversation, number)
    with panel, st.container(key="panel"):
        draw_source_panel("source", of=conversation.id)


def draw_heading(conversation: Conversation) -> None:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Ask your documents", anchor=False)
        if conversation.turns:
            st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=start_anew)


# What clicks do; each is called before the page is drawn anew.


def ask_typed() -> None:
    current().ask(st.session_state["typed"])
