"""Builds the settings of a session: those of the environment, with what the visitor has chosen."""

from typing import Any

import streamlit as st

from rag_app.settings import Settings

# The value of RAG_LLM by which no model writes.
QUOTES = "quotes"
IN_SESSION = "chosen-settings"
IN_ADDRESS = "collection"


def page_settings() -> Settings:
    return Settings(**chosen())


def chosen() -> dict[str, Any]:
    values: dict[str, Any] = st.session_state.setdefault(IN_SESSION, {})
    return values


def choose(**values: object) -> None:
    """Use these from now on in this session, whatever the environment says."""
    chosen().update(values)


def forget(*names: str) -> None:
    """Use the environment's values of these again."""
    for name in names:
        chosen().pop(name, None)


def read_address() -> None:
    """Continue with the collection that the address names, on a reloaded or bookmarked page."""
    named = st.query_params.get(IN_ADDRESS)
    if named and IN_ADDRESS not in chosen():
        choose(collection=named)


def write_address() -> None:
    """Name the collection in the address again, which Streamlit empties when another page is opened."""
    collection = chosen().get(IN_ADDRESS)
    if collection and st.query_params.get(IN_ADDRESS) != collection:
        st.query_params[IN_ADDRESS] = collection
