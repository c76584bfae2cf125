"""Loads the web app's own components from `assets/`, and draws what several pages have in common."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from vectorstore.errors import RagError

ASSETS = Path(__file__).parent / "assets"
# Text of documents and models reaches the browser as data alone: Streamlit does not sanitise html.
HTML = '<div class="root"></div>'
SHARED = ("theme.css", "shared.js")
# How often a page looks at what is done in the background, and what takes no longer is drawn at once.
POLL_S = 0.2
T = TypeVar("T")


@cache
def load_component(name: str) -> ComponentRenderer:
    """The component whose script and style are the files of this name."""
    style, script = (read_asset(shared) + read_asset(f"{name}{Path(shared).suffix}") for shared in SHARED)
    return st.components.v2.component(f"rag-{name}", html=HTML, css=style, js=script)


@cache
def page_style() -> str:
    return f"<style>{read_asset('page.css')}</style>"


def read_asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def draw_error(error: RagError, *, key: str) -> None:
    """Draw its message and hint as an alert."""
    data = {"key": key, "message": error.message, "hint": error.hint, "cards": []}
    load_component("answer")(key=key, data=data)


@contextmanager
def shown_errors(key: str) -> Iterator[None]:
    """Draw an error in place of what could not be drawn."""
    try:
        yield
    except RagError as error:
        draw_error(error, key=key)


def plain(text: str) -> str:
    """A label that Streamlit does not read as Markdown: every sign that could mean something there is escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def counted(number: int, noun: str) -> str:
    """`1 document`, `2,000 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def page_of(entries: Any, *, size: int, key: str) -> Any:
    """The entries, of a sequence or a data frame, on the page that is chosen here."""
    pages = -(-len(entries) // size)
    page = st.pagination(pages, max_visible_pages=5, key=f"{key}-{pages}") if pages > 1 else 1
    return entries[(page - 1) * size : page * size]


def in_background(work: Callable[[], T]) -> "Future[T]":
    """`work` must not raise. Not by an executor, whose threads keep the process from ending."""
    future: Future[T] = Future()
    threading.Thread(target=lambda: future.set_result(work()), daemon=True).start()
    return future


def result_of(future: "Future[T]") -> T | None:
    """The result, or None while it is not there: the page is drawn again as soon as it is."""
    try:
        return future.result(POLL_S)
    except TimeoutError:
        redraw_when_done(future)
        return None


@st.fragment(run_every=POLL_S)
def redraw_when_done(future: "Future[T]") -> None:
    if future.done():
        st.rerun()
