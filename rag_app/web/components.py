"""Loads the page's own components from `assets/`, and draws what every page needs of them."""

import re
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from vectorstore.errors import RagError

ASSETS = Path(__file__).parent / "assets"
# Text of documents and models reaches the browser as data alone: Streamlit does not sanitise html.
HTML = '<div class="root"></div>'
PAGE_STYLES = ("page", "adding", "collection", "map_page", "settings_page")


@cache
def load_component(name: str, *scripts: str) -> ComponentRenderer:
    """The component whose script, and style if it has one, are the files of this name; it calls the other `scripts`."""
    style = read_asset(f"{name}.css") if (ASSETS / f"{name}.css").exists() else ""
    return st.components.v2.component(
        f"rag-{name}",
        html=HTML,
        css=read_asset("theme.css") + style,
        js="".join(read_asset(f"{script}.js") for script in ("drawing", *scripts, name)),
    )


@cache
def page_style() -> str:
    return f"<style>{''.join(read_asset(f'{name}.css') for name in PAGE_STYLES)}</style>"


def read_asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def draw_error(error: RagError, *, key: str) -> None:
    """Draw its message and hint as an alert."""
    data = {"key": key, "message": error.message, "hint": error.hint, "cards": []}
    load_component("answer", "sources")(key=key, data=data)


def plain(text: str) -> str:
    """A label that Streamlit does not read as Markdown: every sign that could mean something there is escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def counted(number: int, noun: str) -> str:
    """`1 document`, `2,000 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
