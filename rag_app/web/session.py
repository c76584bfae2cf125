"""The conversation of a visitor's session, kept on disk so that it goes on after a reload or a restart."""

from typing import TYPE_CHECKING

import streamlit as st

from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Conversation, Turn

if TYPE_CHECKING:
    from rag_app.history.store import ConversationStore
    from rag_app.types import Answer

IN_SESSION = "conversation"
IN_ADDRESS = "conversation"


def current() -> Conversation:
    if IN_SESSION not in st.session_state:
        kept = st.query_params.get(IN_ADDRESS)
        open_kept(kept) if kept else start_anew()
    conversation: Conversation = st.session_state[IN_SESSION]
    return conversation


def start_anew() -> None:
    st.session_state[IN_SESSION] = Conversation()
    st.query_params.pop(IN_ADDRESS, None)


def open_kept(conversation: str) -> None:
    """Go on with it; what nobody has kept is a new conversation."""
    history = open_history()
    turns = [Turn(answer.question, answer) for answer in history.load(conversation)]
    st.session_state[IN_SESSION] = Conversation(turns, id=conversation) if turns else Conversation()


def keep(conversation: Conversation, answer: "Answer") -> None:
    """Keep an answer, and name its conversation in the address of the page."""
    settings = page_settings()
    open_history().add(conversation.id, answer, collection=settings.collection)
    st.query_params[IN_ADDRESS] = conversation.id


def open_history() -> "ConversationStore":
    from rag_app.history.store import ConversationStore  # sqlalchemy and langchain-community: not to draw the page

    return ConversationStore(page_settings().data_dir)
