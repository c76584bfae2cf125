"""From a component's name to what draws it: the style and the script in the files of that name."""

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).parent / "assets"
# Scripts that a component has in common with others, or that are long enough to stand by themselves.
SHARED = {"answer": ("sources",), "source": ("sources", "page_text")}
# Text of documents and models reaches the browser as data alone: Streamlit does not sanitise html.
HTML = '<div class="root"></div>'
PAGE_STYLES = ("page.css", "panel.css", "settings_page.css", "sign_in.css", "adding.css", "collection.css")


@cache
def load_component(name: str, *parts: str) -> ComponentRenderer:
    """Its files, and those of the parts it is made of."""
    return st.components.v2.component(
        f"rag-{name}",
        html=HTML,
        css=read("theme.css") + "".join(read(f"{part}.css") for part in (name, *parts)),
        js="".join(read(f"{script}.js") for script in ("drawing", *SHARED.get(name, ()), *parts, name)),
    )


@cache
def page_style() -> str:
    return f"<style>{''.join(map(read, PAGE_STYLES))}</style>"


def read(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
