"""Opens Office documents: decrypts them, and parses the XML parts of their ZIP packages, within bounds."""

import io
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeAlias

from lxml import etree

from ingest.reading.file_types import BAD_ZIP, OLE, ZIP
from vectorstore.errors import UnreadableFileError

Element: TypeAlias = etree._Element
# A part of more is no text that somebody wrote; all parts together may take as much.
_MAX_BYTES = 300_000_000
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_SAFE |= {"remove_comments": True, "remove_pis": True}


class Package:
    """The parts of a document by their names; a part that is missing, damaged or too large is None."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = self._archive.namelist()
        self._members = {name.lower().replace("\\", "/"): name for name in self.names}
        self._bytes_left = _MAX_BYTES
        self._parsed: dict[str, Element | None] = {}

    def part(self, name: str) -> Element | None:
        if name not in self._parsed:
            self._parsed[name] = self._parse(name)
        return self._parsed[name]

    def _parse(self, name: str) -> Element | None:
        try:
            return parse_xml(self._read(name))
        except (KeyError, *BAD_ZIP):
            return None

    def _read(self, name: str) -> bytes:
        with self._archive.open(self._members[name.lower()]) as file:
            data = file.read(self._bytes_left + 1)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
        return data

    def member(self, name: str, most_bytes: int) -> bytes | None:
        """The bytes of a picture; None for what is not there, or would be larger unpacked."""
        try:
            with self._archive.open(self._members[name.lower()]) as file:
                data = file.read(most_bytes + 1)
        except (KeyError, *BAD_ZIP):
            return None
        return data if len(data) <= most_bytes else None

    def stream(self, name: str, tags: Sequence[str]) -> Iterator[Element]:
        """The elements of these tags as soon as they are read; whoever takes one clears it. Raises what it meets."""
        return stream_xml(self._read(name), tags)

    def title(self) -> str | None:
        """The title in the properties of the document."""
        parts = (part for _, part in self.related_parts("", "core-properties"))
        return title_of(next(parts, None) if self.related("") else self.part("meta.xml"))

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by its id, the last word of the type of relation and the name of the other part."""
        folder = posixpath.dirname(name)
        found = {}
        for key, kind, target, is_outside in self._relations(name):
            if target and not is_outside:
                found[key] = kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        return found

    def addresses(self, name: str) -> dict[str, str]:
        """The addresses outside the document, by their ids."""
        return {key: to for key, kind, to, is_outside in self._relations(name) if is_outside and kind == "hyperlink"}

    def _relations(self, name: str) -> Iterator[tuple[str, str, str, bool]]:
        folder, file = posixpath.split(name)
        for relation in children(self.part(posixpath.join(folder, "_rels", f"{file}.rels"))):
            key, kind, target, mode = (attribute(relation, of) for of in ("Id", "Type", "Target", "TargetMode"))
            yield key, kind.rpartition("/")[2], target, mode == "External"

    def related_names(self, name: str, kind: str) -> list[str]:
        return [path for found, path in self.related(name).values() if found == kind and path.lower() in self._members]

    def related_parts(self, name: str, kind: str) -> Iterator[tuple[str, Element]]:
        """The parts of one type of relation, with their names."""
        for path in self.related_names(name, kind):
            if (part := self.part(path)) is not None:
                yield path, part


def title_of(properties: Element | None) -> str | None:
    return text_of(next(outermost(properties, "title"), None)).strip() or None


def parse_xml(data: bytes) -> Element | None:
    """None for what is no XML. Entities stay unexpanded, and nothing is fetched."""
    try:
        return etree.fromstring(data, etree.XMLParser(**_SAFE))
    except (etree.XMLSyntaxError, ValueError):
        return None


def stream_xml(data: bytes, tags: Sequence[str]) -> Iterator[Element]:
    for _, element in etree.iterparse(io.BytesIO(data), tag=tags, **_SAFE):
        yield element
        while element.getprevious() is not None:
            del element.getparent()[0]


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


# Of the newer formats, and of the old PowerPoint.
_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptedSummary".encode("utf-16-le"))
_WORD_HEADER = slice(512, 524)  # where the old Word's stream begins in nearly every file
_WORD_MAGIC = b"\xec\xa5"


def encrypted_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted", "give its password: rag ingest --password …")


def wrong_password_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted, with another password", "give --password with its own")


def decrypt_office(data: bytes, password: str | None) -> bytes:
    """The bytes as they are where they are not encrypted; raises UnreadableFileError where they stay so."""
    if _is_encrypted(data) and password is not None:
        data = _decrypt(data, password)
    if _is_encrypted(data) or (data.startswith(ZIP) and _has_encrypted_members(data)):
        raise encrypted_error()
    return data


def _is_encrypted(data: bytes) -> bool:
    """Office wraps an encrypted file in an OLE container, or flags it."""
    word = data[_WORD_HEADER]
    # The bit fEncrypted of the file information block, [MS-DOC] 2.5.2.
    flagged = word.startswith(_WORD_MAGIC) and len(word) > 11 and word[11] & 1 == 1
    return data.startswith(OLE) and (flagged or any(stream in data for stream in _ENCRYPTED_STREAMS))


def _has_encrypted_members(data: bytes) -> bool:
    """ZIP flags each; OpenDocument lists them in its manifest."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(member.flag_bits & 1 for member in archive.infolist()):
                return True
            manifest = "META-INF/manifest.xml"
            return manifest in archive.namelist() and b"encryption-data" in archive.open(manifest).read(1_000_000)
    except BAD_ZIP:
        return False


def _decrypt(data: bytes, password: str) -> bytes:
    import msoffcrypto  # slow to import, and seldom needed
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    target = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=password)
        office.decrypt(target)
    except (InvalidKeyError, DecryptionError) as error:
        raise wrong_password_error() from error
    except (FileFormatError, ParseError, OSError, ValueError, NotImplementedError) as error:
        raise encrypted_error() from error
    return target.getvalue()
