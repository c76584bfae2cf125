"""What was asked and what came of it, in one visitor's session."""

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.web.chat.outcomes import STOPPED, Failure, Turn, messages
from rag_app.web.session_settings import page_settings
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.library.conversations import ConversationStore, Feedback
    from rag_app.types import Answer
    from rag_app.web.chat.background_answer import Answering


@dataclass(slots=True)
class Conversation:
    """`answering` is at work for the first question that waits; `fresh` is the turn that was answered last."""

    turns: list[Turn] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    answering: "Answering | None" = None
    fresh: int | None = None

    def ask(self, question: str) -> None:
        self.turns.append(Turn(question))

    def ask_again(self, number: int) -> None:
        self.turns[number] = Turn(self.turns[number].question, kept=self.turns[number].kept)

    def waiting(self) -> int | None:
        """The first question that has no outcome yet."""
        return next((number for number, turn in enumerate(self.turns) if turn.outcome is None), None)

    def finish(self, number: int, outcome: "Answer | Failure") -> None:
        self.turns[number] = replace(self.turns[number], outcome=outcome)
        self.answering, self.fresh = None, number

    def stop(self) -> None:
        """End the answering; the question is left as stopped."""
        number = self.waiting()
        if self.answering and number is not None:
            self.answering.stop()
            self.finish(number, STOPPED)

    def note(self, number: int, *, kept: str | None, unkept: str | None = None) -> None:
        self.turns[number] = replace(self.turns[number], kept=kept, unkept=unkept)

    def rate(self, number: int, feedback: "Feedback | None") -> None:
        self.turns[number] = replace(self.turns[number], feedback=feedback)

    def history(self, number: int) -> list[tuple[str, str]]:
        """The questions before this one that were answered, with their answers, as the chain takes them."""
        answered = [turn for turn in self.turns[:number] if turn.outcome and not isinstance(turn.outcome, Failure)]
        return [message for turn in answered for message in messages(turn)]


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
    from rag_app.library.conversations import (
        ConversationStore,  # sqlalchemy and langchain-community: not to draw the page
    )

    return ConversationStore(page_settings().data_dir)
