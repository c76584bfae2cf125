"""Opens the ZIP package of a spreadsheet and parses its XML parts, within bounds."""

import io
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element
_MAX_BYTES = 300_000_000  # all parts, unpacked
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True, "remove_pis": True}


class Package:
    """The parts of a document by their names."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._names = {name.lower().replace("\\", "/"): name for name in self._archive.namelist()}
        self._bytes_left = _MAX_BYTES

    def has(self, name: str) -> bool:
        return name.lower() in self._names

    def part(self, name: str) -> Element:
        return etree.fromstring(self._read(name), etree.XMLParser(huge_tree=False, **_SAFE))

    def stream(self, name: str, tags: Sequence[str]) -> Iterator[Element]:
        """The elements of these tags as soon as they are read; whoever takes one clears it."""
        for _, element in etree.iterparse(io.BytesIO(self._read(name)), tag=tags, huge_tree=False, **_SAFE):
            yield element
            while element.getprevious() is not None:
                del element.getparent()[0]

    def _read(self, name: str) -> bytes:
        with self._archive.open(self._names[name.lower()]) as file:
            data = file.read(self._bytes_left + 1)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
        return data

    def title(self) -> str | None:
        """The title in the properties of the document."""
        for name in ("docprops/core.xml", "meta.xml"):
            if name in self._names:
                return next((found.text for found in self.part(name).iter("{*}title") if found.text), None)
        return None

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by its id, the last word of the type of relation and the name of the other part."""
        folder = posixpath.dirname(name)
        return {
            relation.get("Id", ""): (
                relation.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"),
            )
            for relation in self._relations(name)
            if relation.get("TargetMode") != "External"
        }

    def addresses(self, name: str) -> dict[str, str]:
        """The addresses outside the document, by their ids."""
        return {
            relation.get("Id", ""): relation.get("Target", "")
            for relation in self._relations(name)
            if relation.get("TargetMode") == "External" and relation.get("Type", "").endswith("/hyperlink")
        }

    def _relations(self, name: str) -> list[Element]:
        folder, file = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        return children(self.part(path)) if path.lower() in self._names else []

    def related_names(self, name: str, kind: str) -> list[str]:
        return [path for found, path in self.related(name).values() if found == kind and path.lower() in self._names]

    def related_parts(self, name: str, kind: str) -> Iterator[Element]:
        return (self.part(path) for path in self.related_names(name, kind))


@cache
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def name_of(element: Element) -> str:
    """The tag without its namespace, which differs between the editions of one standard."""
    return _local(element.tag)


def children(element: Element | None, *names: str) -> list[Element]:
    return [] if element is None else [one for one in element if not names or name_of(one) in names]


def child(element: Element | None, name: str) -> Element | None:
    return next(iter(children(element, name)), None)
