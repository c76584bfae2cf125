"""What stands beside every page, under the names of the pages: which collection is asked."""

import streamlit as st

from rag_app.web.chosen import choose, page_settings
from rag_app.web.session import start_anew

PICKER_KEY = "picked-collection"


def draw_sidebar() -> None:
    from vectorstore.collections import list_collections

    settings = page_settings()
    names = list_collections(settings.data_dir)
    if settings.collection not in names:
        names = [*names, settings.collection]
    st.session_state[PICKER_KEY] = settings.collection  # another page may have chosen since
    st.sidebar.selectbox("Collection", names, key=PICKER_KEY, on_change=pick)


def pick() -> None:
    choose(collection=st.session_state[PICKER_KEY])
    start_anew()
