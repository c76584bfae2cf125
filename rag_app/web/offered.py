"""From places that an answer shows to secret names, by which the browser asks for them without a run of the page."""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from rag_app.settings import Settings
from rag_app.web.places import Found, Place

# A name cannot be guessed: only who was shown an answer reads the sources of it.
SECRET = secrets.token_bytes(32)
MOST_OFFERED = 20_000


@dataclass(frozen=True, slots=True)
class Offered:
    """A place that may be read, how it was found, and the settings of the visitor's session."""

    settings: Settings
    question: str
    place: Place
    found: Found | None


_offered: OrderedDict[str, Offered] = OrderedDict()
_lock = threading.Lock()


def offer(offered: Offered) -> str:
    """The same name for the same place and question, in whatever run of the page."""
    settings = offered.settings
    told = repr((settings.collection, settings.data_dir, offered.question, offered.place))
    name = hmac.new(SECRET, told.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    with _lock:
        _offered[name] = offered
        _offered.move_to_end(name)
        if len(_offered) > MOST_OFFERED:
            _offered.popitem(last=False)
    return name


def find_offered(name: str) -> Offered | None:
    with _lock:
        return _offered.get(name)
