"""Answers a question of the page in a background thread, with a chain that is built once a process."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

import streamlit as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document

from rag_app.settings import Settings
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request
    from rag_app.types import Answer

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
