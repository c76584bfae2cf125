"""Recognises the kind of a document by its name and its bytes, and refuses what is mislabelled or encrypted."""

import hashlib
import importlib.util
import io
import os
import tomllib
import zipfile
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import olefile

from ingest.reading.text_decoding import is_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# The readers that need an extra, and the package of it that they import.
READER_PACKAGES = {"ocr": "rapidocr", "bio": "Bio", "sound": "faster_whisper"}

_KINDS = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))
_KIND_OF_SUFFIX = {f".{name}": kind for kind, names in _KINDS["suffixes"].items() for name in names.split()}
MEDIA_TYPES = {name: f".{suffix}" for suffix, names in _KINDS["media_types"].items() for name in names.split()}
SUPPORTED_SUFFIXES = frozenset(_KIND_OF_SUFFIX)
_SKIPPED = frozenset(_KINDS["skipped"]["suffixes"].split())
_CODE_NAMES = ("dockerfile", "makefile")
ARCHIVE_KINDS = frozenset(("zip", "tar", "gz", "bz2", "xz"))
MAIL_KINDS = frozenset(("eml", "msg", "mbox"))
SEQUENCE_KINDS = frozenset(("fasta", "genbank"))

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = {
    b"%PDF-": "pdf",
    b"{\\rtf": "rtf",
    ZIP: "zip",
    OLE: "doc",  # or another of its family, which the names of its streams decide
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"\x89PNG\r\n": "image",
    b"\xff\xd8\xff": "image",
    b"GIF8": "image",
}
_HEAD_BYTES = 8192
_SIGNATURE_WITHIN = 1024
_ZIP_KINDS: dict[str, str] = _KINDS["zip_names"]
_OLE_KINDS: dict[str, str] = _KINDS["ole_names"]
TEXT_KINDS = frozenset(_KINDS["text_kinds"].split())
_NEVER_DISGUISED = frozenset(_KINDS["never_disguised"].split())
BAD_ZIP = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`password` opens what is encrypted with it; of each sequence the first `letters` are read, since a genome has
    millions and no word in them; `speech_model` is the folder of a Whisper model that transcribes recordings."""

    password: str | None = None
    letters: int = 600
    speech_model: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """`kind` is a short name of the format; `is_titled` is False where `title` is the file's name; `left_out` says
    what of the file was not read."""

    title: str
    pages: tuple[Page, ...]
    kind: str
    is_titled: bool = True
    left_out: str = ""

    @property
    def markdown(self) -> bool:
        """Whether the text of its pages has Markdown structure."""
        return has_markdown(self.kind)


def has_reader(extra: str) -> bool:
    """Whether the package is installed that the readers of this extra import."""
    return importlib.util.find_spec(READER_PACKAGES[extra]) is not None


def install_hint(extra: str) -> str:
    return f"install the {extra} extra: pip install 'rag-app[{extra}]'"


def keep_onnxruntime_silent() -> None:
    """It reports its use to a remote service, unless it finds this before it is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def describe_readers(password: str | None, speech_model: str | None) -> str:
    """Names what decides whether a file can be read: a file refused by other readers is worth another try."""
    digest = hashlib.sha256((password or "").encode()).hexdigest()[:8]
    extras = " ".join(f"{extra}={has_reader(extra)}" for extra in READER_PACKAGES)
    return f"{version('rag-app')} {extras} speech={speech_model} password={digest}"


def has_markdown(kind: str) -> bool:
    """Whether the text of pages of this kind has Markdown structure."""
    return kind not in ("pdf", "text", "code", "image")


def detect_kind(path: Path, data: bytes) -> str | None:
    """The kind that the bytes identify, else the kind of the file's suffix; None if it is to be skipped.

    A name is believed where the bytes do not contradict it, so that a broken `.pdf` fails and is not skipped silently.
    """
    suffix = path.suffix.lower()
    if suffix.removeprefix(".") in _SKIPPED:
        return None
    named = "code" if path.name.lower() in _CODE_NAMES else _KIND_OF_SUFFIX.get(suffix)
    kind = named or _kind_of_unknown(data[:_HEAD_BYTES])
    return kind and (_true_kind(data, kind) if data else kind)


def _kind_of_unknown(head: bytes) -> str | None:
    start = head.lstrip()[:15].lower()
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature) or (kind in ("pdf", "rtf") and start.startswith(signature.lower())):
            return kind
    if is_html(start):
        return "html"
    return "text" if is_text(head) else None


def is_html(start: bytes) -> bool:
    return start[:15].lower().startswith((b"<!doctype html", b"<html"))


def _true_kind(data: bytes, kind: str) -> str:
    if kind in _NEVER_DISGUISED:
        return kind
    start = data[:_SIGNATURE_WITHIN].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"%PDF-", b"{\\rtf")):
        return _SIGNATURES[start[:5]]
    if data.startswith(ZIP):
        return _zip_kind(data) or kind
    if data.startswith(OLE):
        return kind if kind in ("hwp", "msg") else _ole_kind(data) or kind
    if kind not in (*_ZIP_KINDS, *_OLE_KINDS, "pdf"):
        return kind
    if is_html(start):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    # A PDF without its signature is one all the same to its reader, and its objects may be all text.
    is_plain = (kind != "pdf" or b"endobj" not in data) and not start.startswith(b"<") and is_text(data)
    return "text" if is_plain else kind


def _zip_kind(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = archive.open("mimetype").read(100).decode("latin-1").strip() if "mimetype" in names else ""
    except BAD_ZIP:
        return None
    of_member = next((kind for member, kind in _KINDS["zip_members"].items() if member in names), None)
    kind: str | None = _KINDS["zip_mimetypes"].get(mimetype, of_member)
    return kind


def _ole_kind(data: bytes) -> str | None:
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return next((kind for stream, kind in _KINDS["ole_streams"].items() if ole.exists(stream)), None)
    except (OSError, ValueError, IndexError):
        return None


def refuse_mislabelled(data: bytes, *, kind: str) -> None:
    """Raises where the bytes cannot be what the name says; the rest is for the format's reader to judge."""
    hint = "check what the file really is and give it the right extension"
    # Office itself opens, and writes, RTF, HTML and the newer formats under the older names.
    is_ole = data.startswith((OLE, ZIP)) or data.lstrip()[:1] in (b"{", b"<")
    if (kind in _ZIP_KINDS and not data.startswith(ZIP)) or (kind in _OLE_KINDS and not is_ole):
        raise UnreadableFileError(f"not {(_ZIP_KINDS | _OLE_KINDS)[kind]}: it does not begin as one", hint)
    if kind in TEXT_KINDS and not is_text(data[:65_536]):
        raise UnreadableFileError(f"not text: a .{kind} file is text, and these bytes are none", hint)
