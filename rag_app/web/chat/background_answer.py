"""From a question of the page to its outcome: by a thread of its own, with a chain that is built once in a process."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document

from rag_app.settings import Settings
from rag_app.web.chat.outcomes import STOPPED, Failure
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request
    from rag_app.types import Answer


OPENING = "Opening the models …"
REWRITING = "Making the question stand by itself …"
SEARCHING = "Searching the documents …"
WRITING = "Writing …"
CHECKING = "Checking each sentence …"


class Stages(BaseCallbackHandler):
    """Calls `tell` with the words for each stage of the chain; a model is said to write when its first word comes."""

    def __init__(self, question: str, tell: Callable[[str], None]) -> None:
        self._question, self._tell = question, tell
        self._has_passages = False

    def on_chat_model_start(self, serialized: dict[str, Any], messages: Any, **of_run: Any) -> None:
        if not self._has_passages:
            self._tell(REWRITING)

    def on_retriever_start(self, serialized: dict[str, Any], query: str, **of_run: Any) -> None:
        is_rewritten = query.split() != self._question.split()
        self._tell(f"Searching for: {query}" if is_rewritten else SEARCHING)

    def on_retriever_end(self, documents: Sequence[Document], **of_run: Any) -> None:
        self._has_passages = True
        self._tell(f"Reading {len(documents)} passage{'' if len(documents) == 1 else 's'} …")

    def on_llm_new_token(self, token: Any, **of_run: Any) -> None:
        if self._has_passages and str(token).strip():
            self._tell(WRITING)

    def on_llm_end(self, response: Any, **of_run: Any) -> None:
        if self._has_passages:
            self._tell(CHECKING)


FAILED = Failure("the answer failed for a reason that was not foreseen", "the terminal that runs `rag chat` says more")
# Answers in the making, of all visitors.
AT_WORK: set[int] = set()
LOOK_S = 0.1
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Answering:
    """An answer in the making. A page is drawn anew for every click: this goes on meanwhile, until it is stopped.

    `stage` says in words what is being done, `text` is what has been written, which is provisional. It stops by itself
    where `is_watched` says that nobody has the page open.
    """

    is_watched: Callable[[], bool] = lambda: True
    stage: str = ""
    text: str = ""
    outcome: "Answer | Failure | None" = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def tell(self, stage: str) -> None:
        self.stage = stage

    def write(self, text: str) -> None:
        self.text += text.encode("utf-8", "replace").decode()  # half a surrogate pair would end the connection

    def end(self, outcome: "Answer | Failure") -> None:
        self.outcome = outcome
        self._ended.set()

    def stop(self) -> None:
        """Nobody waits for it any longer; the model is told at its next word."""
        self._stopped.set()

    @property
    def is_wanted(self) -> bool:
        return not self._stopped.is_set() and self.is_watched()

    def has_ended(self, *, within_s: float = 0) -> bool:
        return self._ended.wait(within_s)


def begin(settings: Settings, request: "Request", *, is_watched: Callable[[], bool]) -> Answering:
    answering = Answering(is_watched)
    threading.Thread(target=answer, args=(answering, settings, request), name="answer", daemon=True).start()
    return answering


def answer(answering: Answering, settings: Settings, request: "Request") -> None:
    from rag_app.answering.chain import AnswerError  # LangChain: the page is on the screen by now

    answering.tell(OPENING)
    AT_WORK.add(id(answering))
    try:
        answering.end(stream(open_chain(settings), request, answering))
    except AnswerError as error:
        answering.end(Failure(error.message, error.hint, error.passages))
    except RagError as error:
        answering.end(Failure(error.message, error.hint))
    except Exception:
        logger.exception("an answer failed")
        answering.end(FAILED)
    finally:
        AT_WORK.discard(id(answering))


def wait_for_answers() -> None:
    """For work that can wait: an answer has the processor to itself."""
    while AT_WORK:
        time.sleep(LOOK_S)


def stream(chain: "Runnable[Request, Answer]", request: "Request", answering: Answering) -> "Answer | Failure":
    """The answer, or that it was stopped: then the chain is closed, and with it the stream of its model."""
    from rag_app.types import Answer

    question = request if isinstance(request, str) else str(request["question"])
    updates: Any = chain.stream(request, {"callbacks": [Stages(question, answering.tell)]})
    with closing(updates):
        for update in updates:
            if isinstance(update, Answer):
                return update
            if not answering.is_wanted:
                break
            answering.write(str(update))
    return STOPPED


def open_chain(settings: Settings) -> "Runnable[Request, Answer]":
    from rag_app.wiring import build_store

    return cached_chain(settings, build_store(settings).catalogue.path.stat().st_ino)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={Settings: Settings.model_dump_json})
def cached_chain(settings: Settings, catalogue: int) -> "Runnable[Request, Answer]":  # noqa: ARG001 (part of the key)
    """Documents that are added are found by the store; `catalogue` tells a collection deleted and made anew."""
    from rag_app.wiring import build_answer_chain

    return build_answer_chain(settings)
