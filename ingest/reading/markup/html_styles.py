"""Reads from attributes and style sheets what a page raises, lowers, strikes out and hides."""

import re
from typing import Any

from ingest.reading.marks import Style

_STYLES: tuple[tuple[re.Pattern[str], Style], ...] = (
    (re.compile(r"text-decoration(?:-line)?\s*:[^;}]*line-through"), "struck"),
    (re.compile(r"vertical-align\s*:\s*super"), "raised"),
    (re.compile(r"vertical-align\s*:\s*sub"), "lowered"),
)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)")
_BY_TAG: dict[str, Style] = {"sup": "raised", "sub": "lowered", "s": "struck", "strike": "struck", "del": "struck"}
_CONDITIONAL = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_SELECTOR = re.compile(r"\s*(?:[a-z]\w*)?([.#][\w-]+)\s*")
_NAME = re.compile(r"[.#][\w-]+")
_LONGEST_SHEETS = 500_000  # characters


def find_styles(root: Any) -> dict[str, Style]:
    """How each class (`.name`) and each element (`#name`) is set by the page's own sheets.

    What a sheet hides and a script or another rule may show, such as tabs, is not hidden.
    """
    styles: dict[str, Style] = {}
    shown: set[str] = set()
    first, *others = "\n".join(sheet.text or "" for sheet in root.iter("style"))[:_LONGEST_SHEETS].split("/*")
    sheets = first + "".join(after_comment.partition("*/")[2] for after_comment in others)
    for rule in _CONDITIONAL.sub("", sheets).split("}"):
        selectors, _, declarations = rule.rpartition("{")
        style: Style = "hidden" if _HIDDEN.search(declarations.lower()) else _declared(declarations)
        for selector in selectors.split(","):
            if style and (simple := _SELECTOR.fullmatch(selector)):
                styles[simple[1]] = style
            elif not style and "display" in declarations:
                shown.update(_NAME.findall(selector))
    scripts = "".join(script.text or "" for script in root.iter("script")) if "hidden" in styles.values() else ""
    shown.update(name for name in styles if name[1:] in scripts)
    return {name: style for name, style in styles.items() if style != "hidden" or name not in shown}


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
