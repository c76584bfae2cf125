"""Adds the files and web pages that a visitor gives, in background jobs, and shows how far these are."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from ingest.report import FileProgress, IngestReport
from rag_app.settings import Settings
from rag_app.web.components import counted, draw_error, plain
from rag_app.web.library.jobs import Job, all_jobs, start_job
from rag_app.web.library.uploads import keep_uploads, uploads_folder
from rag_app.web.session_settings import page_settings
from vectorstore.errors import InputError, RagError

if TYPE_CHECKING:
    from vectorstore.storage.store import Store


# Of so many files each is shown; of more, first those that something happens to.
MOST_ROWS, MOST_REASONS = 12, 100
TO_BE_READ = ("waiting", "reading")
ORDER = {"embedding": 0, "reading": 1, "failed": 2, "skipped": 3, "waiting": 4}
REASONED = ("failed", "skipped", "missing", "removed")
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
            draw_error(problem, key="adding-failure")
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
    running = {job.id for job in all_jobs().of(collection) if job.is_running}
    st.fragment(draw_open_jobs, run_every=REDRAWN_EVERY_S if running else None)(collection, running)


def draw_open_jobs(collection: str, running: set[str]) -> None:
    """Each with the button that ends it; the whole page is drawn again, with its documents, when one has finished."""
    jobs = all_jobs().of(collection)
    still_running = {job.id for job in jobs if job.is_running}
    for job in jobs:
        draw_job(job)
    if still_running != running:
        st.rerun()


def draw_job(job: Job) -> None:
    with st.container(key=f"job-{job.id}"):
        if job.error:
            draw_error(job.error, key=f"job-failure-{job.id}")
        elif job.report:
            draw_report(job.report)
        else:
            draw_progress(job)
        if job.is_running:
            st.button("Cancel", key=f"cancel-{job.id}", on_click=job.cancel, disabled=job.is_cancelled)
        else:
            st.button("Dismiss", key=f"dismiss-{job.id}", on_click=all_jobs().dismiss, args=(job,))


def draw_progress(job: Job) -> None:
    files = job.files()
    done, expected = expect_chunks(files)
    speed = describe_speed(done, expected, job.chunks_per_second()) if job.progress else job.message or "Waiting …"
    heading = "Cancelling …" if job.is_cancelled else describe_files(files, len(job.inputs))
    st.progress(min(done / expected, 1.0) if expected else 0.0, text=heading)
    st.text(speed)
    shown, more = shown_files(files)
    draw_files([(file.source, state_in_words(file), file.reason) for file in shown], more)


def draw_report(report: IngestReport) -> None:
    st.markdown(f"**{describe_counts(report)}**")
    for warning in report.warnings:
        st.text(f"{warning[0].upper()}{warning[1:]}.")
    reasoned = sorted(
        (file for file in report.files if file.status in REASONED), key=lambda file: REASONED.index(file.status)
    )
    more = f"and {len(reasoned) - MOST_REASONS:,} more" if len(reasoned) > MOST_REASONS else ""
    draw_files([(file.source, file.status, file.reason) for file in reasoned[:MOST_REASONS]], more)


def draw_files(files: Sequence[tuple[str, str, str | None]], more: str) -> None:
    """Each source with its state and, where there is one, the reason of it."""
    if files:
        names = [plain(source if "://" in source else PurePath(source).name) for source, _, _ in files]
        states = [plain(f"{state}: {reason}" if reason else state) for _, state, reason in files]
        cells = {"Document": names, "State": states}
        st.table(cells, border="horizontal", hide_index=True, hide_header=True, alt="Documents being added")
    if more:
        st.text(more)


def describe_files(files: Sequence[FileProgress], inputs: int) -> str:
    count = len(files) or inputs
    finished = sum(file.state not in (*TO_BE_READ, "embedding") for file in files)
    words = f"Adding {counted(count, 'document')}"
    return f"{words}, {finished:,} finished" if finished else words


def expect_chunks(files: Sequence[FileProgress]) -> tuple[int, int]:
    """How many chunks are embedded, and of how many: what files not yet read will bring is guessed from the others."""
    read = [file for file in files if file.state not in TO_BE_READ and file.state != "unchanged"]
    unread = sum(file.state in TO_BE_READ for file in files)
    known = sum(file.chunks for file in read)
    done = sum(file.chunks_done for file in read)
    return done, known + round(unread * known / len(read)) if read else 0


def describe_speed(done: int, expected: int, per_second: float | None) -> str:
    if not expected:
        return "Reading …"
    if done >= expected:
        return f"{done:,} chunks embedded, being stored"
    embedded = f"{done:,} of {expected:,} chunks embedded"
    if not per_second:
        return embedded
    left = describe_seconds((expected - done) / per_second)
    return f"{embedded}, {per_second:,.0f} a second, {left} left"


def describe_seconds(seconds: float) -> str:
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s"
    if seconds < 3600:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def shown_files(files: Sequence[FileProgress]) -> tuple[list[FileProgress], str]:
    """Those that are shown, and how many others there are in words."""
    shown = list(files)
    if len(files) > MOST_ROWS:
        shown = sorted(files, key=lambda file: ORDER.get(file.state, len(ORDER)))[:MOST_ROWS]
    hidden = Counter(file.state for file in files) - Counter(file.state for file in shown)
    return shown, "and " + ", ".join(f"{count:,} {state}" for state, count in hidden.items()) if hidden else ""


def state_in_words(file: FileProgress) -> str:
    if file.state == "embedding":
        return f"{file.chunks_done:,} of {file.chunks:,} chunks embedded"
    if file.state in ("added", "updated", "unchanged"):
        return f"{file.state}, {counted(file.chunks, 'chunk')}"
    return file.state


def describe_counts(report: IngestReport) -> str:
    """`added` first, `unchanged` last: `3 added, 1 failed, 12 unchanged`."""
    counts = report.counts()
    order = ["added", "updated", *REASONED, "unchanged"]
    words = [f"{counts[status]:,} {status}" for status in order if status in counts]
    return ", ".join(words).capitalize() or "Nothing was added"


# What clicks do; each is called before the page is drawn again.


def add_uploads(key: str, this_round: int) -> None:
    """Once for each upload: Streamlit calls it again where the page is drawn again before it was drawn to its end."""
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
