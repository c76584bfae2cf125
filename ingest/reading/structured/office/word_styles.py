"""Resolves Word's styles: how a run is set, how deep a heading is, numbers of paragraphs; and follows its fields."""

import re

from ingest.reading.marks import Style, moved
from ingest.reading.office_package import Element, attribute, child, children, name_of, whole_number
from ingest.reading.structured.office.signs import as_number

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LEVEL = re.compile(r"%([1-9])")
_VERTICAL: dict[str, Style] = {"superscript": "raised", "subscript": "lowered"}
# Styles are based on styles; a longer chain is a circle.
_MAX_CHAIN = 20


def is_on(element: Element) -> bool:
    """A property that is there is on, unless it says otherwise."""
    return attribute(element, "val", "1").lower() not in ("0", "false", "off", "none")


def _settings(properties: Element | None) -> dict[str, Style]:
    """Of the properties of a run those that change what it means, each with its style, "" where it is off."""
    found: dict[str, Style] = {}
    for one in children(properties):
        name = name_of(one)
        if name == "vanish":
            found["hidden"] = "hidden" if is_on(one) else ""
        elif name in ("strike", "dstrike"):
            found["struck"] = "struck" if is_on(one) else found.get("struck", "")
        elif name == "vertAlign":
            found["vertical"] = _VERTICAL.get(attribute(one, "val"), "")
        elif name == "position":
            size = whole_number(attribute(child(properties, "sz"), "val"), 20)
            found["position"] = moved(whole_number(attribute(one, "val")), size)
    return found


class Styles:
    """`styles` is the part of that name."""

    def __init__(self, styles: Element | None) -> None:
        self._styles = {attribute(style, "styleId"): style for style in children(styles, "style")}
        normal = (key for key, style in self._styles.items() if attribute(style, "type") == "paragraph")
        self._normal = next((key for key in normal if attribute(self._styles[key], "default") in ("1", "true")), "")
        self._inherited: dict[tuple[str, str], dict[str, Style]] = {}

    def _chain(self, style_id: str) -> list[Element]:
        chain: list[Element] = []
        while style_id in self._styles and len(chain) < _MAX_CHAIN:
            chain.append(self._styles[style_id])
            style_id = attribute(child(chain[-1], "basedOn"), "val")
        return chain

    def run_style(self, run: Element, paragraph_style: str) -> Style:
        own = child(run, "rPr")
        names = (attribute(child(own, "rStyle"), "val"), paragraph_style or self._normal)
        if names not in self._inherited:
            chain = [style for style_id in names for style in self._chain(style_id)]
            settings: dict[str, Style] = {}
            for style in reversed(chain):
                settings |= _settings(child(style, "rPr"))
            self._inherited[names] = settings
        found = self._inherited[names] | _settings(own)
        return found.get("hidden") or found.get("struck") or found.get("vertical") or found.get("position") or ""

    def paragraph_property(self, paragraph: Element, name: str) -> tuple[Element | None, str]:
        """The paragraph's own property, else that of its styles with the style's id."""
        own = child(paragraph, "pPr")
        if (found := child(own, name)) is not None:
            return found, ""
        for style in self._chain(attribute(child(own, "pStyle"), "val") or self._normal):
            if (found := child(style, "pPr", name)) is not None:
                return found, attribute(style, "styleId")
        return None, ""

    def heading_level(self, paragraph: Element) -> int:
        """0 for what is no heading."""
        for style in self._chain(attribute(child(paragraph, "pPr", "pStyle"), "val")):
            name = attribute(child(style, "name"), "val")
            if found := _HEADING.fullmatch(name):
                return int(found[1])
            if name.lower() == "title":
                return 1
        outline, _ = self.paragraph_property(paragraph, "outlineLvl")
        level = whole_number(attribute(outline, "val"), 9)
        return level + 1 if 0 <= level < 9 else 0

    def number_properties(self, paragraph: Element) -> tuple[str, int | None, str]:
        """The id of its list, its level where it says so, and the style that says all that."""
        found, style = self.paragraph_property(paragraph, "numPr")
        level = child(found, "ilvl")
        return (
            attribute(child(found, "numId"), "val"),
            None if level is None else whole_number(attribute(level, "val")),
            style,
        )


class Numbering:
    """Counts the paragraphs of each list in the order in which they are asked for."""

    def __init__(self, numbering: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._lists = {attribute(one, "abstractNumId"): one for one in children(numbering, "abstractNum")}
        self._nums = {attribute(one, "numId"): one for one in children(numbering, "num")}
        self._counts: dict[str, dict[int, int]] = {}
        self._restarted: set[tuple[str, int]] = set()

    def label(self, paragraph: Element) -> tuple[str, int] | None:
        """The number of a paragraph as it is shown ("-" for a bullet) and the depth in its list; None in no list."""
        num_id, level, style = self._styles.number_properties(paragraph)
        num = self._nums.get(num_id)
        list_id = attribute(child(num, "abstractNumId"), "val")
        levels = {whole_number(attribute(one, "ilvl")): one for one in children(self._lists.get(list_id), "lvl")}
        if num is None or not levels:
            return None
        if level is None:
            level = next((at for at, one in levels.items() if attribute(child(one, "pStyle"), "val") == style), 0)
        overrides = {whole_number(attribute(one, "ilvl")): one for one in children(num, "lvlOverride")}
        levels |= {at: one for at, over in overrides.items() if (one := child(over, "lvl")) is not None}
        shape = levels.get(level)
        if shape is None:
            return None
        counts = self._counts.setdefault(list_id, {})
        restart = attribute(child(overrides.get(level), "startOverride"), "val")
        if restart and (num_id, level) not in self._restarted:
            self._restarted.add((num_id, level))
            counts[level] = whole_number(restart, 1)
        else:
            counts[level] = counts[level] + 1 if level in counts else _start(shape)
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if _format(shape) == "bullet":
            return "-", level
        plain = child(shape, "isLgl") is not None

        def number(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            shown = levels.get(at, shape)
            return as_number(counts.get(at, _start(shown)), "decimal" if plain else _format(shown))

        return _LEVEL.sub(number, attribute(child(shape, "lvlText"), "val")).strip(), level


def _start(level: Element) -> int:
    return whole_number(attribute(child(level, "start"), "val"), 1)


def _format(level: Element) -> str:
    return attribute(child(level, "numFmt"), "val", "decimal")


_PAGE_NUMBER = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b", re.IGNORECASE)


class _Field:
    def __init__(self, form: Element | None) -> None:
        self.form = form
        self.code = ""
        self.in_result = False


class Fields:
    """Follows fields through runs: their codes are not read, their results are.

    `hide_text`: what comes now is code, or the number of a page.
    """

    def __init__(self) -> None:
        self._open: list[_Field] = []
        self.page_number_seen = False
        self.hide_text = False

    def is_page_number(self, code: str) -> bool:
        found = _PAGE_NUMBER.match(code) is not None
        self.page_number_seen = self.page_number_seen or found
        return found

    def read(self, element: Element) -> str:
        """What a form's field shows at its end, which stands nowhere as text."""
        written = ""
        kind = attribute(element, "fldCharType")
        if name_of(element) == "instrText":
            if self._open:
                self._open[-1].code += element.text or ""
        elif kind == "begin":
            self._open.append(_Field(child(element, "ffData")))
        elif kind == "separate" and self._open:
            self._open[-1].in_result = True
        elif kind == "end" and self._open:
            field = self._open.pop()
            self.is_page_number(field.code)
            written = _shown_in_form(field.form)
        self._update()
        return written

    def end_paragraph(self) -> None:
        """No code goes beyond its paragraph: a field that never ends must not swallow the rest."""
        self._open = [field for field in self._open if field.in_result and not self.is_page_number(field.code)]
        self._update()

    def _update(self) -> None:
        self.hide_text = any(not field.in_result or self.is_page_number(field.code) for field in self._open)


def _shown_in_form(form: Element | None) -> str:
    box, choice = child(form, "checkBox"), child(form, "ddList")
    if box is not None:
        state = child(box, "checked")
        state = child(box, "default") if state is None else state
        return "☒" if state is not None and is_on(state) else "☐"
    if choice is not None:
        entries = [attribute(entry, "val") for entry in children(choice, "listEntry")]
        chosen = child(choice, "result")
        place = whole_number(attribute(child(choice, "default") if chosen is None else chosen, "val"))
        return entries[place] if 0 <= place < len(entries) else ""
    return ""
