"""Keeps the conversation of a session, and answers its questions in background threads, one after the other."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import streamlit as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document

from rag_app.settings import Settings
from rag_app.web.session_settings import page_settings
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request
    from rag_app.library.conversations import ConversationStore
    from rag_app.types import Answer

IN_SESSION = "conversation"
IN_ADDRESS = "conversation"
OPENING = "Opening the models …"
REWRITING = "Rewriting the question …"
SEARCHING = "Searching the documents …"
WRITING = "Writing …"
CHECKING = "Checking each sentence …"
STOPPED = RagError("stopped: what had been written was not yet checked, and is not kept", "")
POLL_S = 0.1
# The answers in progress, of all visitors.
IN_PROGRESS: set[int] = set()
logger = logging.getLogger(__name__)


class BackgroundAnswer(BaseCallbackHandler):
    """An answer in progress, which goes on while the page is rerun, until it is stopped or `is_watched` is false.

    `stage` says in words what is being done, `text` is what has been written so far, which is provisional.
    """

    def __init__(
        self, settings: Settings, request: "Request", *, is_watched: Callable[[], bool] = lambda: True
    ) -> None:
        self.settings, self.request, self.is_watched = settings, request, is_watched
        self.stage, self.text = OPENING, ""
        self.outcome: Answer | RagError | None = None
        self._has_passages = False
        self._ended, self._stopped = threading.Event(), threading.Event()

    def start(self) -> Self:
        threading.Thread(target=self.run, name="answer", daemon=True).start()
        return self

    def stop(self) -> None:
        """Nobody waits for it any longer; the chain is closed at the model's next word."""
        self._stopped.set()

    def has_ended(self, *, within_s: float = 0) -> bool:
        return self._ended.wait(within_s)

    def run(self) -> None:
        IN_PROGRESS.add(id(self))
        try:
            self.outcome = self._stream(open_chain(self.settings))
        except RagError as error:
            self.outcome = error
        except Exception:
            logger.exception("an answer failed")
            self.outcome = RagError(
                "the answer failed for a reason that was not foreseen", "the terminal that runs `rag chat` says more"
            )
        finally:
            IN_PROGRESS.discard(id(self))
            self._ended.set()

    def _stream(self, chain: "Runnable[Request, Answer]") -> "Answer | RagError":
        """The answer; or that it was stopped: then the chain is closed, and with it the stream of its model."""
        from rag_app.types import Answer

        updates: Any = chain.stream(self.request, {"callbacks": [self]})
        with closing(updates):
            for update in updates:
                if isinstance(update, Answer):
                    return update
                if self._stopped.is_set() or not self.is_watched():
                    break
                self.text += str(update).encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
        return STOPPED

    def on_chat_model_start(self, serialized: dict[str, Any], messages: Any, **of_run: Any) -> None:
        if not self._has_passages:
            self.stage = REWRITING

    def on_retriever_start(self, serialized: dict[str, Any], query: str, **of_run: Any) -> None:
        question = self.request if isinstance(self.request, str) else str(self.request["question"])
        self.stage = SEARCHING if query.split() == question.split() else f"Searching for: {query}"

    def on_retriever_end(self, documents: Sequence[Document], **of_run: Any) -> None:
        self._has_passages = True
        self.stage = f"Reading {len(documents)} passage{'' if len(documents) == 1 else 's'} …"

    def on_llm_new_token(self, token: Any, **of_run: Any) -> None:
        if self._has_passages and str(token).strip():
            self.stage = WRITING

    def on_llm_end(self, response: Any, **of_run: Any) -> None:
        if self._has_passages:
            self.stage = CHECKING


def wait_for_answers() -> None:
    """For work that can wait: an answer has the processor to itself."""
    while IN_PROGRESS:
        time.sleep(POLL_S)


def open_chain(settings: Settings) -> "Runnable[Request, Answer]":
    from rag_app.wiring import build_store  # LangChain and Chroma: the page is on the screen by now

    return cached_chain(settings, build_store(settings).catalogue.database.path.stat().st_ino)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={Settings: Settings.model_dump_json})
def cached_chain(settings: Settings, catalogue: int) -> "Runnable[Request, Answer]":  # noqa: ARG001 (part of the key)
    """The store finds added documents by itself; `catalogue` changes when a collection is deleted and made again."""
    from rag_app.wiring import load_chain

    return load_chain(settings=settings)


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
        turn.feedback = None if feedback["good"] is None else feedback
        try:
            if turn.saved_as:
                open_history().rate(self.id, turn.saved_as, turn.feedback)
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
    turns = [Turn(one.answer.question, one.answer, one.id or None, one.feedback) for one in saved]
    switch_to(Conversation(turns, id=conversation) if turns else Conversation())


def switch_to(conversation: Conversation) -> None:
    before: Conversation | None = st.session_state.get(IN_SESSION)
    if before:
        before.stop()
    st.session_state[IN_SESSION] = conversation


def open_history() -> "ConversationStore":
    from rag_app.library.conversations import ConversationStore

    return ConversationStore(page_settings().data_dir)
