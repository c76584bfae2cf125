"""Resolves OpenDocument's styles: how words are set, which slides are hidden, and the numbers of lists."""

from ingest.reading.marks import Style
from ingest.reading.office_package import Element, attribute, child, children, name_of, whole_number
from ingest.reading.structured.office.signs import as_number

# Styles are based on styles; a longer chain is a circle.
_MAX_CHAIN = 20
_BULLET = "list-level-style-bullet"


class Styles:
    """Those of the roots of `styles.xml` and `content.xml`; of two with one name the later."""

    def __init__(self, *roots: Element | None) -> None:
        groups = [group for root in roots for group in children(root, "styles", "automatic-styles")]
        found = [style for group in groups for style in group]
        self._styles = {
            (attribute(style, "family"), attribute(style, "name")): style
            for style in found
            if name_of(style) == "style"
        }
        self.lists = {attribute(style, "name"): style for style in found if name_of(style) == "list-style"}
        self.outline = next((style for style in found if name_of(style) == "outline-style"), None)
        self._settings: dict[tuple[str, str], dict[str, Style]] = {}

    def chain(self, family: str, name: str) -> list[Element]:
        chain: list[Element] = []
        while (family, name) in self._styles and len(chain) < _MAX_CHAIN:
            chain.append(self._styles[family, name])
            name = attribute(chain[-1], "parent-style-name")
        return chain

    def settings(self, family: str, name: str) -> dict[str, Style]:
        """What changes the meaning of words, each with its style, "" where it is off."""
        key = (family, name)
        if key not in self._settings:
            found: dict[str, Style] = {}
            for style in reversed(self.chain(family, name)):
                found |= _settings(next(iter(children(style, "text-properties", "properties")), None))
            self._settings[key] = found
        return self._settings[key]

    def hides_slide(self, name: str) -> bool:
        chain = self.chain("drawing-page", name)
        return any(attribute(child(style, "drawing-page-properties"), "visibility") == "hidden" for style in chain)


def _settings(properties: Element | None) -> dict[str, Style]:
    found: dict[str, Style] = {}
    if display := attribute(properties, "display"):
        found["hidden"] = "hidden" if display == "none" else ""
    line = attribute(properties, "text-line-through-style") or attribute(properties, "text-crossing-out")
    if line:
        found["struck"] = "" if line == "none" else "struck"
    position = attribute(properties, "text-position").partition(" ")[0]
    if position:
        is_lowered = position == "sub" or position.startswith("-")
        found["vertical"] = "" if position.strip("0%") == "" else "lowered" if is_lowered else "raised"
    return found


def style_of(settings: dict[str, Style]) -> Style:
    return settings.get("hidden") or settings.get("struck") or settings.get("vertical") or ""


class ListNumbers:
    """The numbers of one list style, or of the headings; goes on counting where a list continues."""

    def __init__(self, style: Element | None) -> None:
        self._levels = {whole_number(attribute(level, "level")): level for level in children(style)}
        self._counts: dict[int, int] = {}

    def restart(self, level: int) -> None:
        self._counts = {at: count for at, count in self._counts.items() if at < level}

    def next(self, level: int, start: str = "") -> str:
        """The label of the next item of a level; "-" for a bullet, "" where the level shows nothing."""
        shape = self._levels.get(level)
        self._counts = {at: count for at, count in self._counts.items() if at <= level}
        if start:
            self._counts[level] = whole_number(start, 1)
        else:
            self._counts[level] = self._counts.get(level, self._start(level) - 1) + 1
        if shape is None or name_of(shape) == _BULLET or name_of(shape) == "list-level-style-image":
            return "-"
        if not attribute(shape, "num-format"):
            return attribute(shape, "num-prefix").strip()
        shown = max(1, min(whole_number(attribute(shape, "display-levels"), 1), level))
        numbers = [
            as_number(self._counts.get(at, self._start(at)), attribute(self._levels.get(at), "num-format", "1"))
            for at in range(level - shown + 1, level + 1)
        ]
        return f"{attribute(shape, 'num-prefix')}{'.'.join(numbers)}{attribute(shape, 'num-suffix')}".strip()

    def _start(self, level: int) -> int:
        return whole_number(attribute(self._levels.get(level), "start-value"), 1)
