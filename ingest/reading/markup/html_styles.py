"""Reads from attributes and style sheets what a page raises, lowers, strikes out and hides."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ingest.reading.marks import Style

# As LibreOffice sets them: smaller, and moved.
_SMALLER = r"font-size\s*:\s*(?:0?\.\d+r?em|[1-9]\d%|smaller)"
_MOVED = rf"(?s:\A(?=.*{_SMALLER})(?=.*position\s*:\s*relative)(?=.*(?<![\w-])top\s*:\s*"
_STYLES: tuple[tuple[re.Pattern[str], Style], ...] = (
    (re.compile(r"text-decoration(?:-line)?\s*:[^;}]*line-through"), "struck"),
    (re.compile(rf"vertical-align\s*:\s*super|{_MOVED}-[\d.]*[1-9]))"), "raised"),
    (re.compile(rf"vertical-align\s*:\s*sub|{_MOVED}[\d.]*[1-9]))"), "lowered"),
)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)")
_BY_TAG: dict[str, Style] = {"sup": "raised", "sub": "lowered", "s": "struck", "strike": "struck", "del": "struck"}
_CONDITIONAL = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_SELECTOR = re.compile(r"\s*(?:[a-z]\w*)?([.#][\w-]+)\s*")
_NAME = re.compile(r"[.#][\w-]+")
_LONGEST_SHEETS = 500_000  # characters


# Gives the text of a style sheet that a page links, by its address; "" where it is not at hand.
Linked = Callable[[str], str]


def find_styles(root: Any, linked: Linked | None = None) -> dict[str, Style]:
    """How each class (`.name`) and each element (`#name`) is set by the page's sheets, its own and those at hand.

    What a sheet hides and a script or another rule may show, such as tabs, is not hidden.
    """
    found, shown = _read_sheets(_sheets_of(root, linked)[:_LONGEST_SHEETS])
    scripts = "".join(script.text or "" for script in root.iter("script")) if "hidden" in found.values() else ""
    shown = shown.union(name for name in found if name[1:] in scripts)
    return {name: style for name, style in found.items() if style != "hidden" or name not in shown}


def _sheets_of(root: Any, linked: Linked | None) -> str:
    sheets = ""
    for element in root.iter("style", "link"):
        if element.tag == "style":
            sheets += f"{element.text or ''}\n"
        elif linked and (element.get("rel") or "").lower().split() == ["stylesheet"] and len(sheets) < _LONGEST_SHEETS:
            is_shown = (element.get("media") or "all").lower().strip() in ("all", "screen")
            sheets += f"{linked(element.get('href') or '')}\n" if is_shown else ""
    return sheets


@lru_cache(maxsize=8)  # the chapters of a book have the same
def _read_sheets(sheets: str) -> tuple[dict[str, Style], frozenset[str]]:
    """The styles of names, and the names that some rule shows."""
    styles: dict[str, Style] = {}
    shown: set[str] = set()
    first, *others = sheets.split("/*")
    sheets = first + "".join(after_comment.partition("*/")[2] for after_comment in others)
    for rule in _CONDITIONAL.sub("", sheets).split("}"):
        selectors, _, declarations = rule.rpartition("{")
        style: Style = "hidden" if _HIDDEN.search(declarations.lower()) else _declared(declarations)
        for selector in selectors.rpartition(";")[2].split(","):  # after @charset and @import
            if style and (simple := _SELECTOR.fullmatch(selector)):
                styles[simple[1]] = style
            elif not style and "display" in declarations:
                shown.update(_NAME.findall(selector))
    return styles, frozenset(shown)


def _style_by_name(element: Any, styles: dict[str, Style]) -> Style:
    names = [f".{name}" for name in (element.get("class") or "").split()] + [f"#{element.get('id')}"]
    return next((styles[name] for name in names if name in styles), "")


def mark_of(element: Any, styles: dict[str, Style]) -> Style:
    """How the words of an element are set."""
    if element.tag in _BY_TAG:
        return _BY_TAG[element.tag]
    return (_style_by_name(element, styles) if styles else "") or _declared(element.get("style") or "")


def hides(element: Any, styles: dict[str, Style], *, is_block: bool) -> bool:
    """Whether a page doesn't show an element; what is hidden from screen readers only is decoration within a line."""
    attributes = element.attrib
    if not attributes:
        return bool(element.tag == "dialog")
    if attributes.get("hidden", "until-found") != "until-found" or (
        element.tag == "dialog" and "open" not in attributes
    ):
        return True
    if attributes.get("aria-hidden") == "true" and not is_block:
        return True
    if styles and _style_by_name(element, styles) == "hidden":
        return True
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN.search(style.lower()))


def _declared(declarations: str) -> Style:
    if ":" not in declarations:
        return ""
    lowered = declarations.lower()
    return next((style for pattern, style in _STYLES if pattern.search(lowered)), "")
