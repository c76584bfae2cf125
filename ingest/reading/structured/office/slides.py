"""Reads the slides of PowerPoint with their notes, comments, charts and diagrams, each slide a page."""

import re
from collections.abc import Iterator

from ingest.reading.marks import Run, Style, labelled, mark_runs, picture_text
from ingest.reading.office_package import (
    Element,
    Package,
    attribute,
    child,
    children,
    content,
    name_of,
    outermost,
    text_of,
    whole_number,
)
from ingest.reading.structured.document_tree import Block, clean_text, join_blocks, write_heading
from ingest.reading.structured.office.drawn import chart_blocks, diagram_blocks, formula_text
from ingest.reading.structured.office.signs import as_number
from ingest.reading.tables.grids import Cell, write_table
from vectorstore.types import Page

_TYPED_MARK = re.compile(r"(?:\d{1,3}|[a-zA-Z])[.)]\s|[•–-]\s")
_TITLES = ("title", "ctrTitle")
_LISTS = ("", "obj", "body")
_SHAPES = {"arabic": "decimal", "alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}


def read_slides(package: Package) -> tuple[Page, ...] | None:
    """None where the list of slides cannot be read."""
    main = next((path for path, _ in package.related_parts("", "officeDocument")), "ppt/presentation.xml")
    root = package.part(main)
    if root is None:
        return None
    authors = {
        attribute(author, "id"): attribute(author, "name")
        for kind in ("commentAuthors", "authors")
        for _, part in package.related_parts(main, kind)
        for author in children(part)
    }
    related = package.related(main)
    paths = [related.get(attribute(one, "id", space="relationships"), ("", ""))[1] for one in outermost(root, "sldId")]
    footers: set[str] = set()
    pages = []
    for number, path in enumerate(paths, 1):
        slide = package.part(path)
        if slide is not None:
            blocks = _Slide(package, path, footers).read(slide, number)
            pages.append(Page(number, join_blocks([*blocks, *_remarks(package, path, authors)])))
    return tuple(pages)


def _remarks(package: Package, path: str, authors: dict[str, str]) -> Iterator[Block]:
    """The speaker's notes and the comments of a slide."""
    for _, notes in package.related_parts(path, "notesSlide"):
        bodies = [shape for shape in outermost(notes, "sp") if _placeholder(shape) == "body"]
        yield Block(labelled("Speaker note", "\n".join(filter(None, map(_plain_text, bodies)))))
    for _, comments in package.related_parts(path, "comments"):
        for comment in outermost(comments, "cm"):
            for one in (comment, *outermost(comment, "reply")):
                author = " ".join(authors.get(attribute(one, "authorId"), "").split())
                text = text_of(child(one, "text")).strip() or _plain_text(one)
                yield Block(labelled(f"Comment by {author}" if author else "Comment", text))


def _plain_text(shape: Element) -> str:
    body = child(shape, "txBody")
    return "\n".join(filter(None, (_text(paragraph) for paragraph in children(body, "p"))))


def _placeholder(shape: Element) -> str | None:
    """The type of a placeholder, "" for one of the common type, None for other shapes."""
    found = next(outermost(next(iter(children(shape)), None), "ph"), None)
    return None if found is None else attribute(found, "type")


def _text(paragraph: Element, hidden: Style = "") -> str:
    return clean_text("".join(mark_runs(list(_runs(paragraph, hidden))))).strip()


def _runs(parent: Element, hidden: Style) -> Iterator[Run]:
    for one in content(parent):
        name = name_of(one)
        if name == "r" or (name == "fld" and attribute(one, "type") != "slidenum"):
            yield text_of(child(one, "t")), hidden or _style(child(one, "rPr"))
        elif name == "br":
            yield "\n", ""
        elif name in ("m", "oMath", "oMathPara"):
            yield formula_text(one) if name != "m" else "".join(map(formula_text, children(one))), ""


def _style(properties: Element | None) -> Style:
    if attribute(properties, "strike", "noStrike") != "noStrike":
        return "struck"
    baseline = attribute(properties, "baseline", "0").rstrip("%").partition(".")[0]
    return "" if baseline.strip("-0") == "" else "lowered" if baseline.startswith("-") else "raised"


class _Slide:
    """Walks the shapes of a slide in their order, the title first."""

    def __init__(self, package: Package, path: str, footers: set[str]) -> None:
        self._package = package
        self._related = package.related(path)
        self._footers = footers
        self._title = ""

    def read(self, slide: Element, number: int) -> list[Block]:
        blocks = list(self._shapes(child(slide, "cSld", "spTree")))
        if attribute(slide, "show", "1") in ("0", "false"):
            self._title = f"{self._title or f'Slide {number}'} (hidden)"
        return [Block(write_heading(self._title, 2)), *blocks]

    def _shapes(self, parent: Element | None) -> Iterator[Block]:
        for shape in () if parent is None else content(parent):
            name = name_of(shape)
            if name == "grpSp":
                yield from self._shapes(shape)
            elif name in ("sp", "pic", "graphicFrame", "cxnSp"):
                blocks = [block for block in self._shape(shape) if block.text]
                description = attribute(next(outermost(shape, "cNvPr"), None), "descr")
                is_title = _placeholder(shape) in _TITLES
                yield from blocks or ([] if is_title else [Block(picture_text(description))])

    def _shape(self, shape: Element) -> Iterator[Block]:
        if name_of(shape) == "graphicFrame":
            for table in outermost(shape, "tbl"):
                yield Block(_table(table))
            for chart in outermost(shape, "chart"):
                yield from chart_blocks(self._part(attribute(chart, "id")))
            for diagram in outermost(shape, "relIds"):
                yield from diagram_blocks(self._part(attribute(diagram, "dm")))
            return
        kind = _placeholder(shape)
        if kind in _TITLES:
            self._title = " ".join([self._title, *_plain_text(shape).split()]).strip()
        elif kind == "ftr":
            text = " ".join(_plain_text(shape).split())
            yield Block("" if text in self._footers else labelled("Footer", text))
            self._footers.add(text)
        elif kind not in ("sldNum", "dt", "hdr"):
            yield from _paragraphs(shape, is_list=kind in _LISTS)

    def _part(self, relation: str) -> Element | None:
        return self._package.part(self._related[relation][1]) if relation in self._related else None


def _paragraphs(shape: Element, *, is_list: bool) -> Iterator[Block]:
    """The paragraphs of a shape; those with a bullet or number of their own, and those of a list, as its items."""
    hidden: Style = "hidden" if attribute(next(outermost(shape, "cNvPr"), None), "hidden") in ("1", "true") else ""
    paragraphs = [(one, text) for one in children(child(shape, "txBody"), "p") if (text := _text(one, hidden))]
    counts: dict[int, int] = {}
    for paragraph, text in paragraphs:
        properties = child(paragraph, "pPr")
        level = min(whole_number(attribute(properties, "lvl")), 8)
        counts = {at: count for at, count in counts.items() if at <= level}
        auto = child(properties, "buAutoNum")
        mark = ""
        if auto is not None:
            counts[level] = counts.get(level, whole_number(attribute(auto, "startAt"), 1) - 1) + 1
            mark = _number(counts[level], attribute(auto, "type"))
        elif child(properties, "buNone") is None and (
            child(properties, "buChar") is not None or (is_list and len(paragraphs) > 1)
        ):
            counts.pop(level, None)
            mark = "-"
        typed = mark == "-" and _TYPED_MARK.match(text) is not None
        yield Block(f"{'  ' * level}{text if typed else f'{mark} {text}'}", is_item=True) if mark else Block(text)


def _number(number: int, kind: str) -> str:
    """`3.`, `(c)`: the kind is such as arabicPeriod or alphaLcParenBoth."""
    shape = next((shape for name, shape in _SHAPES.items() if kind.startswith(name)), "decimal")
    text = as_number(number, shape)
    if kind.endswith("ParenBoth"):
        return f"({text})"
    return f"{text})" if kind.endswith("ParenR") else f"{text}."


def _table(table: Element) -> str:
    return write_table(
        [
            Cell(
                _plain_text(cell),
                whole_number(attribute(cell, "gridSpan"), 1),
                whole_number(attribute(cell, "rowSpan"), 1),
            )
            for cell in children(row, "tc")
            if "1" not in (attribute(cell, "hMerge"), attribute(cell, "vMerge"))
        ]
        for row in children(table, "tr")
    )
