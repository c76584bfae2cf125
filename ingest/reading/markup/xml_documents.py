"""Writes documents in XML, such as DocBook, JATS and FictionBook, as web pages are written."""

import tomllib
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any

from lxml import etree

from ingest.reading.markup.html_writer import LEFT_OUT, write_html

_VOCABULARIES = tomllib.loads(Path(__file__).with_name("vocabularies.toml").read_text(encoding="utf-8"))
_ROOTS = frozenset(_VOCABULARIES["roots"].split())
_PARAGRAPHS = _VOCABULARIES["paragraphs"].split()
_NAMES = {name: tag for tag, names in _VOCABULARIES["names"].items() for name in names.split()}
_FACTS = frozenset(_VOCABULARIES["facts"].split())
_TITLED = frozenset(("section", "body", "article", "book", "set", "title-group", "info", "articleinfo", "bookinfo"))
_LINK = "{http://www.w3.org/1999/xlink}href"


def is_document(root: Any) -> bool:
    """Whether the XML is a text with paragraphs, rather than data."""
    return root.tag in _ROOTS and next(root.iter(*_PARAGRAPHS), None) is not None


def read_document(root: Any) -> tuple[str | None, str]:
    """The title of a document and what it says, as Markdown."""
    _place_notes(root)
    title = _title(root)
    for element in list(root.iter(etree.Element)):
        _part_children(element)
        _translate(element)
    return title, write_html(root)


def _title(root: Any) -> str | None:
    for path in (".//title-info/book-title", ".//article-title", "./info/title", "./*/title", "./title", ".//title"):
        if (found := root.find(path)) is not None:
            return " ".join("".join(found.itertext()).split())
    return None


def _translate(element: Any) -> None:
    """Gives an element the name that it has in HTML, and the attributes that say how it is merged or pictured."""
    tag = element.tag
    if tag in _FACTS and element.getparent().tag != "p":
        _name_fact(element)
    elif tag in _SPECIAL:
        element.tag = _SPECIAL[tag](element)
    else:
        element.tag = _NAMES.get(tag, "span" if tag in LEFT_OUT and tag != "script" else tag)


def _label(element: Any) -> str:
    """A number before a title belongs to it."""
    following = element.getnext()
    if following is None or following.tag != "title":
        return "div"
    following.text = f"{''.join(element.itertext()).strip()} {following.text or ''}"
    return "script"


def _tex(element: Any) -> str:
    """A formula as its author wrote it, where there is no MathML."""
    parent = element.getparent()
    if parent.find("math") is not None:
        return "script"
    words = element.text or ""
    element.text = words.partition("\\begin{document}")[2].partition("\\end{document}")[0].strip() or words.strip()
    return "span"


def _described(element: Any) -> str:
    element.set("alt", " ".join("".join(element.itertext()).split()))
    return "img"


def _emphasis(element: Any) -> str:
    return "s" if "strike" in (element.get("role") or "") else "em"


def _name_fact(element: Any) -> None:
    kind = element.get("date-type") or element.get("pub-type") or ""
    words = " ".join(" ".join(element.itertext()).split())
    for child in list(element):
        element.remove(child)
    element.text = f"{element.tag} {kind}".strip() + f": {words}" if words else ""
    element.tag = "p"


def _heading(element: Any) -> str:
    parent = element.getparent()
    if parent is None or parent.tag not in _TITLED:
        return "p"
    return f"h{min(sum(ancestor.tag == 'section' for ancestor in element.iterancestors()) + 1, 6)}"


def _merged(element: Any) -> str:
    """DocBook names the first and the last column of a merged cell, and counts the rows below it."""
    group = next(element.iterancestors("tgroup"), element)
    columns = [column.get("colname") for column in takewhile(lambda child: child.tag in ("colspec", "script"), group)]
    first, last = element.get("namest"), element.get("nameend")
    if first in columns and last in columns:
        element.set("colspan", str(columns.index(last) - columns.index(first) + 1))
    if (more := element.get("morerows") or "").isdigit():
        element.set("rowspan", str(int(more[:6]) + 1))
    return "td"


def _part_children(element: Any) -> None:
    """White space between elements that stand alone: <surname>Choi</surname><given-names>Jeong</given-names>."""
    if not (element.text or "").strip() and not any((child.tail or "").strip() for child in element):
        for child in element[:-1]:
            child.tail = child.tail or " "


def _place_notes(root: Any) -> None:
    """Footnotes after the paragraph that refers to them, which keeps their number."""
    number, last = 0, dict[Any, Any]()
    sections = {section.get("id"): section for body in root.iter("body") for section in _notes_of(body)}
    for element in list(root.iter("footnote", "a", "xref")):
        target = element.get(_LINK) or element.get("rid") or ""
        if element.tag == "footnote":
            number += 1
            name = element.get("label") or str(number)
            note, element.tag = _copy(element), "a"
        elif element.get("type") == "note" and target.removeprefix("#") in sections:
            name = "".join(element.itertext()).strip().strip("[]{}() ")
            note = _copy(sections[target.removeprefix("#")])
        else:
            if element.tag == "xref" and target:
                element.tag = "a"
                element.set("href", f"#{target}")
                element.set("class", "noteref" if element.get("ref-type") in ("fn", "table-fn") else "")
            continue
        element.text = f"[{name}]"
        _insert_note(element, f"Footnote {name}: {note}", last)
    for section in sections.values():
        section.getparent().remove(section)


def _notes_of(body: Any) -> list[Any]:
    return [section for section in body.iter("section") if section.get("id")] if body.get("name") == "notes" else []


def _copy(element: Any) -> str:
    """The words of a note without its title; the element is emptied."""
    words = " ".join(" ".join("".join(child.itertext()) for child in element if child.tag != "title").split())
    words = words or " ".join("".join(element.itertext()).split())
    if element.tag == "footnote":
        for child in list(element):
            element.remove(child)
        element.text = ""
    return words


def _insert_note(element: Any, words: str, last: dict[Any, Any]) -> None:
    """`last` is the last note after each paragraph."""
    paragraph = next(element.iterancestors(*_PARAGRAPHS, "title", "table", "informaltable"), None)
    if paragraph is None or paragraph.getparent() is None:
        paragraph = element
    before = last.get(paragraph, paragraph)
    note = last[paragraph] = etree.Element("p")
    note.text = words
    note.tail, before.tail = before.tail, None
    before.addnext(note)


_SPECIAL: dict[str, Callable[[Any], str]] = {
    "title": _heading,
    "article-title": _heading,
    "label": _label,
    "listitem": lambda element: "dd" if element.getparent().tag == "varlistentry" else "li",
    "emphasis": _emphasis,
    "phrase": _emphasis,
    "tex-math": _tex,
    "textobject": _described,
    "alt-text": _described,
    "image": lambda _: "img",
    "entry": _merged,
}
