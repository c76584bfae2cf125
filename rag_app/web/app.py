"""Draws the frame of the page and the page that was chosen; Streamlit runs this script for every click."""

import streamlit as st

from rag_app.web.access.sign_in import draw_log_out, stop_strangers
from rag_app.web.chat import page as chat
from rag_app.web.chat.conversation import start_new
from rag_app.web.components import ASSETS, page_style
from rag_app.web.library import page as library
from rag_app.web.pages import history
from rag_app.web.pages import map as collection_map
from rag_app.web.pages import settings as settings_page
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
library_page = st.Page(library.show, title="Library", icon=":material/library_books:", url_path="library")
map_page = st.Page(collection_map.show, title="Map", icon=":material/scatter_plot:", url_path="map")
history_page = st.Page(lambda: history.show(chat_page), title="History", icon=":material/history:", url_path="history")
settings = st.Page(settings_page.show, title="Settings", icon=":material/tune:", url_path="settings")
shown = st.navigation([chat_page, library_page, map_page, history_page, settings])
draw_sidebar()
draw_log_out()
shown.run()
write_address()
