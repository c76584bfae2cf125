"""Recognises and decrypts encrypted Office documents."""

import io
import zipfile

from ingest.reading.file_types import BAD_ZIP, OLE, ZIP
from vectorstore.errors import UnreadableFileError

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
