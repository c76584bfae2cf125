"""Follows the fields of Word through runs: their codes are not read, their results are."""

import re

from ingest.reading.structured.office.parts.package import Element, attribute, child, children, name_of, whole_number

_PAGE_NUMBER = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b", re.IGNORECASE)
_OFF = ("0", "false", "off")


class _Field:
    def __init__(self, form: Element | None) -> None:
        self.form = form
        self.code = ""
        self.in_result = False


class Fields:
    """`hide_text`: what comes now is code, or the number of a page."""

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
        return "☒" if state is not None and attribute(state, "val", "1") not in _OFF else "☐"
    if choice is not None:
        entries = [attribute(entry, "val") for entry in children(choice, "listEntry")]
        chosen = child(choice, "result")
        place = whole_number(attribute(child(choice, "default") if chosen is None else chosen, "val"))
        return entries[place] if 0 <= place < len(entries) else ""
    return ""
