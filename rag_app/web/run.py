"""From a port to the page, served to this machine alone until Ctrl-C."""

import os
import socket
import tomllib
from pathlib import Path
from typing import Any

from rag_app.console import say
from vectorstore.errors import InputError

APP = Path(__file__).parent / "app.py"
CONFIG = APP.parent / ".streamlit" / "config.toml"
HOST = "127.0.0.1"


def serve(port: int, *, collection: str | None = None, open_browser: bool = True) -> None:
    """Serve the page until the process is stopped; its settings are those of the environment.

    Raises InputError where the port is taken.
    """
    refuse_taken(port)
    if collection is not None:
        os.environ["RAG_COLLECTION"] = collection
    from streamlit.web import bootstrap  # 0.4 s that no other command needs

    options = streamlit_options(port, open_browser=open_browser)
    bootstrap.load_config_options(options)
    say(f"the page is at http://localhost:{port} (Ctrl-C stops it)")
    # Not `python -m streamlit run`: that puts the current folder, with whatever modules lie there, first on the path.
    bootstrap.run(str(APP), is_hello=False, args=[], flag_options=options)


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}", f"take another: rag chat --port {port + 1}"
            ) from error


def streamlit_options(port: int, *, open_browser: bool) -> dict[str, Any]:
    """Those of `.streamlit/config.toml` beside the page, wherever it is started, and where it is served."""
    return {
        **flat(tomllib.loads(CONFIG.read_text(encoding="utf-8"))),
        "server.port": port,
        "server.address": HOST,  # Streamlit listens on every interface otherwise
        "server.allowedHosts": ["localhost", HOST],  # a foreign name that resolves to this machine reads nothing
        "server.headless": None if open_browser else True,  # None: Streamlit sees itself whether there is a screen
        "browser.serverAddress": "localhost",
    }


def flat(tables: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Options by the names that Streamlit gives them: `theme.light.textColor`."""
    options: dict[str, Any] = {}
    for key, value in tables.items():
        options |= flat(value, f"{name}{key}.") if isinstance(value, dict) else {f"{name}{key}": value}
    return options
