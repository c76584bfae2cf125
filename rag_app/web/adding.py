"""From files and addresses that a visitor gives to jobs that add them, and the jobs of the collection as they go on."""

import re
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.answer_component import draw_outcome
from rag_app.web.chosen import page_settings
from rag_app.web.conversation import Failure
from rag_app.web.frontend import load_component
from rag_app.web.job_values import job_values
from rag_app.web.jobs import Job, all_jobs, open_jobs, start_job
from rag_app.web.uploads import keep_uploads, uploads_folder
from vectorstore.errors import InputError, RagError

if TYPE_CHECKING:
    from vectorstore.store import Store

# A box of Streamlit takes either the one or the other.
FILES, FOLDER = "Files", "A folder"
ROUND, PROBLEM, WHAT, ADDRESS = "upload-round", "adding-problem", "adding-what", "adding-address"
REDRAWN_EVERY_S = 1.0


def draw_adding() -> None:
    with st.container(key="adding"):
        draw_upload()
        with st.container(horizontal=True, vertical_alignment="bottom", key="adding-ways"):
            st.segmented_control(
                "What to choose", [FILES, FOLDER], default=FILES, required=True, key=WHAT, label_visibility="collapsed"
            )
            draw_address()
        if PROBLEM in st.session_state:
            problem: RagError = st.session_state.pop(PROBLEM)
            draw_outcome(Failure(problem.message, problem.hint), key="adding-failure")
    draw_jobs(page_settings().collection)


def draw_upload() -> None:
    """Another key after each upload: an empty box to drop files into, and no file held in memory any longer."""
    what = st.session_state.get(WHAT) or FILES
    this_round = st.session_state.setdefault(ROUND, 0)
    key = f"upload-{this_round}-{what}"
    st.file_uploader(
        "Add documents",
        accept_multiple_files="directory" if what == FOLDER else True,
        key=key,
        on_change=add_uploads,
        args=(key, this_round),
    )


def draw_address() -> None:
    form = st.form("address", clear_on_submit=True, border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Address of a page", placeholder="https://", key=ADDRESS)
        st.form_submit_button("Add page", on_click=add_address)


def draw_jobs(collection: str) -> None:
    running = {job.id for job in open_jobs(collection) if job.is_running}
    st.fragment(draw_open_jobs, run_every=REDRAWN_EVERY_S if running else None)(collection, running)


def draw_open_jobs(collection: str, running: set[str]) -> None:
    """Each with the button that ends it; the whole page is drawn anew, with its documents, when one has finished."""
    jobs = open_jobs(collection)
    still_running = {job.id for job in jobs if job.is_running}
    for job in jobs:
        draw_job(job)
    if still_running != running:
        st.rerun()


def draw_job(job: Job) -> None:
    with st.container(key=f"job-{job.id}"):
        load_component("job")(key=f"job-values-{job.id}", data=job_values(job))
        if job.is_running:
            st.button("Cancel", key=f"cancel-{job.id}", on_click=job.cancel, disabled=job.is_cancelled)
        else:
            st.button("Dismiss", key=f"dismiss-{job.id}", on_click=all_jobs().dismiss, args=(job,))


# What clicks do; each is called before the page is drawn anew.


def add_uploads(key: str, this_round: int) -> None:
    """Once for each upload: Streamlit calls it again where the page is drawn anew before it was drawn to its end."""
    if st.session_state[ROUND] != this_round:
        return
    uploads = st.session_state[key]
    st.session_state[ROUND] += 1
    try:
        settings = page_settings()
        kept = keep_uploads(uploads, uploads_folder(create_store_of(settings), settings.data_dir))
        if kept:
            start_job(settings, [str(path) for path in kept])
    except RagError as error:
        st.session_state[PROBLEM] = error


def add_address() -> None:
    try:
        address = web_address(st.session_state[ADDRESS])
        settings = page_settings()
        start_job(settings, [address])
    except RagError as error:
        st.session_state[PROBLEM] = error


def create_store_of(settings: Settings) -> "Store":
    from vectorstore.collections import create_store  # a second, with all that it imports

    return create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url)


def web_address(typed: str) -> str:
    """With its scheme, which people leave out. Raises InputError for what is no address: it must never name a file."""
    address = typed.strip()
    if not address:
        raise InputError("no address was given", "such as https://example.org/terms")
    if not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
        address = f"https://{address}"
    if not re.match(r"https?://[^/\s]+\S*$", address, re.IGNORECASE):
        raise InputError(f"{typed.strip()} is not the address of a web page", "such as https://example.org/terms")
    return address
