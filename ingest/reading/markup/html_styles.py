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
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CONDITIONAL = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]*)\}")
_CLASS = re.compile(r"\s*(?:[a-z]\w*)?\.([\w-]+)\s*")
_LONGEST_SHEET = 500_000


def find_styles(root: Any) -> dict[str, Style]:
    """The style of each class that the page's own sheets strike out, raise or lower.

    What they hide is read all the same: tabs and folded sections are hidden until they are clicked on.
    """
    styles: dict[str, Style] = {}
    for sheet in root.iter("style"):
        rules = _CONDITIONAL.sub("", _COMMENT.sub("", (sheet.text or "")[:_LONGEST_SHEET]))
        for selectors, declarations in _RULE.findall(rules):
            if style := _declared(declarations):
                found = (_CLASS.fullmatch(selector) for selector in selectors.split(","))
                styles.update({selector[1]: style for selector in found if selector})
    return styles


def mark_of(element: Any, styles: dict[str, Style]) -> Style:
    """How the words of an element are set."""
    if element.tag in _BY_TAG:
        return _BY_TAG[element.tag]
    if styles and (names := element.get("class")):
        for name in names.split():
            if name in styles:
                return styles[name]
    return _declared(element.get("style") or "")


def hides(element: Any, *, is_block: bool) -> bool:
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
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN.search(style.lower()))


def _declared(declarations: str) -> Style:
    if ":" not in declarations:
        return ""
    lowered = declarations.lower()
    return next((style for pattern, style in _STYLES if pattern.search(lowered)), "")
