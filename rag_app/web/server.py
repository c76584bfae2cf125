"""Serves the web app on a port until Ctrl-C, to this machine alone or, behind a password or a provider, to others."""

import ipaddress
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.settings import Settings
from rag_app.web.access.passwords import as_hash, cookie_name
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from streamlit.starlette import App

APP = Path(__file__).parent / "app.py"
HOST = "127.0.0.1"
LOOPBACK_NAMES = ["localhost", HOST, "::1"]


def serve(
    port: int,
    *,
    host: str = HOST,
    collection: str | None = None,
    on_message: Callable[[str], None] = lambda message: None,
) -> None:
    """Serve the web app until the process is stopped; its settings are those of the environment.

    Raises InputError if the port is in use, or if others could open it without being asked who they are.
    """
    if collection is not None:
        os.environ["RAG_COLLECTION"] = collection
    settings, hashed = Settings(), None
    if settings.password is not None:
        hashed = as_hash(settings.password.get_secret_value())
        os.environ["RAG_PASSWORD"] = hashed  # the password itself is then nowhere in this process
    from rag_app.web.access.gate import has_provider  # Streamlit, which no other command needs

    locked = has_provider() or hashed is not None
    refuse_unlocked(host, locked=locked)
    refuse_used_port(host, port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    on_message(f"the web app is at http://{shown_host(host)}:{port} (Ctrl-C stops it)")
    # Streamlit reads the script's folder, with its .streamlit/config.toml, from here. Not `python -m streamlit run`:
    # that puts the current folder, with whatever modules lie there, first on the path.
    sys.argv = [str(APP)]
    options = streamlit_options(host, port, locked=locked, max_upload_mb=settings.max_file_mb)
    build_app(port, hashed=hashed).run(config=options)


def build_app(port: int, *, hashed: str | None) -> "App":
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    import rag_app.wiring  # noqa: F401 (LangChain and Chroma, before a browser waits for them)
    from rag_app.web.access.gate import Gate
    from rag_app.web.sources import source_routes

    gate = Middleware(Gate, hashed=hashed, cookie=cookie_name(port))
    return App(APP, routes=source_routes(), middleware=[gate], lifespan=open_in_browser)


@asynccontextmanager
async def open_in_browser(_app: "App") -> AsyncIterator[dict[str, Any]]:
    from streamlit import config

    if not config.get_option("server.headless"):
        url = f"http://{config.get_option('browser.serverAddress')}:{config.get_option('server.port')}"
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    yield {}


def refuse_unlocked(host: str, *, locked: bool) -> None:
    if not locked and not is_loopback(host):
        raise InputError(
            f"at {host} others could open the web app, and nothing would ask them who they are",
            "set RAG_PASSWORD (rag chat --hash-password makes a hash of one), or an [auth] section: see docs/web.md",
        )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_used_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise InputError(f"--host {host} is no address of this machine", "such as --host 0.0.0.0") from error
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}", f"take another: rag chat --port {port + 1}"
            ) from error


def shown_host(host: str) -> str:
    if is_loopback(host) or host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not listened at)
        return "localhost"
    return f"[{host}]" if ":" in host else host


def streamlit_options(host: str, port: int, *, locked: bool, max_upload_mb: int) -> dict[str, Any]:
    """Where and to whom the web app is served; the rest is in `.streamlit/config.toml`."""
    return {
        "server.port": port,
        "server.address": host,  # Streamlit listens on every interface otherwise
        # Under another name than these, a foreign site that resolves to this machine reads nothing. Behind a log-in any
        # name is allowed: a browser that knows the web app by another one has no cookie for it.
        "server.allowedHosts": ["*"] if locked else LOOPBACK_NAMES,
        "server.maxUploadSize": max_upload_mb,
        "browser.serverAddress": shown_host(host),
        # Whatever the environment switches off or on for other pages of this user.
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.enableAgentApi": False,
        "server.enableStaticServing": False,
        "browser.gatherUsageStats": False,
    }
