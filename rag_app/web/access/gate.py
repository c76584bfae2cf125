"""Lets nobody in without the password or a provider's log-in, and refuses requests that other sites' pages send."""

import asyncio
import base64
import ipaddress
import math
import time
import tomllib
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote, urlsplit

import streamlit as st
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from rag_app.web.access.passwords import SESSIONS, Throttle, cookie_name, is_password
from rag_app.web.components import ASSETS, load_component, plain
from rag_app.web.session_settings import page_settings
from vectorstore.errors import SettingsError, require_packages

SECTION = "auth"  # of secrets.toml, by which Streamlit asks a provider
# The health check, and Streamlit's own scripts and fonts, which are the same for everybody.
OPEN_PATHS = ("/_stcore/health", "/static/")
LOGOUT_PATH = "/logout"
MAX_FORM_BYTES = 4_096
POLICY_VIOLATION = 1008
EVERYBODY = "*"
HEADERS = [
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"referrer-policy", b"same-origin"),  # with `no-referrer` a browser would hide the origin of its own forms
    (b"x-content-type-options", b"nosniff"),
]
LOGIN_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'",
    "cache-control": "no-store",
}


class Gate:
    """Middleware around pages, websocket, media and uploads. Without `hashed` there is no password."""

    def __init__(self, app: ASGIApp, *, hashed: str | None, cookie: str) -> None:
        self.app, self.hashed, self.cookie = app, hashed, cookie
        self.one_at_a_time = asyncio.Lock()  # a hash costs time and memory on purpose
        self.by_address = Throttle(free=5, max_s=30.0)
        self.in_all = Throttle(free=50, max_s=1.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            responder = await self.respond(Request(scope, receive))
            await responder(scope, receive, with_headers(send))
        elif scope["type"] == "websocket":
            await self.connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def respond(self, request: Request) -> ASGIApp:
        """The web app, or a response of the gate's own."""
        path: str = request.scope["path"]
        if is_foreign(request):
            return Response("Forbidden", 403)
        if self.hashed is None or path.startswith(OPEN_PATHS):
            return self.app
        token = request.cookies.get(self.cookie, "")
        if not SESSIONS.is_open(token):
            return await self.log_in(request, self.hashed)
        return self.log_out(request.method, token) if path == LOGOUT_PATH else self.app

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        token = connection.cookies.get(self.cookie, "")
        if is_foreign(connection) or (self.hashed and not SESSIONS.is_open(token)):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await self.app(scope, until_logged_out(receive, token) if self.hashed else receive, send)

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
        response = RedirectResponse(requested_path(request.scope), 303)
        secure = request.scope["scheme"] == "https"
        response.set_cookie(self.cookie, SESSIONS.open(), httponly=True, samesite="lax", secure=secure)
        return response

    def log_out(self, method: str, token: str) -> Response:
        response = RedirectResponse("/", 303)
        if method == "POST":
            SESSIONS.close(token)
            response.delete_cookie(self.cookie)
        return response


def login_page(status: int, message: str = "") -> HTMLResponse:
    icon, template = login_assets()
    return HTMLResponse(template.substitute(message=escape(message), icon=icon), status, LOGIN_HEADERS)


@cache
def login_assets() -> tuple[str, Template]:
    """The icon as a `data:` address, and the log-in page."""
    icon = base64.b64encode((ASSETS / "icon.svg").read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{icon}", Template((ASSETS / "login.html").read_text(encoding="utf-8"))


def is_foreign(connection: HTTPConnection) -> bool:
    """Whether a page of another site sends this; a browser names the origin where that matters.

    Streamlit lets any page of this machine open its websocket, and asks a server on the internet for the machine's own
    address before it refuses the others.
    """
    if connection.scope.get("method") in ("GET", "HEAD", "OPTIONS"):
        return False
    origin = connection.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != connection.headers.get("host")


def with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *HEADERS]
        await send(message)

    return sending


def until_logged_out(receive: Receive, token: str) -> Receive:
    """After a log-out in one tab the others do nothing more."""

    async def receiving() -> Message:
        message = await receive()
        return message if SESSIONS.is_open(token) else {"type": "websocket.disconnect", "code": POLICY_VIOLATION}

    return receiving


def address_of(request: Request) -> str:
    """Of IPv6 the network, since whoever has one of its addresses has all 2^64."""
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
        if len(body) > MAX_FORM_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]


def requested_path(scope: Scope) -> str:
    """On this very host, whatever slashes its address begins with."""
    # Read from the request's line: `request.url` trusts the Host header, which may contain a path of its own.
    query = scope["query_string"].decode("latin-1")
    return "/" + quote(scope["path"].lstrip("/\\")) + (f"?{query}" if query else "")


# In the script of the web app, which Streamlit runs behind the gate.


def has_provider() -> bool:
    """Whether an OpenID provider is configured. Raises MissingPackageError where its package is missing.

    Reads the files itself, since Streamlit would read its own options for that, before they are set.
    """
    is_named = any(SECTION in read_toml(Path(path)) for path in config.get_config_files("secrets.toml"))
    if is_named:
        needed_by = "logging in by the [auth] section of secrets.toml"
        require_packages("authlib", needed_by=needed_by, install="'streamlit[auth]'")
    return is_named


def read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "correct or remove it") from error


def stop_strangers() -> None:
    """Ends the script before anything is drawn for someone who has not logged in."""
    # The gate has checked the password already, unless someone runs the script without it.
    if has_password() and not SESSIONS.is_open(st.context.cookies.get(cookie_name(st.get_option("server.port")))):
        st.text("Start the web app with rag chat: it asks for the password.")
        st.stop()
    if shows_provider() and not st.user.get("is_logged_in"):
        draw_log_in()
        st.stop()


def draw_log_in() -> None:
    section = st.secrets[SECTION]
    named = [name for name in section if hasattr(section[name], "keys") and "client_id" in section[name]]
    providers = [None, *named] if "client_id" in section else named
    with st.container(key="log-in"):
        st.title("Ask your documents", anchor=False)
        for name in providers:
            label = f"Log in with {plain(name)}" if name else "Log in"
            st.button(label, key=f"log-in-{name}", type="primary", width="stretch", on_click=st.login, args=(name,))


def draw_log_out() -> None:
    with st.sidebar:
        if shows_provider():
            st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
        elif has_password():
            load_component("logout")(key="log-out")


def shows_provider() -> bool:
    return st.secrets.load_if_toml_exists() and SECTION in st.secrets


def has_password() -> bool:
    return page_settings().password is not None
