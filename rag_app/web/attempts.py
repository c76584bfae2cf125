"""From passwords that were tried to how long one must wait before the next."""

from collections import OrderedDict

FORGOTTEN_AFTER_S = 900.0
MOST_REMEMBERED = 1_000


class Attempts:
    """How many passwords each address has tried; after `free` of them each costs twice the wait of the one before."""

    def __init__(self, *, free: int, most_s: float) -> None:
        self._free, self._most_s = free, most_s
        self._tried: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the next may come

    def wait_s(self, address: str, *, now: float) -> float:
        """Seconds until this address may try; 0.0 if now, which is then counted as a try.

        Counted before it is known to be wrong, so that a thousand tries at once are not a thousand free ones.
        """
        tried, next_at = self._tried.get(address, (0, now))
        if now < next_at:
            return next_at - now
        if now - next_at > FORGOTTEN_AFTER_S:
            tried = 0
        over = min(tried + 1 - self._free, 30)
        delay = min(2.0 ** (over + 1), self._most_s) if over >= 0 else 0.0
        self._tried[address] = (tried + 1, now + delay)
        self._tried.move_to_end(address)
        if len(self._tried) > MOST_REMEMBERED:
            self._tried.popitem(last=False)
        return 0.0

    def forgive(self, address: str, *, now: float) -> None:
        """The last try was right: it does not count."""
        tried, _ = self._tried.get(address, (1, now))
        self._tried[address] = (tried - 1, now)
