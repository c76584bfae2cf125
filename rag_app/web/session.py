"""The conversation of a visitor's session, kept on disk so that it goes on after a reload or a restart."""

from typing import TYPE_CHECKING

import streamlit as st

from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Conversation, Failure, Turn
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.history.store import ConversationStore, Feedback

IN_SESSION = "conversation"
IN_ADDRESS = "conversation"


def current() -> Conversation:
    if IN_SESSION not in st.session_state:
        kept = st.query_params.get(IN_ADDRESS)
        open_kept(kept) if kept else start_anew()
    conversation: Conversation = st.session_state[IN_SESSION]
    return conversation


def start_anew() -> None:
    take_up(Conversation())
    st.query_params.pop(IN_ADDRESS, None)


def open_kept(conversation: str) -> None:
    """Go on with it; what nobody has kept is a new conversation."""
    saved = open_history().load_saved(conversation)
    turns = [Turn(one.answer.question, one.answer, one.id or None, one.feedback) for one in saved]
    take_up(Conversation(turns, id=conversation) if turns else Conversation())


def take_up(conversation: Conversation) -> None:
    before: Conversation | None = st.session_state.get(IN_SESSION)
    if before:
        before.stop()
    st.session_state[IN_SESSION] = conversation


def keep(conversation: Conversation, number: int) -> None:
    """Keep the answer of a turn, in place of an earlier one; its conversation is named in the address of the page."""
    turn = conversation.turns[number]
    if turn.outcome is None or isinstance(turn.outcome, Failure):
        return
    try:
        kept = open_history().add(
            conversation.id, turn.outcome, collection=page_settings().collection, instead_of=turn.kept
        )
    except RagError as error:
        conversation.note(number, kept=turn.kept, unkept=error.message)
        return
    conversation.note(number, kept=kept)
    st.query_params[IN_ADDRESS] = conversation.id


def rate(conversation: Conversation, number: int, feedback: "Feedback | None") -> None:
    conversation.rate(number, feedback)
    kept = conversation.turns[number].kept
    try:
        if kept:
            open_history().rate(conversation.id, kept, feedback)
    except RagError as error:
        conversation.note(number, kept=kept, unkept=error.message)


def open_history() -> "ConversationStore":
    from rag_app.history.store import ConversationStore  # sqlalchemy and langchain-community: not to draw the page

    return ConversationStore(page_settings().data_dir)
