"""The page *Chat*: questions, answers, and the source that stands open beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.settings import Settings
from rag_app.web.chat.answer_view import draw_outcome
from rag_app.web.chat.conversation import Conversation, current, start_anew
from rag_app.web.chat.outcomes import Failure
from rag_app.web.chat.suggestions import draw_questions, draw_suggestions, suggestions_for
from rag_app.web.chat.turns import draw_turn
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.panel import draw_source_panel
from vectorstore.errors import CollectionError, RagError

HINT = "Ask in whole sentences. Each sentence of an answer opens the exact words of a document that say so."


@dataclass(frozen=True, slots=True)
class Overview:
    """A collection's name and how many documents it has; `samples` if it has the sample documents and no others.

    `generation` grows with each change.
    """

    name: str
    documents: int
    samples: bool
    generation: int


def draw_welcome(*, ask: Callable[[str], None]) -> None:
    """Overview and suggestions; `ask` gets the question that was clicked."""
    try:
        with st.spinner("Opening the collection …"):
            overview = load_overview(page_settings())
    except RagError as error:
        draw_outcome(Failure(error.message, error.hint), key="notice")
        st.button("Try again", icon=":material/refresh:")
        return
    number = f"{overview.documents:,} document{'' if overview.documents == 1 else 's'}"
    with st.container(key="overview"):
        st.text(f"{number} in the collection {overview.name}.")
        st.text(HINT)
    if overview.samples:
        draw_questions(SUGGESTED_QUESTIONS, ask=ask)
    else:
        draw_suggestions(suggestions_for(page_settings(), overview.generation), ask=ask)


def load_overview(settings: Settings) -> Overview:
    """Raises RagError for a collection that is missing, cannot be opened or has no document."""
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now
    from vectorstore.types import READY

    store = build_store(settings)
    sources = [record.source for record in store.catalogue.sources() if record.state == READY]
    if not sources:
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    folder = SAMPLES_DIR.resolve()
    samples = all(Path(source).is_relative_to(folder) for source in sources)
    return Overview(store.name, len(sources), samples, store.catalogue.generation())


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
