"""Writes the pictures, formulas and form fields of a page as words."""

import re
from collections.abc import Callable
from typing import Any

from ingest.reading.markup.math import write_math

_BUTTONS = ("button", "color", "file", "hidden", "image", "password", "reset", "submit")
_TEX_STYLE = re.compile(r"\{\\(?:display|text)style\s+(.*)\}", re.DOTALL)
_MOST_LABELS = 2_000  # characters, of a drawing
PICTURE = "[picture: "


def _picture(element: Any) -> str:
    alt = " ".join((element.get("alt") or "").split())
    if element.get("role") in ("none", "presentation") or "1" in (element.get("width"), element.get("height")):
        return ""
    if formula := _TEX_STYLE.fullmatch(alt):
        return formula[1]
    # Smileys are pictures of themselves.
    return f"{PICTURE}{alt}]" if re.search(r"\w", alt) else alt


def _drawing(element: Any) -> str:
    title = next((child.text or "" for child in element if child.tag == "title"), "")
    title = " ".join((title or element.get("aria-label") or "").split())
    labels = " ".join(" ".join("".join(label.itertext()).split()) for label in element.iter("text"))[:_MOST_LABELS]
    words = ": ".join(filter(None, (title, labels)))
    return f"{PICTURE}{words}]" if words else ""


def _input(element: Any) -> str:
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return "[x] " if element.get("checked") is not None else "[ ] "
    return "" if kind in _BUTTONS else element.get("value") or ""


def _choices(element: Any) -> str:
    """The chosen option, which is what the page shows; all of them where none is."""
    options = list(element.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None] or options
    words = (" ".join("".join(option.itertext()).split()) or option.get("label") or "" for option in chosen)
    return ", ".join(filter(None, words))


WRITTEN_WHOLE: dict[str, Callable[[Any], str]] = {
    "img": _picture,
    "svg": _drawing,
    "math": write_math,
    "input": _input,
    "select": _choices,
    "textarea": lambda element: "".join(element.itertext()),
}
