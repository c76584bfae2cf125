"""Adds the files and web pages that a visitor gives, in background jobs, and shows how far these are."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

import streamlit as st

from ingest.report import FileProgress, IngestReport
from rag_app.web.components import counted, draw_error, plain
from rag_app.web.library.jobs import Job, dismiss, jobs_of, start_job
from rag_app.web.library.uploads import keep_uploads, uploads_folder
from rag_app.web.session_settings import page_settings
from vectorstore.errors import InputError, RagError

# Up to this many files are all shown; of more, those being worked on come first.
MOST_ROWS, MOST_REASONS = 12, 100
TO_BE_READ = ("waiting", "reading")
ORDER = {"embedding": 0, "reading": 1, "failed": 2, "skipped": 3, "waiting": 4, "missing": 5, "removed": 6}
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
            draw_error(problem, key=PROBLEM)
    draw_jobs(page_settings().collection)


@contextmanager
def kept_problem() -> Iterator[None]:
    """Keep why a click cannot be done for the next drawing."""
    try:
        yield
    except RagError as error:
        st.session_state[PROBLEM] = error


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
    running = [job for job in jobs_of(collection) if job.is_running]
    st.fragment(draw_open_jobs, run_every=REDRAWN_EVERY_S if running else None)(collection, running)


def draw_open_jobs(collection: str, running: list[Job]) -> None:
    """Each with the button that ends it; the whole page is drawn again, with its documents, when one has finished."""
    for job in jobs_of(collection):
        draw_job(job)
    if [job for job in jobs_of(collection) if job.is_running] != running:
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
            st.button("Dismiss", key=f"dismiss-{job.id}", on_click=dismiss, args=(job,))


def draw_progress(job: Job) -> None:
    files = list(job.files.values())
    done, expected = expect_chunks(files)
    speed = describe_speed(done, expected, job.chunks_per_second()) if files else job.message
    heading = "Cancelling …" if job.is_cancelled else describe_files(files, len(job.inputs))
    st.progress(min(done / expected, 1.0) if expected else 0.0, text=heading)
    st.text(speed)
    draw_files(files, MOST_ROWS)


def draw_report(report: IngestReport) -> None:
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(report.counts().items()))
    st.markdown(f"**{counts or 'Nothing was added'}**")
    for warning in report.warnings:
        st.text(f"{warning[0].upper()}{warning[1:]}.")
    unusual = [
        FileProgress(file.source, file.status, reason=file.reason) for file in report.files if file.status in ORDER
    ]
    draw_files(unusual, MOST_REASONS)


def draw_files(files: Sequence[FileProgress], most: int) -> None:
    """Each source with its state and, where there is one, the reason of it; of more than `most` a number."""
    shown, more = shown_files(files, most)
    if shown:
        names = [plain(file.source if "://" in file.source else PurePath(file.source).name) for file in shown]
        states = [plain(": ".join(filter(None, (state_in_words(file), file.reason)))) for file in shown]
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


def shown_files(files: Sequence[FileProgress], most: int) -> tuple[Sequence[FileProgress], str]:
    """Those that are shown, and how many others there are in words."""
    if len(files) <= most:
        return files, ""
    ordered = sorted(files, key=lambda file: ORDER.get(file.state, len(ORDER)))
    hidden = Counter(file.state for file in ordered[most:])
    return ordered[:most], "and " + ", ".join(f"{count:,} {state}" for state, count in hidden.items())


def state_in_words(file: FileProgress) -> str:
    if file.state == "embedding":
        return f"{file.chunks_done:,} of {file.chunks:,} chunks embedded"
    if file.state in ("added", "updated", "unchanged"):
        return f"{file.state}, {counted(file.chunks, 'chunk')}"
    return file.state


# What clicks do; each is called before the page is drawn again.


def add_uploads(key: str, this_round: int) -> None:
    """Once for each upload: Streamlit calls it again where the page is drawn again before it was drawn to its end."""
    from vectorstore.collections import create_store  # a second, with all that it imports

    if st.session_state[ROUND] != this_round:
        return
    uploads = st.session_state[key]
    st.session_state[ROUND] += 1
    settings = page_settings()
    with kept_problem():
        store = create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url)
        kept = keep_uploads(uploads, uploads_folder(store, settings.data_dir))
        if kept:
            start_job(settings, [str(path) for path in kept])


def add_address() -> None:
    with kept_problem():
        start_job(page_settings(), [web_address(st.session_state[ADDRESS])])


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
