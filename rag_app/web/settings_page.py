"""The page *Settings*: what holds in this session and why, what of it may be chosen here, and whether all is well."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.answer_component import QUOTES, draw_outcome
from rag_app.web.chosen import choose, chosen, forget, page_settings
from rag_app.web.conversation import Failure
from rag_app.web.frontend import load_component, plain
from rag_app.web.health import draw_health
from rag_app.web.setting_rows import setting_rows
from vectorstore.errors import RagError

# What a visitor may change: how much is read and shown, never where documents are sent. The sidebar has the collection.
CHANGEABLE = ("llm", "top_k", "context_tokens")


def show() -> None:
    settings = page_settings()
    with st.container(key="settings"):
        st.title("Settings", anchor=False)
        with section("choices", "In this session"):
            draw_choices(settings, written_by=Settings().llm)
        with section("collection", "Collection"):
            draw_collection(settings)
        health = st.container(key="health")
        with section("everything", "All settings"):
            rows = [asdict(row) for row in setting_rows(settings, chosen())]
            load_component("settings")(key="all-settings", data={"rows": rows})
        with health:  # last, since it may take a while
            draw_health(settings)


@contextmanager
def section(key: str, name: str) -> Iterator[None]:
    with st.container(key=key):
        st.header(name, anchor=False)
        yield


def draw_choices(settings: Settings, *, written_by: str) -> None:
    """`written_by` is the environment's: the only model that answers may be written by."""
    from rag_app.console import WRITTEN_ANSWERS

    if written_by == QUOTES:
        st.text(f"Answers are the documents' own sentences. {WRITTEN_ANSWERS}.")
    else:
        draw_style("llm", settings, written_by)
    draw_number("top_k", "Passages found for a question", settings)
    if settings.llm != QUOTES:
        draw_number("context_tokens", "Tokens of passages that the model is shown", settings)
    st.button(
        "Back to the environment's",
        icon=":material/undo:",
        on_click=forget,
        args=CHANGEABLE,
        disabled=not set(CHANGEABLE) & chosen().keys(),
    )


def draw_style(name: str, settings: Settings, written_by: str) -> None:
    st.session_state[f"chosen-{name}"] = settings.llm
    st.radio(
        "Answers",
        [QUOTES, written_by],
        format_func=lambda llm: "The documents' own sentences" if llm == QUOTES else f"Written by {plain(llm)}",
        key=f"chosen-{name}",
        on_change=take,
        args=(name,),
        horizontal=True,
    )


def draw_number(name: str, label: str, settings: Settings) -> None:
    least, most = bounds(name)
    st.session_state[f"chosen-{name}"] = getattr(settings, name)
    st.number_input(label, least, most, key=f"chosen-{name}", on_change=take, args=(name,))


def bounds(name: str) -> tuple[int, int]:
    limits = {type(limit).__name__: limit for limit in Settings.model_fields[name].metadata}
    return limits["Ge"].ge, limits["Le"].le


def take(name: str) -> None:
    choose(**{name: st.session_state[f"chosen-{name}"]})


def draw_collection(settings: Settings) -> None:
    try:
        facts = collection_facts(settings)
    except RagError as error:
        draw_outcome(Failure(error.message, error.hint), key="no-collection")
        return
    rows = [{"name": name, "value": value} for name, value in facts.items()]
    load_component("settings")(key="collection-facts", data={"rows": rows})


@st.cache_data(ttl=10, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def collection_facts(settings: Settings) -> dict[str, str]:
    """What `rag status` says, in words."""
    from rag_app.documents import describe_collection
    from rag_app.wiring import build_store

    said: dict[str, Any] = describe_collection(build_store(settings), settings)
    missing = f", {said['missing']:,} of them missing" if said["missing"] else ""
    return {
        "Name": said["collection"],
        "Documents": f"{said['sources']:,}{missing}",
        "Chunks": f"{said['chunks']:,}",
        "Embedding model": said["embeddings"],
        "Distance": said["distance"],
        "On disk": f"{said['bytes'] / 1e6:,.1f} MB",
        "Folder": said["folder"],
    }
