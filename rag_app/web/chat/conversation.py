"""Keeps the conversation of a session: its turns, the one that is being answered, and the saved answers."""

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.web.chat.background_answer import STOPPED, BackgroundAnswer
from rag_app.web.session_settings import page_settings
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.library.conversations import ConversationStore
    from rag_app.types import Answer

IN_SESSION = "conversation"
IN_ADDRESS = "conversation"


@dataclass(slots=True, eq=False)
class Turn:
    """A question and its outcome: an answer, the error in place of one, or None while it waits.

    `running` is the answer in progress, `saved_as` the id of the saved answer, perhaps one from before the question was
    asked again, `save_error` why it could not be saved, `feedback` the reader's: `{"good": bool, "note": str}`.
    """

    question: str
    outcome: "Answer | RagError | None" = None
    saved_as: str | None = None
    feedback: dict[str, Any] | None = None
    save_error: str | None = None
    running: BackgroundAnswer | None = None

    @property
    def answer(self) -> "Answer | None":
        return None if isinstance(self.outcome, RagError) else self.outcome


@dataclass(slots=True)
class Conversation:
    """`fresh` is the turn that was answered last in this session."""

    turns: list[Turn] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    fresh: Turn | None = None

    def ask(self, question: str) -> None:
        self.turns.append(Turn(question))

    def ask_again(self, turn: Turn) -> None:
        self.turns[self.turns.index(turn)] = Turn(turn.question, saved_as=turn.saved_as)

    def pending(self) -> Turn | None:
        """The turn that is being answered, else the first one that waits."""
        waiting = [turn for turn in self.turns if turn.outcome is None]
        return next((turn for turn in waiting if turn.running), waiting[0] if waiting else None)

    def finish(self, turn: Turn, outcome: "Answer | RagError") -> None:
        """Save an answer, in place of an earlier one; the address of the page then names the conversation."""
        turn.outcome, turn.running, self.fresh = outcome, None, turn
        if turn.answer is None:
            return
        collection = page_settings().collection
        try:
            turn.saved_as = open_history().add(self.id, turn.answer, collection=collection, instead_of=turn.saved_as)
            st.query_params[IN_ADDRESS] = self.id
        except RagError as error:
            turn.save_error = error.message

    def stop(self) -> None:
        """End the answer in progress; its question is left as stopped."""
        turn = self.pending()
        if turn and turn.running:
            turn.running.stop()
            self.finish(turn, STOPPED)

    def history(self, turn: Turn) -> list[tuple[str, str]]:
        """The answered questions before this one, with their answers, as the chain expects them."""
        before = self.turns[: self.turns.index(turn)]
        answered = [(earlier.question, earlier.answer.text) for earlier in before if earlier.answer]
        return [message for question, text in answered for message in (("human", question), ("ai", text))]

    def rate(self, turn: Turn, feedback: dict[str, Any]) -> None:
        """`feedback` is `{"good": bool | None, "note": str}`; None takes back what was said before."""
        from rag_app.library.conversations import Feedback

        turn.feedback = None if feedback["good"] is None else feedback
        try:
            if turn.saved_as:
                rated = Feedback(feedback["good"], feedback["note"]) if turn.feedback else None
                open_history().rate(self.id, turn.saved_as, rated)
        except RagError as error:
            turn.save_error = error.message


def current() -> Conversation:
    """The conversation of this session; at first the one that the address names, if it was saved."""
    if IN_SESSION not in st.session_state:
        saved = st.query_params.get(IN_ADDRESS)
        open_saved(saved) if saved else start_new()
    conversation: Conversation = st.session_state[IN_SESSION]
    return conversation


def start_new() -> None:
    switch_to(Conversation())
    st.query_params.pop(IN_ADDRESS, None)


def open_saved(conversation: str) -> None:
    """Continue it; one that was never saved is a new conversation."""
    saved = open_history().load_saved(conversation)
    turns = [
        Turn(one.answer.question, one.answer, one.id or None, one.feedback.to_json() if one.feedback else None)
        for one in saved
    ]
    switch_to(Conversation(turns, id=conversation) if turns else Conversation())


def switch_to(conversation: Conversation) -> None:
    before: Conversation | None = st.session_state.get(IN_SESSION)
    if before:
        before.stop()
    st.session_state[IN_SESSION] = conversation


def open_history() -> "ConversationStore":
    from rag_app.library.conversations import ConversationStore

    return ConversationStore(page_settings().data_dir)
