"""From a component's name to what draws it: the style and the script in the files of that name."""

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).parent / "assets"
# Text of documents and models reaches the browser as data alone: Streamlit does not sanitise html.
HTML = '<div class="root"></div>'
PAGES = ("page", "panel", "adding", "collection", "map_page", "settings_page", "sign_in")


@cache
def load_component(name: str, *parts: str) -> ComponentRenderer:
    """`parts` are scripts that its own calls, some with a style."""
    styles = [part for part in (name, *parts) if (ASSETS / f"{part}.css").exists()]
    return st.components.v2.component(
        f"rag-{name}",
        html=HTML,
        css=read("theme.css") + "".join(read(f"{part}.css") for part in styles),
        js="".join(read(f"{script}.js") for script in ("drawing", *parts, name)),
    )


@cache
def page_style() -> str:
    return f"<style>{''.join(read(f'{name}.css') for name in PAGES)}</style>"


def read(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def plain(name: str) -> str:
    """A label that Streamlit does not read as Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|~!:$" else letter for letter in name)
