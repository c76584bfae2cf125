"""The bytes of an encrypted Office file and its password turned into the bytes of the file without encryption."""

import io

from ingest.readers.disguises import encrypted_error, is_encrypted_office, wrong_password_error


def decrypt_office(data: bytes, password: str | None) -> bytes:
    """The bytes as they are where they are not encrypted; raises UnreadableFileError where they stay so."""
    if not is_encrypted_office(data):
        return data
    if password is None:
        raise encrypted_error()
    import msoffcrypto  # brings all of cryptography, for few files
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
