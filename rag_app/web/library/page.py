"""The page *Library*: what is added to a collection, and the documents that are in it."""

import streamlit as st

from rag_app.web.library.adding import draw_adding
from rag_app.web.library.document_list import draw_shelf


def show() -> None:
    with st.container(key="library"):
        st.title("Library", anchor=False)
        draw_adding()
        draw_shelf()
