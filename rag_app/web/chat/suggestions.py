"""The questions that are suggested for a collection: found once for each state of it, while the page is read."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.chat.background_answer import open_chain, wait_for_answers
from rag_app.web.components import plain
from vectorstore.errors import RagError

# Questions that are there by then are drawn with the page.
AT_ONCE_S = 0.2
LOOK_S = 0.5
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Suggestions:
    """The questions, once they are found; none where nothing is sure to be answered."""

    questions: tuple[str, ...] = ()
    _found: threading.Event = field(default_factory=threading.Event)

    def are_there(self, *, within_s: float = 0) -> bool:
        return self._found.wait(within_s)

    def find(self, settings: Settings) -> None:
        from rag_app.library.suggested_questions import suggest
        from rag_app.wiring import build_store

        try:
            store = build_store(settings)
            self.questions = tuple(suggest(store.catalogue, open_chain(settings), before_each=wait_for_answers))
        except RagError as error:
            logger.info("no question is suggested: %s", error.message)
        except Exception:
            logger.exception("no question is suggested")
        finally:
            self._found.set()


def suggestions_for(settings: Settings, generation: int) -> Suggestions:
    """Begun at the first call for a collection as it is. Found by quotes, whoever answers: a chat model is not asked,
    and neither is an embedding model that is paid for by the question."""
    from vectorstore.embeddings import is_remote

    if is_remote(settings.embeddings):
        return Suggestions((), found())
    return cached_suggestions(settings.model_copy(update={"llm": "quotes", "verifier": None}), generation)


def found() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Settings: Settings.model_dump_json})
def cached_suggestions(settings: Settings, generation: int) -> Suggestions:  # noqa: ARG001 (part of the key)
    suggestions = Suggestions()
    threading.Thread(target=suggestions.find, args=(settings,), name="suggestions", daemon=True).start()
    return suggestions


def draw_suggestions(suggestions: Suggestions, *, ask: Callable[[str], None]) -> None:
    if suggestions.are_there(within_s=AT_ONCE_S):
        draw_questions(suggestions.questions, ask=ask)
    else:
        draw_when_there(suggestions)


@st.fragment(run_every=LOOK_S)
def draw_when_there(suggestions: Suggestions) -> None:
    if suggestions.are_there():
        st.rerun()


def draw_questions(questions: tuple[str, ...], *, ask: Callable[[str], None]) -> None:
    with st.container(key="suggestions", horizontal=True):
        for question in questions:
            st.button(plain(question), key=f"suggested-{question}", on_click=ask, args=(question,))
