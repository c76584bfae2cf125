"""The first look at a file's bytes: encrypted or mislabelled ones turned into an error that says so."""

import io
import zipfile

from ingest.readers.text import is_text
from vectorstore.errors import UnreadableFileError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
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
}
_OLE_KINDS |= {"msg": "an Outlook message"}
_TEXT_KINDS = (
    "html",
    "csv",
    "tsv",
    "xml",
    "rtf",
    "ipynb",
    "eml",
    "vtt",
    "srt",
    "fodt",
    "fb2",
)
_HINT = "check what the file really is and give it the right extension"


def refuse_encrypted(data: bytes, *, kind: str) -> None:
    """Office wraps an encrypted file in an OLE container; OpenDocument and ZIP mark each member."""
    wrapped = data.startswith(_OLE) and _ENCRYPTED_STREAM in data
    if wrapped or (data.startswith(_ZIP) and _has_encrypted_members(data)):
        raise UnreadableFileError("the file is encrypted", "remove the password and ingest it again")


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
        raise UnreadableFileError(f"not {_ZIP_KINDS[kind]}: it has not the structure of one", _HINT)
    # Office itself opens, and writes, RTF, HTML and the newer formats under the older names.
    if kind in _OLE_KINDS and not (data.startswith((_OLE, _ZIP)) or data.lstrip()[:1] in (b"{", b"<")):
        raise UnreadableFileError(f"not {_OLE_KINDS[kind]}: it has not the structure of one", _HINT)
    if kind in _TEXT_KINDS and not is_text(data[:65_536]):
        raise UnreadableFileError(f"not text: a .{kind} file is text, and these bytes are none", _HINT)
