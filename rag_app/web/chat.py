"""The page *Chat*: questions, answers, and the source that stands open beside them."""

from typing import Literal

import streamlit as st

from rag_app.web.answer_component import draw_outcome
from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Conversation, Failure, Opened, View
from rag_app.web.session import current, start_anew
from rag_app.web.source_panel import draw_source
from rag_app.web.turns import draw_turn
from rag_app.web.welcome import draw_welcome
from vectorstore.errors import RagError

SOURCE_KEY = "open-source"


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
    if conversation.opened:
        with panel, st.container(key="panel"):
            draw_opened(conversation, conversation.opened)


def draw_heading(conversation: Conversation) -> None:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Ask your documents", anchor=False)
        if conversation.turns:
            st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=start_anew)


def draw_opened(conversation: Conversation, opened: Opened) -> None:
    from rag_app.wiring import build_store

    try:
        store = build_store(page_settings())
    except RagError as error:
        draw_outcome(Failure(error.message, error.hint), key="panel-failure")
        return
    draw_source(
        store,
        conversation.turns[opened.turn],
        opened,
        key=SOURCE_KEY,
        on_change=lambda: change_opened(conversation, st.session_state[SOURCE_KEY]["change"]),
    )


# What clicks do; each is called before the page is drawn anew.


def ask_typed() -> None:
    current().ask(st.session_state["typed"])


def change_opened(conversation: Conversation, change: View | Literal["close"]) -> None:
    if change == "close":
        conversation.opened = None
    else:
        conversation.show(change)
