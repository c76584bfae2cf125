"""The bytes of an encrypted or mislabelled file turned into an error that says so, before a reader is at a loss."""

import io
import zipfile
import zlib

import olefile

from ingest.reading.text_decoding import is_text
from vectorstore.errors import UnreadableFileError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# Of the newer formats, and of the old PowerPoint.
_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptedSummary".encode("utf-16-le"))
_WORD_HEADER = 512  # where the old Word's stream begins in nearly every file
_WORD_MAGIC = b"\xec\xa5"
_ZIP_KINDS = {
    "docx": "a Word document",
    "xlsx": "an Excel workbook",
    "xlsb": "an Excel workbook",
    "pptx": "a PowerPoint presentation",
    "odt": "an OpenDocument text",
    "ods": "an OpenDocument spreadsheet",
    "odp": "an OpenDocument presentation",
    "sxw": "an OpenOffice text",
    "epub": "an EPUB book",
    "xps": "an XPS document",
}
_OLE_KINDS = {
    "doc": "a Word document",
    "xls": "an Excel workbook",
    "ppt": "a PowerPoint presentation",
    "msg": "an Outlook message",
}
_TEXT_KINDS = frozenset(
    (
        "html",
        "csv",
        "tsv",
        "xml",
        "rtf",
        "ipynb",
        "eml",
        "mbox",
        "vtt",
        "srt",
        "fodt",
        "fb2",
        "opml",
        "fasta",
        "genbank",
    )
)
# Archives of their own right, and text whose first bytes are an example of something else.
_KEPT_KINDS = frozenset(("markdown", "code", "eml", "mbox", "image", "gz", "bz2", "xz", "tar"))
_SIGNATURE_WITHIN = 1024
_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/epub+zip": "epub",
}
_MEMBERS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xlsb",
    "ppt/presentation.xml": "pptx",
}
_STREAMS = {
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
    "__properties_version1.0": "msg",
    "FileHeader": "hwp",
}
_HINT = "check what the file really is and give it the right extension"


def refuse_encrypted(data: bytes) -> None:
    """Office wraps an encrypted file in an OLE container or flags it; OpenDocument and ZIP mark each member."""
    if is_encrypted_office(data) or (data.startswith(_ZIP) and _has_encrypted_members(data)):
        raise encrypted_error()


def is_encrypted_office(data: bytes) -> bool:
    return data.startswith(_OLE) and _is_encrypted_ole(data)


def encrypted_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted", "give its password: rag ingest --password …")


def wrong_password_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted, with another password", "give --password with its own")


def true_kind(data: bytes, kind: str) -> str:
    """The kind that the bytes are without doubt, where the name says another; else `kind`."""
    if kind in _KEPT_KINDS:
        return kind
    start = data[:_SIGNATURE_WITHIN].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if data.startswith(_ZIP):
        return _zip_kind(data, kind)
    if data.startswith(_OLE):
        return _ole_kind(data, kind)
    if kind in _ZIP_KINDS or kind in _OLE_KINDS or kind == "pdf":
        return _text_kind(data, start, kind)
    return kind


def _text_kind(data: bytes, start: bytes, kind: str) -> str:
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    # A PDF without its signature is one all the same to its reader, and its objects may be all text.
    is_plain = (kind != "pdf" or b"endobj" not in data) and not start.startswith(b"<") and is_text(data)
    return "text" if is_plain else kind


def _zip_kind(data: bytes, kind: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = archive.open("mimetype").read(100).decode("latin-1").strip() if "mimetype" in names else ""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return kind
    if mimetype in _MIMETYPES:
        return _MIMETYPES[mimetype]
    return next((found for member, found in _MEMBERS.items() if member in names), kind)


def _ole_kind(data: bytes, kind: str) -> str:
    if kind in ("hwp", "msg") or is_encrypted_office(data):
        return kind
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return next((found for stream, found in _STREAMS.items() if ole.exists(stream)), kind)
    except (OSError, ValueError, IndexError):
        return kind


def _is_encrypted_ole(data: bytes) -> bool:
    word = data[_WORD_HEADER : _WORD_HEADER + 12]
    # The bit fEncrypted of the file information block, [MS-DOC] 2.5.2.
    flagged = word.startswith(_WORD_MAGIC) and len(word) > 11 and word[11] & 1 == 1
    return flagged or any(stream in data for stream in _ENCRYPTED_STREAMS)


def _has_encrypted_members(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(member.flag_bits & 1 for member in archive.infolist()):
                return True
            manifest = "META-INF/manifest.xml"
            return manifest in archive.namelist() and b"encryption-data" in archive.open(manifest).read(1_000_000)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def refuse_mislabelled(data: bytes, *, kind: str) -> None:
    """Raises where the bytes cannot be what the name says; the rest is for the format's reader to judge."""
    if kind in _ZIP_KINDS and not data.startswith(_ZIP):
        raise UnreadableFileError(f"not {_ZIP_KINDS[kind]}: it does not begin as one", _HINT)
    # Office itself opens, and writes, RTF, HTML and the newer formats under the older names.
    if kind in _OLE_KINDS and not (data.startswith((_OLE, _ZIP)) or data.lstrip()[:1] in (b"{", b"<")):
        raise UnreadableFileError(f"not {_OLE_KINDS[kind]}: it does not begin as one", _HINT)
    if kind in _TEXT_KINDS and not is_text(data[:65_536]):
        raise UnreadableFileError(f"not text: a .{kind} file is text, and these bytes are none", _HINT)
