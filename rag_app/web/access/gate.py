"""What stands before the page: no other site's page gets through, and without the password nobody does."""

import asyncio
import base64
import ipaddress
import math
import time
from collections import OrderedDict
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag_app.web.access.logins import LOGINS
from rag_app.web.access.passwords import is_password

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


ASSETS = Path(__file__).parents[1] / "assets"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"


def login_page(status: int, message: str = "") -> HTMLResponse:
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return HTMLResponse(template().substitute(message=escape(message), icon=icon()), status, headers)


@cache
def template() -> Template:
    return Template((ASSETS / "login.html").read_text(encoding="utf-8"))


@cache
def icon() -> str:
    drawn = base64.b64encode((ASSETS / "icon.svg").read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{drawn}"


# "ok" for whoever watches over the process, and Streamlit's own scripts and fonts, the same for everybody.
OPEN_PATHS = ("/_stcore/health", "/static/")
LOGOUT_PATH = "/logout"
MOST_BYTES = 4_096
POLICY_VIOLATION = 1008
EVERYBODY = "*"
HEADERS = [
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"referrer-policy", b"same-origin"),  # with `no-referrer` a browser would hide the origin of its own forms
    (b"x-content-type-options", b"nosniff"),
]


class Gate:
    """ASGI middleware around pages, websocket, media and uploads. Without `hashed` there is no password."""

    def __init__(self, app: ASGIApp, *, hashed: str | None, cookie: str) -> None:
        self.app, self.hashed, self.cookie = app, hashed, cookie
        self.one_at_a_time = asyncio.Lock()  # a hash is made to cost time and memory
        self.by_address = Attempts(free=5, most_s=30.0)
        self.in_all = Attempts(free=50, most_s=1.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if is_foreign(connection):
            await refuse(scope, receive, send)
        elif self.hashed is None or scope["path"].startswith(OPEN_PATHS):
            await self.app(scope, receive, with_headers(send))
        elif LOGINS.holds(word := connection.cookies.get(self.cookie, "")):
            await self.serve(scope, receive, send, word=word)
        elif scope["type"] == "websocket":
            await refuse(scope, receive, send)
        else:
            response = await self.log_in(Request(scope, receive), self.hashed)
            await response(scope, receive, with_headers(send))

    async def serve(self, scope: Scope, receive: Receive, send: Send, *, word: str) -> None:
        if scope["type"] == "websocket":
            await self.app(scope, until_logged_out(receive, word), send)
        elif scope["path"] == LOGOUT_PATH:
            await self.log_out(scope["method"], word)(scope, receive, with_headers(send))
        else:
            await self.app(scope, receive, with_headers(send))

    async def log_in(self, request: Request, hashed: str) -> Response:
        if request.method != "POST":
            return login_page(401)
        now, address = time.monotonic(), address_of(request)
        wait_s = self.by_address.wait_s(address, now=now) or self.in_all.wait_s(EVERYBODY, now=now)
        if wait_s:
            return login_page(429, f"Too many tries. Wait {math.ceil(wait_s)} s, then try again.")
        typed = await read_password(request)
        async with self.one_at_a_time:
            right = await asyncio.to_thread(is_password, typed, hashed)
        if not right:
            return login_page(401, "That is not the password.")
        self.by_address.forgive(address, now=now)
        self.in_all.forgive(EVERYBODY, now=now)
        response = RedirectResponse(where_it_was(request.scope), 303)
        secure = request.scope["scheme"] == "https"
        response.set_cookie(self.cookie, LOGINS.open(), httponly=True, samesite="lax", secure=secure)
        return response

    def log_out(self, method: str, word: str) -> Response:
        response = RedirectResponse("/", 303)
        if method == "POST":
            LOGINS.close(word)
            response.delete_cookie(self.cookie)
        return response


def is_foreign(connection: HTTPConnection) -> bool:
    """Whether a page of another address sends this; a browser names it where that matters.

    Streamlit lets any page of this machine open its websocket, and asks a server on the internet for the machine's own
    address before it refuses the others.
    """
    if connection.scope.get("method") in ("GET", "HEAD", "OPTIONS"):
        return False
    origin = connection.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != connection.headers.get("host")


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    else:
        await Response("Forbidden", 403)(scope, receive, with_headers(send))


def with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *HEADERS]
        await send(message)

    return sending


def until_logged_out(receive: Receive, word: str) -> Receive:
    """Whoever logs out in one tab does nothing more in the others."""

    async def receiving() -> Message:
        message = await receive()
        return message if LOGINS.holds(word) else {"type": "websocket.disconnect", "code": POLICY_VIOLATION}

    return receiving


def address_of(request: Request) -> str:
    """Of IPv6 the network: whoever has one address of it has 2^64."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))


async def read_password(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]


def where_it_was(scope: Scope) -> str:
    """The page that was asked for, on this very host whatever slashes its address begins with."""
    # Read from the request's line: `request.url` believes the Host header, which may hold a path of its own.
    query = scope["query_string"].decode("latin-1")
    return "/" + quote(scope["path"].lstrip("/\\")) + (f"?{query}" if query else "")
