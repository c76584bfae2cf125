"""From a port to the page, served to this machine alone, or to others who know the password, until Ctrl-C."""

import ipaddress
import os
import signal
import socket
import sys
import threading
import tomllib
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.settings import Settings
from rag_app.terminal import say
from rag_app.web.access.passwords import as_hash
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from streamlit.starlette import App

APP = Path(__file__).parent / "app.py"
CONFIG = APP.parent / ".streamlit" / "config.toml"
HOST = "127.0.0.1"
LOOPBACK_NAMES = ["localhost", HOST, "::1"]


def serve(port: int, *, host: str = HOST, collection: str | None = None) -> None:
    """Serve the page until the process is stopped; its settings are those of the environment.

    Raises InputError where the port is taken, or where others could open the page and nothing would ask them who they
    are.
    """
    if collection is not None:
        os.environ["RAG_COLLECTION"] = collection
    settings = Settings()
    hashed = keep_hash_alone(settings)
    from rag_app.web.access.sign_in import (  # Streamlit, which no other command needs
        names_provider,
        refuse_without_package,
    )

    by_provider = names_provider()
    if by_provider:
        refuse_without_package()
    locked = by_provider or hashed is not None
    refuse_unlocked(host, locked=locked)
    refuse_taken(host, port)
    options = streamlit_options(host, port, locked=locked, max_upload_mb=settings.max_file_mb)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    say(f"the page is at http://{shown_host(host)}:{port} (Ctrl-C stops it)")
    # What Streamlit takes for the script's folder and arguments. Not `python -m streamlit run`: that puts the current
    # folder, with whatever modules lie there, first on the path.
    sys.argv = [str(APP)]
    build_app(port, hashed=hashed).run(config=options)


def keep_hash_alone(settings: Settings) -> str | None:
    """The password's hash, which takes its place in the environment too."""
    if settings.password is None:
        return None
    hashed = as_hash(settings.password.get_secret_value())
    os.environ["RAG_PASSWORD"] = hashed
    return hashed


def build_app(port: int, *, hashed: str | None) -> "App":
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    from rag_app.web.access.gate import Gate
    from rag_app.web.access.logins import cookie_name
    from rag_app.web.sources.routes import source_routes

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
            f"at {host} others could open the page, and nothing would ask them who they are",
            "set RAG_PASSWORD (rag chat --hash-password makes a hash of one), or an [auth] section: see README.md",
        )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
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
    """Those of `.streamlit/config.toml` beside the page, wherever it is started, and where and to whom it is served."""
    return {
        **flat(tomllib.loads(CONFIG.read_text(encoding="utf-8"))),
        "server.port": port,
        "server.address": host,  # Streamlit listens on every interface otherwise
        # A foreign name that resolves to this machine reads nothing. Where one logs in, the page may have any name: a
        # browser that knows it by another has no cookie for it.
        "server.allowedHosts": ["*"] if locked else LOOPBACK_NAMES,
        "server.maxUploadSize": max_upload_mb,
        "browser.serverAddress": shown_host(host),
    }


def flat(tables: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Options by the names that Streamlit gives them: `theme.light.textColor`."""
    options: dict[str, Any] = {}
    for key, value in tables.items():
        options |= flat(value, f"{name}{key}.") if isinstance(value, dict) else {f"{name}{key}": value}
    return options
