"""Reads OpenDocument texts and slides, and the older ones of OpenOffice, with notes, comments, charts and formulas."""

import re
from collections.abc import Iterable, Iterator
from itertools import count

from ingest.reading.marks import Run, Style, labelled, mark_runs, picture_text
from ingest.reading.office_package import (
    Element,
    Package,
    attribute,
    child,
    children,
    name_of,
    outermost,
    text_of,
    whole_number,
)
from ingest.reading.structured.document_tree import Block, clean_text, join_blocks, write_heading
from ingest.reading.structured.office.drawn import chart_blocks, formula_text
from ingest.reading.structured.office.open_document_styles import ListNumbers, Styles, style_of
from ingest.reading.structured.office.signs import SHORT_NUMBER, to_unicode
from ingest.reading.tables.grids import Cell, write_table
from vectorstore.types import Page

_SPACES = re.compile(r"[ \t\r\n]+")
_UNREAD = """tracked-changes sequence-decls variable-decls user-field-decls forms annotation-end ruby-text page-number
page-count script event-listeners notes dde-connection-decls"""
_GONE = frozenset(_UNREAD.split())
_DRAWN = "frame custom-shape rect ellipse circle polygon path line connector g text-box image control"
_FRAMES = frozenset(_DRAWN.split())
_SIGNS = {"tab": "\t", "tab-stop": "\t", "line-break": "\n", "s": " "}
_NOTES = ("note", "footnote", "endnote")
_MOST_REPEATED = 100
Settings = dict[str, Style]


def read_text_document(package: Package) -> tuple[Page, ...] | None:
    content = package.part("content.xml")
    return None if content is None else _pages(package, package.part("styles.xml"), content)


def read_flat(root: Element) -> tuple[Page, ...] | None:
    """A document that is one XML file."""
    return _pages(None, root, root) if name_of(root) == "document" else None


def _pages(package: Package | None, styles: Element | None, content: Element) -> tuple[Page, ...] | None:
    body = child(content, "body")
    if body is None:
        return None
    controls = {attribute(one, "id"): _control(one) for one in body.iter() if attribute(one, "id", space="form:1.0")}
    reader = _Reader(package, Styles(styles, content), controls)
    slides = list(outermost(body, "page"))
    if child(body, "presentation") is not None or (slides and name_of(slides[0].getparent()) == "presentation"):
        return tuple(Page(number, join_blocks(reader.slide(slide, number))) for number, slide in enumerate(slides, 1))
    margins = _Reader(package, Styles(styles), controls)
    pages = list(outermost(child(styles, "master-styles"), "master-page"))
    blocks = [*margins.margins(pages, "header"), *reader.blocks(body, {}), *margins.margins(pages, "footer")]
    return (Page(None, join_blocks(blocks)),)


class _Reader:
    def __init__(self, package: Package | None, styles: Styles, controls: dict[str, str]) -> None:
        self._package = package
        self._controls = controls
        self._styles = styles
        self._numbers: dict[str, ListNumbers] = {}
        self._headings = ListNumbers(styles.outline)
        self._notes = {"footnote": count(1), "endnote": count(1)}
        self._after: list[Block] = []

    def margins(self, master_pages: Iterable[Element], kind: str) -> list[Block]:
        """Headers or footers, each different one once."""
        found: dict[str, None] = {}
        for page in master_pages:
            for part in children(page, kind, f"{kind}-first", f"{kind}-left"):
                if attribute(part, "display") != "false":
                    lines = [self._line(paragraph) for paragraph in outermost(part, "p", "h")]
                    found.setdefault("\n".join(filter(None, lines)))
        return [Block(labelled(kind.title(), text)) for text in found if text]

    def _line(self, paragraph: Element) -> str:
        """Without what is little more than the number of the page."""
        text = " ".join(block.text for block in self._paragraph(paragraph, {}))
        has_number = next(outermost(paragraph, "page-number", "page-count"), None) is not None
        words = [word for word in text.split() if any(map(str.isalnum, word))]
        return "" if has_number and len(words) < 3 and not any(map(str.isdigit, text)) else text.strip()

    def slide(self, page: Element, number: int) -> list[Block]:
        titles, notes, blocks = [], [], []
        for shape in children(page):
            if name_of(shape) == "notes":
                bodies = [frame for frame in outermost(shape, "frame") if attribute(frame, "class") == "notes"]
                text = "\n".join(block.text for frame in bodies for block in self.blocks(frame, {}))
                notes.append(Block(labelled("Speaker note", text.strip())))
            elif attribute(shape, "class") == "title":
                titles += [" ".join(block.text.split()) for block in self.blocks(shape, {})]
            elif name_of(shape) == "annotation":
                notes.append(self._comment(shape))
            elif name_of(shape) in _FRAMES or name_of(shape) == "a":
                blocks += [Block(self._drawing(shape, {})), *self._take_after()]
        title = " ".join(filter(None, titles))
        if self._styles.hides_slide(attribute(page, "style-name")):
            title = f"{title or f'Slide {number}'} (hidden)"
        return [Block(write_heading(title, 2)), *blocks, *notes]

    def _take_after(self) -> list[Block]:
        taken, self._after = self._after, []
        return taken

    def blocks(self, parent: Element, settings: Settings) -> Iterator[Block]:
        for one in children(parent):
            name = name_of(one)
            if name in ("p", "h"):
                yield from self._paragraph(one, settings)
            elif name in ("list", "ordered-list", "unordered-list"):
                yield from self._list(one, settings, 1, "")
            elif name == "table":
                yield from self._table(one)
            elif name in _FRAMES:
                yield Block(self._drawing(one, settings))
                yield from self._take_after()
            elif name == "annotation":
                yield self._comment(one)
            elif name not in _GONE:
                hidden: Settings = {"hidden": "hidden"} if attribute(one, "display") == "none" else {}
                yield from self.blocks(one, settings | hidden)

    def _paragraph(self, paragraph: Element, settings: Settings, label: str = "", depth: int = 0) -> Iterator[Block]:
        style = attribute(paragraph, "style-name")
        settings = settings | self._styles.settings("paragraph", style)
        kept = self._take_after()
        text = clean_text("".join(mark_runs(list(self._runs(paragraph, settings))))).strip(" ")
        after = [*kept, *self._take_after()]
        level = 0
        if name_of(paragraph) == "h":
            level = whole_number(attribute(paragraph, "outline-level") or attribute(paragraph, "level"), 1) or 1
            if not label and text:
                label = self._headings.next(level) if self._styles.outline is not None else ""
        elif any(attribute(one, "name") == "Title" for one in self._styles.chain("paragraph", style)):
            level = 1
        if level:
            yield Block(write_heading(text if label in ("", "-") or not text else f"{label} {text}", level))
        elif not label or not text:
            yield Block(text)
        else:
            is_short = SHORT_NUMBER.fullmatch(label) is not None
            yield Block(f"{'  ' * depth if is_short else ''}{label} {text}", is_item=is_short)
        yield from after

    def _list(self, element: Element, settings: Settings, level: int, style: str) -> Iterator[Block]:
        style = attribute(element, "style-name") or style
        numbers = self._numbers.setdefault(style, ListNumbers(self._styles.lists.get(style)))
        goes_on = attribute(element, "continue-list") or attribute(element, "continue-numbering") == "true"
        if not goes_on:
            numbers.restart(level)
        for item in children(element, "list-item", "list-header"):
            label = ""
            for one in children(item):
                name = name_of(one)
                if name in ("list", "ordered-list", "unordered-list"):
                    yield from self._list(one, settings, level + 1, style)
                elif name in ("p", "h"):
                    if not label and name_of(item) == "list-item":
                        label = numbers.next(level, attribute(item, "start-value"))
                        yield from self._paragraph(one, settings, label, level - 1)
                    else:
                        yield from self._paragraph(one, settings)
                elif name not in _GONE:
                    yield from self.blocks(one, settings)

    def _table(self, table: Element) -> Iterator[Block]:
        kept = self._take_after()
        rows: list[list[Cell]] = []
        for row in outermost(table, "table-row"):
            cells = [cell for one in children(row, "table-cell") for cell in self._cells(one)]
            times = whole_number(attribute(row, "number-rows-repeated"), 1) if any(cell.text for cell in cells) else 1
            rows += [cells] * max(1, min(times, _MOST_REPEATED))
        yield from (Block(write_table(rows)), *kept, *self._take_after())

    def _cells(self, cell: Element) -> list[Cell]:
        texts = []
        for one in outermost(cell, "p", "h"):
            blocks = list(self._paragraph(one, {}))
            texts.append(blocks[0].text.lstrip("# ") if name_of(one) == "h" else blocks[0].text)
            self._after += blocks[1:]
        text = " ".join(filter(None, texts))
        columns, rows = (whole_number(attribute(cell, f"number-{of}-spanned"), 1) for of in ("columns", "rows"))
        times = whole_number(attribute(cell, "number-columns-repeated"), 1)
        return [Cell(text, columns, rows)] * max(1, min(times, _MOST_REPEATED))

    def _runs(self, parent: Element, settings: Settings) -> Iterator[Run]:
        """Of an element with mixed content, the words before each child, the child, and what follows it."""
        yield _words(parent.text), style_of(settings)
        for one in parent:
            yield from self._inline(one, settings)
            yield _words(one.tail), style_of(settings)

    def _inline(self, one: Element, settings: Settings) -> Iterator[Run]:
        name = name_of(one)
        if name in _SIGNS:
            yield _SIGNS[name] * max(1, min(whole_number(attribute(one, "c"), 1), 200)), style_of(settings)
        elif name in _NOTES:
            self._note(one)
        elif name == "annotation":
            self._after.append(self._comment(one))
        elif name in _FRAMES:
            yield self._drawing(one, settings), ""
        elif name == "fieldmark" and not text_of(one):
            yield _form_field(one), ""
        elif name == "hidden-text":
            yield attribute(one, "string-value") or text_of(one), "hidden"
        elif name not in _GONE and name:
            own = self._styles.settings("text", attribute(one, "style-name")) if name == "span" else {}
            yield from self._runs(one, settings | own)

    def _note(self, note: Element) -> None:
        kind = attribute(note, "note-class", "footnote") if name_of(note) == "note" else name_of(note)
        parts = {name_of(part).rpartition("-")[2]: part for part in children(note)}
        shown, number = text_of(parts.get("citation")).strip(), next(self._notes.get(kind, count(1)))
        own = attribute(parts.get("citation"), "label") or (shown if shown.isdigit() else str(number))
        self._after.append(Block(labelled(f"{kind.title()} {own}", self._text(parts.get("body")))))

    def _comment(self, comment: Element) -> Block:
        author = " ".join((text_of(child(comment, "creator")) or attribute(comment, "author")).split())
        texts = [self._text(part) for part in children(comment) if name_of(part) in ("p", "list")]
        return Block(labelled(f"Comment by {author}" if author else "Comment", "\n".join(filter(None, texts))))

    def _text(self, element: Element | None) -> str:
        """What stands in a note, its paragraphs in lines."""
        kept = self._take_after()
        is_paragraph = element is not None and name_of(element) == "p"
        paragraphs = [element] if is_paragraph else outermost(element, "p", "h")
        lines = [block.text for one in paragraphs for block in self._paragraph(one, {})]
        self._after = kept
        return "\n".join(filter(None, lines)).strip()

    def _drawing(self, drawing: Element, settings: Settings) -> str:
        """A formula, or the alternative text of a picture; texts, tables and charts follow the paragraph."""
        if name_of(drawing) == "control":
            return self._controls.get(attribute(drawing, "control"), "")
        for one in outermost(drawing, "object"):
            inside = next(outermost(one, "math", "document"), None)
            path = attribute(one, "href").removeprefix("./")
            if inside is None and self._package is not None and path:
                inside = self._package.part(f"{path}/content.xml")
            if inside is not None and name_of(inside) == "math":
                return formula_text(inside)
            if inside is not None:
                self._after += chart_blocks(inside)
                for table in outermost(child(inside, "body", "spreadsheet"), "table"):
                    kept = self._take_after()
                    self._after = [*kept, *self._table(table)]
                return ""
        kept = self._take_after()
        blocks = list(self.blocks(drawing, settings))
        self._after = [*kept, *blocks, *self._take_after()]
        described = text_of(child(drawing, "desc")).strip() or text_of(child(drawing, "title"))
        return "" if any(block.text for block in blocks) else picture_text(described)


def _words(text: str | None) -> str:
    # Signs of the font Symbol are the private characters that stand in the text of paragraphs.
    return to_unicode(_SPACES.sub(" ", text or ""), "Symbol")


def _control(control: Element) -> str:
    """What a control of a form shows: its text, its choice, or whether its box is ticked."""
    if name_of(control) in ("checkbox", "radio"):
        is_on = attribute(control, "current-state") == "checked" or attribute(control, "current-selected") == "true"
        return f"{'☒' if is_on else '☐'} {attribute(control, 'label')}".strip()
    chosen = [
        attribute(option, "label")
        for option in children(control, "option", "item")
        if attribute(option, "current-selected") == "true"
    ]
    is_text = name_of(control) in ("text", "textarea", "combobox", "formatted-text", "number", "date", "time")
    shown = attribute(control, "current-value") or attribute(control, "value") if is_text else ""
    return shown or ", ".join(chosen)


def _form_field(field: Element) -> str:
    values: dict[str, list[str]] = {}
    for one in children(field, "param"):
        values.setdefault(attribute(one, "name"), []).append(attribute(one, "value"))
    kind = attribute(field, "type")
    if kind.endswith("FORMCHECKBOX"):
        return "☒" if values.get("Checkbox_Checked", [""])[0] == "true" else "☐"
    place = whole_number(values.get("Dropdown_Selected", ["0"])[0])
    entries = values.get("Dropdown_ListEntry", [])
    return entries[place] if kind.endswith("FORMDROPDOWN") and 0 <= place < len(entries) else ""
