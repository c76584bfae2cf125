"""Opens the ZIP package of an Office document and parses its XML parts, within bounds."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

from lxml import etree

from ingest.reading.file_types import BAD_ZIP

Element: TypeAlias = etree._Element
# A part of more is no text that somebody wrote; all parts together may take as much.
_MAX_BYTES = 200_000_000


class Package:
    """The parts of a document by their names; a part that is missing, damaged or too large is None."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = frozenset(self._archive.namelist())
        self._bytes_left = _MAX_BYTES
        self._parsed: dict[str, Element | None] = {}

    def part(self, name: str) -> Element | None:
        if name not in self._parsed:
            self._parsed[name] = self._parse(name)
        return self._parsed[name]

    def _parse(self, name: str) -> Element | None:
        try:
            with self._archive.open(name) as file:
                data = file.read(self._bytes_left + 1)
        except (KeyError, *BAD_ZIP):
            return None
        self._bytes_left -= len(data)
        return parse_xml(data) if self._bytes_left >= 0 else None

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by its id, the last word of the type of relation and the name of the other part."""
        folder, file = posixpath.split(name)
        found = {}
        for relation in children(self.part(f"{folder}/_rels/{file}.rels".lstrip("/"))):
            target = attribute(relation, "Target")
            if attribute(relation, "TargetMode") != "External" and target:
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attribute(relation, "Id")] = (attribute(relation, "Type").rpartition("/")[2], path)
        return found

    def related_parts(self, name: str, kind: str) -> Iterator[tuple[str, Element]]:
        """The parts of one type of relation, with their names."""
        for found, path in self.related(name).values():
            if found == kind and (part := self.part(path)) is not None:
                yield path, part


def parse_xml(data: bytes) -> Element | None:
    """None for what is no XML. Entities stay unexpanded, and nothing is fetched."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


@cache
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def name_of(element: Element) -> str:
    """The tag without its namespace, which differs between the editions of one standard."""
    return _local(element.tag) if isinstance(element.tag, str) else ""


def attribute(element: Element | None, name: str, default: str = "", *, space: str = "") -> str:
    """By the name without its namespace, or in that whose name ends in `space`."""
    if element is not None:
        for key, value in element.attrib.items():
            if _local(str(key)) == name and (not space or str(key).partition("}")[0].endswith(space)):
                return str(value)
    return default


def whole_number(text: str, default: int = 0) -> int:
    """Bounded, as counts of rows and levels are."""
    try:
        return max(-9999, min(9999, int(text)))
    except ValueError:
        return default


@cache
def _any_space(name: str) -> str:
    return f"{{*}}{name}"


def children(element: Element | None, *names: str) -> list[Element]:
    return [] if element is None else list(element.iterchildren(*map(_any_space, names)))


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of a name, of it the first child of the next name."""
    for name in path:
        element = None if element is None else next(element.iterchildren(_any_space(name)), None)
    return element


def outermost(element: Element | None, *names: str) -> Iterator[Element]:
    """Descendants, in the order of the document and not those within them; of two drawings of one thing for newer and
    older programs the newer.
    """
    for one in children(element):
        if name_of(one) in names:
            yield one
        elif name_of(one) != "Fallback" or child(element, "Choice") is None:
            yield from outermost(one, *names)


def content(parent: Element) -> Iterator[Element]:
    """Children; of what is there in two ways, for newer and for older programs, the newer."""
    for one in parent:
        if name_of(one) == "AlternateContent":
            yield from content(next(iter(children(one, "Choice", "Fallback")), one))
        else:
            yield one


def text_of(element: Element | None) -> str:
    return "" if element is None else "".join(str(text) for text in element.itertext())
