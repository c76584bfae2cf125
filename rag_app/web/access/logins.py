"""Which browsers have given the password: random words in their cookies, known to this process alone."""

import secrets
import threading
import time

HOURS = 12
LIFETIME_S = HOURS * 3600.0


class Logins:
    """Each word is good for twelve hours after it was last seen, until it is closed or the process ends."""

    def __init__(self) -> None:
        self._seen_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def open(self) -> str:
        word, now = secrets.token_urlsafe(32), time.monotonic()
        with self._lock:
            self._seen_at = {word: at for word, at in self._seen_at.items() if now - at < LIFETIME_S}
            self._seen_at[word] = now
        return word

    def holds(self, word: str | None) -> bool:
        now = time.monotonic()
        with self._lock:
            if word is None or now - self._seen_at.get(word, -LIFETIME_S) >= LIFETIME_S:
                return False
            self._seen_at[word] = now
            return True

    def close(self, word: str) -> None:
        with self._lock:
            self._seen_at.pop(word, None)


LOGINS = Logins()


def cookie_name(port: int) -> str:
    """Browsers send a cookie to every port of a host: two pages on one must not take each other's."""
    return f"rag-login-{port}"
