"""Draws a collection's name and the dialogs that make, rename and delete collections."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.chat.conversation import start_new
from rag_app.web.components import counted, plain, shown_errors
from rag_app.web.library.jobs import is_ingesting, start_job
from rag_app.web.library.uploads import uploads_folder
from rag_app.web.session_settings import choose, page_settings
from vectorstore.errors import CollectionError

MOST_OFFERED = 8
NEW, RENAME, DELETE = "New collection", "Rename collection", "Delete collection"


def draw_collection(settings: Settings, sources: Sequence[str]) -> None:
    """The collection's name and what can be done to it."""
    with st.container(key="collection", horizontal=True, vertical_alignment="center"):
        st.subheader(plain(settings.collection), anchor=False)
        st.button(
            "Look for changes",
            icon=":material/sync:",
            type="tertiary",
            disabled=not sources,
            help="Read the files and pages that have changed since they were read",
            on_click=start_job,
            args=(settings, sources),
        )
        chosen = st.menu_button(
            "Collection", [NEW, RENAME, DELETE], icon=":material/more_horiz:", type="tertiary", key="collection-actions"
        )
    if chosen == NEW:
        new_dialog()
    elif chosen == RENAME:
        rename_dialog(settings)
    elif chosen == DELETE:
        delete_dialog(settings, len(sources))


def draw_absent(settings: Settings) -> None:
    """The chosen collection is not there: none was ever made, or another tab has renamed or deleted it."""
    from vectorstore.collections import list_collections

    others = list_collections(settings.data_dir)
    with st.container(key="collection-absent"):
        if others:
            st.subheader(plain(f"There is no collection {settings.collection}"), anchor=False)
            st.text("It has not been made yet, or it was renamed or deleted elsewhere. Open another one:")
        else:
            st.subheader("No collection yet", anchor=False)
            st.text(f"The first documents that are added make the collection {settings.collection}.")
        with st.container(horizontal=True):
            for name in others[:MOST_OFFERED]:
                st.button(plain(name), key=f"switch-{name}", icon=":material/folder:", on_click=switch, args=(name,))
            if st.button(NEW, icon=":material/add:", type="tertiary"):
                new_dialog()


@st.dialog(NEW)
def new_dialog() -> None:
    from vectorstore.collections import create_store, list_collections

    settings = page_settings()
    with st.form("new-collection", border=False):
        name = st.text_input("Name of the new collection", placeholder="papers").strip()
        is_sent = st.form_submit_button("Create", type="primary")
    if is_sent:
        with closing_dialog():
            if name in list_collections(settings.data_dir):
                raise CollectionError(f"there is a collection {name} already", "take another name, or open it")
            create_store(settings.data_dir, name, chroma_url=settings.chroma_url)
            switch(name)


@st.dialog(RENAME)
def rename_dialog(settings: Settings) -> None:
    from vectorstore.collections import rename_collection

    name = settings.collection
    with st.form("rename-collection", border=False):
        new_name = st.text_input("New name", name).strip()
        st.text("Links to the collection in this web app lead nowhere afterwards.")
        is_sent = st.form_submit_button("Rename", type="primary")
    if is_sent:
        with closing_dialog():
            refuse_while_reading(name)
            if new_name != name:
                rename_collection(settings.data_dir, name, new_name, chroma_url=settings.chroma_url)
                choose(collection=new_name)


@st.dialog(DELETE)
def delete_dialog(settings: Settings, documents: int) -> None:
    from rag_app.wiring import build_store
    from vectorstore.collections import delete_collection, list_collections

    name, number = settings.collection, counted(documents, "document")
    st.text(f"{name} with {number} is removed for good, with all that was read of them.")
    st.text("The files on disk stay as they are; copies of files that were uploaded are removed.")
    if st.button(f"Delete {number}", type="primary", icon=":material/delete:"):
        with closing_dialog():
            refuse_while_reading(name)
            uploads = uploads_folder(build_store(settings), settings.data_dir)
            delete_collection(settings.data_dir, name, chroma_url=settings.chroma_url)
            shutil.rmtree(uploads, ignore_errors=True)
            switch(next(iter(list_collections(settings.data_dir)), name))


@contextmanager
def closing_dialog() -> Iterator[None]:
    """Close the dialog after a change; why it cannot be made is shown in it."""
    with shown_errors("dialog-failure"):
        yield
        st.rerun()


def refuse_while_reading(name: str) -> None:
    if is_ingesting(name):
        raise CollectionError(f"documents are being read into {name}", "wait until that has ended, or cancel it")


def switch(name: str) -> None:
    choose(collection=name)
    start_new()
