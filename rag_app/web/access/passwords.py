"""Checks passwords against scrypt hashes, slows down guessing, and keeps the sessions of those who logged in."""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict

from vectorstore.errors import SettingsError

# One of the equals of OWASP's password storage cheat sheet: 16 MB and a quarter of a second.
LOG_N, R, P = 14, 8, 5
SALT_BYTES, HASH_BYTES = 16, 32
PREFIX = "scrypt"
# A hash from the environment that asks for more memory than this is refused.
MAX_MEMORY = 256 * 1024 * 1024
FORGOTTEN_AFTER_S = 900.0
MAX_ADDRESSES = 1_000
SESSION_S = 12 * 3600.0


def hash_password(password: str) -> str:
    """`scrypt:LOG_N:R:P:SALT:HASH`, which a shell or a `.env` file reads as it is."""
    salt = secrets.token_bytes(SALT_BYTES)
    encoded = [base64.urlsafe_b64encode(raw).decode("ascii") for raw in (salt, scrypt(password, salt, LOG_N, R, P))]
    return ":".join([PREFIX, str(LOG_N), str(R), str(P), *encoded])


def is_password(password: str, hashed: str) -> bool:
    """Compared in constant time. Raises SettingsError for what is no hash."""
    try:
        prefix, *numbers, salt, expected = hashed.split(":")
        derived = scrypt(password, base64.urlsafe_b64decode(salt), *map(int, numbers))
    except (ValueError, TypeError) as error:  # the second for a wrong count of numbers
        raise SettingsError(
            "RAG_PASSWORD begins as a hash does and is none", "make one: rag chat --hash-password"
        ) from error
    return prefix == PREFIX and hmac.compare_digest(derived, base64.urlsafe_b64decode(expected))


def as_hash(setting: str) -> str:
    """The setting if it is a hash already, else its hash. Raises SettingsError for half a hash."""
    if not setting.startswith(f"{PREFIX}:"):
        return hash_password(setting)
    is_password("", setting)
    return setting


def scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    encoded = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(encoded, salt=salt, n=2**log_n, r=r, p=p, maxmem=MAX_MEMORY, dklen=HASH_BYTES)


class Throttle:
    """Counts the tries of each address; after `free` of them each doubles the wait for the next, up to `max_s`."""

    def __init__(self, *, free: int, max_s: float) -> None:
        self._free, self._max_s = free, max_s
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the next may come

    def wait_s(self, address: str, *, now: float) -> float:
        """Seconds until this address may try; 0.0 if now, which then counts as a try.

        Counted before the password is checked, so that of a thousand tries at once only the free ones pass.
        """
        tries, next_at = self._tries.get(address, (0, now))
        if now < next_at:
            return next_at - now
        if now - next_at > FORGOTTEN_AFTER_S:
            tries = 0
        over = min(tries + 1 - self._free, 30)
        delay = min(2.0 ** (over + 1), self._max_s) if over >= 0 else 0.0
        self._tries[address] = (tries + 1, now + delay)
        self._tries.move_to_end(address)
        if len(self._tries) > MAX_ADDRESSES:
            self._tries.popitem(last=False)
        return 0.0

    def forgive(self, address: str, *, now: float) -> None:
        """The last try was right: it does not count."""
        tries, _ = self._tries.get(address, (1, now))
        self._tries[address] = (tries - 1, now)


class Sessions:
    """The random tokens in the cookies of browsers that logged in, known to this process alone.

    Each is valid until twelve hours after it was last used, or until it is closed.
    """

    def __init__(self) -> None:
        self._used_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def open(self) -> str:
        token, now = secrets.token_urlsafe(32), time.monotonic()
        with self._lock:
            self._used_at = {token: at for token, at in self._used_at.items() if now - at < SESSION_S}
            self._used_at[token] = now
        return token

    def is_open(self, token: str | None) -> bool:
        now = time.monotonic()
        with self._lock:
            if token is None or now - self._used_at.get(token, -SESSION_S) >= SESSION_S:
                return False
            self._used_at[token] = now
            return True

    def close(self, token: str) -> None:
        with self._lock:
            self._used_at.pop(token, None)


SESSIONS = Sessions()


def cookie_name(port: int) -> str:
    """Browsers send a cookie to every port of a host: two pages on one must not use each other's."""
    return f"rag-login-{port}"
