"""Draws the frame of the web app and the page that was chosen; Streamlit runs this script for every click."""

import streamlit as st

from rag_app.web import history_page, map_page, settings_page
from rag_app.web.access.gate import draw_log_out, stop_strangers
from rag_app.web.chat import page as chat
from rag_app.web.chat.conversation import start_new
from rag_app.web.components import ASSETS, page_style
from rag_app.web.library import page as library
from rag_app.web.session_settings import choose, page_settings, read_address, write_address

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
    start_new()


st.set_page_config(page_title="Ask your documents", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.html(page_style())
stop_strangers()
read_address()
chat_page = st.Page(chat.show, title="Chat", icon=":material/forum:", url_path="chat", default=True)
pages = [
    chat_page,
    st.Page(library.show, title="Library", icon=":material/library_books:", url_path="library"),
    st.Page(map_page.show, title="Map", icon=":material/scatter_plot:", url_path="map"),
    st.Page(lambda: history_page.show(chat_page), title="History", icon=":material/history:", url_path="history"),
    st.Page(settings_page.show, title="Settings", icon=":material/tune:", url_path="settings"),
]
shown = st.navigation(pages)
draw_sidebar()
draw_log_out()
shown.run()
write_address()
