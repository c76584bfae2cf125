"""Reads Word documents with what their other parts say: notes, comments, headers, footers, charts and diagrams."""

from collections.abc import Iterable, Iterator
from string import hexdigits

from ingest.reading.marks import Run, labelled, mark_runs, picture_text
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
from ingest.reading.structured.office.signs import SHORT_NUMBER, to_unicode
from ingest.reading.structured.office.word_styles import Fields, Numbering, Styles, is_on
from ingest.reading.tables.grids import Cell, write_table
from vectorstore.types import Page

_GONE = ("del", "moveFrom", "sectPr", "pPr", "rPr", "tblPr", "trPr", "sdtPr", "sdtEndPr", "rt")
_SIGNS = {"tab": "\t", "ptab": "\t", "cr": "\n", "br": "\n", "noBreakHyphen": "\N{NON-BREAKING HYPHEN}"}
_NOTES = {"footnoteReference": "Footnote", "endnoteReference": "Endnote", "commentReference": "Comment"}


def read_word(package: Package) -> tuple[Page, ...] | None:
    """One page, since pages are laid out when they are drawn; None where the main part cannot be read."""
    main = next((path for path, _ in package.related_parts("", "officeDocument")), "word/document.xml")
    root = package.part(main)
    body = child(root, "body")
    return None if body is None else (Page(None, join_blocks(_Reader(package, main).read(body))),)


class _Reader:
    """Walks the main part, and from it through the parts that it refers to."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._related = package.related(main)
        parts = {kind: part for kind, path in self._related.values() if (part := package.part(path)) is not None}
        self._styles = Styles(parts.get("styles"))
        self._numbering = Numbering(parts.get("numbering"), self._styles)
        self._even_pages = child(parts.get("settings"), "evenAndOddHeaders") is not None
        self._notes = {
            name: {attribute(note, "id"): note for note in children(parts.get(part))}
            for name, part in zip(_NOTES, ("footnotes", "endnotes", "comments"), strict=True)
        }
        self._used: set[tuple[str, str]] = set()
        self._numbers = dict.fromkeys(_NOTES, 0)
        self._fields = Fields()
        self._carried: list[Run] = []
        self._after: list[Block] = []
        self._in_note = False

    def read(self, body: Element) -> Iterator[Block]:
        sections = list(body.iter("{*}sectPr"))
        yield from self._margins(sections, "header")
        yield from self._blocks(body)
        yield Block("".join(mark_runs(self._carried)).strip())
        yield from self._margins(sections, "footer")

    def _margins(self, sections: Iterable[Element], kind: str) -> list[Block]:
        """The headers or footers, each different one once. Lines with little but the page's number say nothing."""
        found: dict[str, None] = {}
        for section in sections:
            first = child(section, "titlePg")
            for reference in children(section, f"{kind}Reference"):
                which = attribute(reference, "type")
                shown = {"first": first is not None and is_on(first), "even": self._even_pages}.get(which, True)
                part = self._part(reference) if shown else None
                lines = [self._line(paragraph) for paragraph in outermost(part, "p")]
                found.setdefault("\n".join(line for line in lines if line))
        return [Block(labelled(kind.title(), text)) for text in found if text]

    def _line(self, paragraph: Element) -> str:
        self._fields.page_number_seen = False
        text = clean_text("".join(mark_runs(list(self._runs(paragraph, "")))))
        boxes = " ".join(block.text for block in self._take_after())
        words = [word for word in text.split() if any(map(str.isalnum, word))]
        if self._fields.page_number_seen and len(words) < 3 and not any(map(str.isdigit, text)):
            text = ""
        return " ".join(filter(None, (text.strip(), boxes)))

    def _part(self, reference: Element, by: str = "id") -> Element | None:
        """What is referred to, the first time: a chart that is shown thousands of times is a trick."""
        use = name_of(reference), self._related.get(attribute(reference, by), ("", ""))[1]
        is_new = use not in self._used
        self._used.add(use)
        return self._package.part(use[1]) if is_new else None

    def _take_after(self) -> list[Block]:
        taken, self._after = self._after, []
        return taken

    def _blocks(self, parent: Element) -> Iterator[Block]:
        for one in content(parent):
            name = name_of(one)
            if name == "p":
                yield from self._paragraph(one)
            elif name == "tbl":
                yield from self._table(one)
            elif name == "oMathPara":
                yield Block(formula_text(one).strip())
            elif name not in _GONE:
                yield from self._blocks(one)

    def _paragraph(self, paragraph: Element) -> Iterator[Block]:
        style = attribute(child(paragraph, "pPr", "pStyle"), "val")
        carried, self._carried = self._carried, []
        runs = [*carried, *self._runs(paragraph, style)]
        self._fields.end_paragraph()
        if child(paragraph, "pPr", "rPr", "del") is not None:  # its end is deleted: it goes on in the next one
            self._carried = runs
            return
        text = clean_text("".join(mark_runs(runs)))
        if text.strip():
            yield self._written(paragraph, text)
        yield from self._take_after()

    def _written(self, paragraph: Element, text: str) -> Block:
        number, depth = self._numbering.label(paragraph) or ("", 0)
        level = self._styles.heading_level(paragraph)
        if level:
            return Block(write_heading(text if number in ("", "-") else f"{number} {text.lstrip()}", level))
        if not number:
            return Block(text)
        if SHORT_NUMBER.fullmatch(number):
            return Block(f"{'  ' * depth}{number} {text.strip()}", is_item=True)
        return Block(f"{number} {text.strip()}")

    def _table(self, table: Element) -> Iterator[Block]:
        kept, rows = self._take_after(), []
        for row in outermost(table, "tr"):
            properties = child(row, "trPr")
            if child(properties, "del") is None:
                before = whole_number(attribute(child(properties, "gridBefore"), "val"))
                empty = [Cell("", before)] if before > 0 else []
                rows.append([*empty, *(self._cell(cell) for cell in outermost(row, "tc"))])
        yield from (Block(write_table(rows)), *kept, *self._take_after())

    def _cell(self, cell: Element) -> Cell:
        properties = child(cell, "tcPr")
        merge = child(properties, "vMerge")
        notes, texts = self._take_after(), list(self._cell_blocks(cell))
        self._after = [*notes, *self._after]
        goes_on = merge is not None and attribute(merge, "val", "continue") == "continue"
        columns = whole_number(attribute(child(properties, "gridSpan"), "val"), 1)
        return Cell(None if goes_on else " ".join(texts), columns)

    def _cell_blocks(self, cell: Element) -> Iterator[str]:
        """Its paragraphs, and the cells of tables within it one after the other; what follows a paragraph is kept."""
        for one in outermost(cell, "p", "tbl"):
            if name_of(one) == "tbl":
                for inner in outermost(one, "tc"):
                    yield from self._cell_blocks(inner)
                continue
            kept = self._take_after()
            written = list(self._paragraph_text(one))
            self._after = [*kept, *self._after]
            yield from written

    def _paragraph_text(self, paragraph: Element) -> Iterator[str]:
        runs = list(self._runs(paragraph, attribute(child(paragraph, "pPr", "pStyle"), "val")))
        self._fields.end_paragraph()
        text = "".join(mark_runs(runs)).strip()
        number, _ = self._numbering.label(paragraph) or ("", 0) if text else ("", 0)
        yield text if number in ("", "-") else f"{number} {text}"

    def _runs(self, parent: Element, style: str) -> Iterator[Run]:
        for one in content(parent):
            name = name_of(one)
            if name == "r":
                yield from self._run(one, style)
            elif name in ("oMath", "oMathPara"):
                yield formula_text(one), ""
            elif name == "fldSimple":
                if not self._fields.is_page_number(attribute(one, "instr")):
                    yield from self._runs(one, style)
            elif name not in _GONE:
                yield from self._runs(one, style)

    def _run(self, run: Element, paragraph_style: str) -> Iterator[Run]:
        style = self._styles.run_style(run, paragraph_style)
        own_mark = False
        for one in content(run):
            name = name_of(one)
            if name in ("fldChar", "instrText"):
                yield self._fields.read(one), ""
            elif self._fields.hide_text:
                continue
            elif name in _NOTES:
                own_mark = attribute(one, "customMarkFollows") in ("1", "true", "on")
                self._add_note(name, attribute(one, "id"), text_of(child(run, "t")) if own_mark else "")
            elif name == "ruby":
                for base in children(one, "rubyBase"):
                    yield from self._runs(base, paragraph_style)
            elif name in ("t", "sym"):
                yield ("" if own_mark else _characters(one, run)), style
            else:
                yield self._drawing(one) if name in ("drawing", "pict", "object") else _SIGNS.get(name, ""), ""

    def _add_note(self, kind: str, note_id: str, own_mark: str) -> None:
        note = None if self._in_note else self._notes[kind].pop(note_id, None)
        if note is None:
            return
        if kind == "commentReference":
            author = " ".join(attribute(note, "author").split())
            label = f"Comment by {author}" if author else "Comment"
        else:
            self._numbers[kind] += not own_mark
            label = f"{_NOTES[kind]} {own_mark or self._numbers[kind]}"
        self._in_note = True
        kept, fields, self._fields = self._take_after(), self._fields, Fields()
        text = "\n".join(block.text for block in self._blocks(note))
        self._after, self._fields, self._in_note = kept, fields, False
        self._after.append(Block(labelled(label, text.strip().removeprefix(own_mark).strip())))

    def _drawing(self, drawing: Element) -> str:
        """The alternative text; text boxes, charts and diagrams follow the paragraph."""
        boxes = list(outermost(drawing, "txbxContent"))
        kept, after = self._take_after(), []
        for box in boxes:
            after += list(self._blocks(box))
        after += [Block(attribute(art, "string")) for art in outermost(drawing, "textpath")]
        for chart in outermost(drawing, "chart"):
            after += chart_blocks(self._part(chart))
        for diagram in outermost(drawing, "relIds"):
            after += diagram_blocks(self._part(diagram, "dm"))
        self._after = [*kept, *after]
        described = (attribute(one, "descr") or attribute(one, "alt") for one in outermost(drawing, "docPr", "shape"))
        words = "" if boxes else picture_text(next(filter(None, described), ""))
        if child(drawing, "anchor") is None:
            return words
        self._after.append(Block(words))  # it stands beside the text, not in it
        return ""


def _characters(text: Element, run: Element) -> str:
    if name_of(text) == "t":
        return to_unicode(text.text or "", attribute(child(run, "rPr", "rFonts"), "ascii"))
    code = attribute(text, "char")
    known = 1 <= len(code) <= 5 and all(digit in hexdigits for digit in code)
    return to_unicode(chr(int(code, 16)), attribute(text, "font")) if known else ""
