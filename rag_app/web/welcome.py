"""The page before the first question: which collection is asked, and what one may ask it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.settings import Settings
from rag_app.web.answer_component import draw_outcome
from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Failure
from rag_app.web.suggested import draw_questions, draw_suggestions, suggestions_for
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
    from vectorstore.records import READY

    store = build_store(settings)
    sources = [record.source for record in store.catalogue.sources() if record.state == READY]
    if not sources:
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    folder = SAMPLES_DIR.resolve()
    samples = all(Path(source).is_relative_to(folder) for source in sources)
    return Overview(store.name, len(sources), samples, store.catalogue.generation())
