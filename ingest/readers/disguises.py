"""The bytes of an encrypted or mislabelled file turned into an error that says so, before a reader is at a loss."""

import io
import zipfile

from ingest.readers.text import is_text
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
_TEXT_KINDS = frozenset(("html", "csv", "tsv", "xml", "rtf", "ipynb", "eml", "vtt", "srt", "fodt", "fb2"))
_HINT = "check what the file really is and give it the right extension"


def refuse_encrypted(data: bytes) -> None:
    """Office wraps an encrypted file in an OLE container or flags it; OpenDocument and ZIP mark each member."""
    if (data.startswith(_OLE) and _is_encrypted_ole(data)) or (data.startswith(_ZIP) and _has_encrypted_members(data)):
        raise encrypted_error()


def encrypted_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted", "remove the password and ingest it again")


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
