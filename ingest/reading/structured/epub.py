"""Reads EPUB books: the chapters in the order of reading, each as a web page is read."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ingest.reading.file_types import BAD_ZIP
from ingest.reading.markup.html import parse_xml, read_html
from ingest.reading.office_package import encrypted_error
from ingest.reading.text_decoding import decode_declared
from vectorstore.errors import UnreadableFileError

_MOST_BYTES = 300_000_000
_MOST_SHEETS, _LARGEST_SHEET = 100, 500_000
_PAGES = (".xhtml", ".html", ".htm", ".xml")


def read_epub(data: bytes) -> tuple[str | None, str]:
    """The title, and what the chapters say, as Markdown; raises UnreadableFileError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except BAD_ZIP as error:
        raise UnreadableFileError(f"damaged: {error}"[:200], "open it in its own program and save it again") from error


def _read(archive: zipfile.ZipFile) -> tuple[str | None, str]:
    names = archive.namelist()
    package_name = next((name for name in names if name.lower().endswith(".opf")), "")
    if "META-INF/container.xml" in names:
        container = _xml(archive, "META-INF/container.xml")
        package_name = next((root.get("full-path") or "" for root in container.iter("rootfile")), package_name)
    if "META-INF/encryption.xml" in names and _is_locked(_xml(archive, "META-INF/encryption.xml")):
        raise encrypted_error()
    package = _xml(archive, package_name) if package_name in names else None
    title = package.find(".//metadata/title") if package is not None else None
    chapters = list(_chapters(package, posixpath.dirname(package_name), names)) if package is not None else []
    left, texts = _MOST_BYTES, []
    sheets = _Sheets(archive)
    for name in chapters or sorted(name for name in names if name.lower().endswith(_PAGES[:3])):
        left -= archive.getinfo(name).file_size
        if left < 0:
            break
        sheets.folder = posixpath.dirname(name)
        texts.append(read_html(archive.read(name), sheets.read)[1])
    return (title.text if title is not None else None), "\n\n".join(filter(None, texts))


class _Sheets:
    """The style sheets of a book, each read once; `folder` is that of the page that links them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._read: dict[str, str] = {}
        self.folder = ""

    def read(self, address: str) -> str:
        name = posixpath.normpath(posixpath.join(self.folder, unquote(address)))
        if name not in self._read and len(self._read) < _MOST_SHEETS:
            try:
                with self._archive.open(name) as member:
                    self._read[name] = member.read(_LARGEST_SHEET).decode("utf-8", "replace")
            except (KeyError, *BAD_ZIP):
                self._read[name] = ""
        return self._read.get(name, "")


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(name) as member:
        return parse_xml(decode_declared(member.read(_MOST_BYTES // 10)), recover=True)


def _is_locked(encryption: Any) -> bool:
    """Whether chapters are encrypted, and not only fonts."""
    return any((place.get("URI") or "").lower().endswith(_PAGES) for place in encryption.iter("CipherReference"))


def _chapters(package: Any, folder: str, names: list[str]) -> Iterator[str]:
    """The spine's files, but for the table of contents."""
    items = {item.get("id"): item for item in package.iter("item")}
    for place in package.iter("itemref"):
        item = items.get(place.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if name in names:
            yield name
