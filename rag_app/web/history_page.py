"""The page *History*: finds saved conversations, to go on with, rename, export or delete."""

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.navigation.page import Page

from rag_app.web.chat.conversation import current, open_history, open_saved, start_new
from rag_app.web.components import plain
from rag_app.web.session_settings import choose

if TYPE_CHECKING:
    from rag_app.library.conversations import ConversationStore, SavedConversation

MOST_SHOWN = 100
EMPTY = "No conversation yet. Each one is kept here from its first answer on, on this computer alone."


def show(chat_page: Page) -> None:
    with st.container(key="history"):
        st.title("History", anchor=False)
        words = st.text_input("Search conversations", placeholder="words of a question or an answer")
        history = open_history()
        found = history.found(words)
        if not found:
            st.text("No conversation has all of these words." if words.split() else EMPTY)
        for saved in found[:MOST_SHOWN]:
            draw_row(history, saved, chat_page)
        if len(found) > MOST_SHOWN:
            st.text(f"{len(found) - MOST_SHOWN:,} more: search for words of theirs.")


def draw_row(history: "ConversationStore", saved: "SavedConversation", chat_page: Page) -> None:
    with st.container(key=f"conversation-{saved.id}", horizontal=True, vertical_alignment="center"):
        if st.button(plain(saved.name), key=f"open-{saved.id}", type="tertiary", width="stretch"):
            choose(collection=saved.collection)
            open_saved(saved.id)
            st.switch_page(chat_page, query_params={"conversation": saved.id})
        st.caption(plain(f"{saved.collection}, {saved.changed_at[:10]}"))
        with st.popover("More", icon=":material/more_horiz:", type="tertiary", key=f"more-{saved.id}"):
            draw_actions(history, saved)


def draw_actions(history: "ConversationStore", saved: "SavedConversation") -> None:
    from rag_app.library.conversations import to_json, to_markdown

    key = f"name-{saved.id}"
    st.text_input(
        "Name", saved.name, key=key, on_change=lambda: history.rename(saved.id, st.session_state[key] or saved.name)
    )
    for label, suffix, write in (
        ("Export as Markdown", "md", lambda: to_markdown(saved.name, history.load(saved.id))),
        ("Export as JSON", "json", lambda: to_json(saved.name, history.load_saved(saved.id))),
    ):
        file_name = f"conversation.{suffix}"
        st.download_button(label, write, file_name, key=f"{suffix}-{saved.id}", on_click="ignore")
    st.button("Delete", key=f"delete-{saved.id}", icon=":material/delete:", on_click=delete, args=(history, saved.id))


def delete(history: "ConversationStore", conversation: str) -> None:
    history.delete(conversation)
    if current().id == conversation:
        start_new()
