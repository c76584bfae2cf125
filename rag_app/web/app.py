"""The script that Streamlit runs for every click: the frame of the page and which of its pages is shown."""

from pathlib import Path

import streamlit as st

from rag_app.web import chat, history, library, settings_page
from rag_app.web import map as collection_map
from rag_app.web.chosen import read_address, write_address
from rag_app.web.frontend import page_style
from rag_app.web.sidebar import draw_sidebar
from rag_app.web.sign_in import draw_log_out, stop_strangers

ICON = Path(__file__).parent / "assets" / "icon.svg"

st.set_page_config(page_title="Ask your documents", page_icon=str(ICON), layout="wide")
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
