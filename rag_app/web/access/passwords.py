"""From a password to the hash that is kept of it, and whether a password is the one."""

import base64
import hashlib
import hmac
import secrets

from vectorstore.errors import SettingsError

# One of the equals of OWASP's password storage cheat sheet: 16 MB and a quarter of a second.
LOG_N, R, P = 14, 8, 5
SALT_BYTES, HASH_BYTES = 16, 32
PREFIX = "scrypt"
# A hash from the environment is not obeyed if it asks for more than this.
MOST_MEMORY = 256 * 1024 * 1024


def hash_password(password: str) -> str:
    """`scrypt:LOG_N:R:P:SALT:HASH`, none of which a shell or a `.env` file reads as anything else."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = derive(password, salt, LOG_N, R, P)
    return ":".join([PREFIX, str(LOG_N), str(R), str(P), encode(salt), encode(derived)])


def is_password(password: str, hashed: str) -> bool:
    """Compared in constant time. Raises SettingsError for what is no hash."""
    try:
        prefix, *numbers, salt, expected = hashed.split(":")
        log_n, r, p = map(int, numbers)
        derived = derive(password, decode(salt), log_n, r, p)
    except (ValueError, TypeError) as error:  # the second for a number that is no number of scrypt's
        raise SettingsError(
            "RAG_PASSWORD begins as a hash does and is none", "make one: rag chat --hash-password"
        ) from error
    return prefix == PREFIX and hmac.compare_digest(derived, decode(expected))


def as_hash(setting: str) -> str:
    """The setting if it is a hash already, else the hash of it. Raises SettingsError for half a hash."""
    if not setting.startswith(f"{PREFIX}:"):
        return hash_password(setting)
    is_password("", setting)
    return setting


def derive(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=2**log_n,
        r=r,
        p=p,
        maxmem=MOST_MEMORY,
        dklen=HASH_BYTES,
    )


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
