"""Stops the script before it draws anything for a visitor who has not logged in, and draws log-in and log-out."""

import tomllib
from pathlib import Path

import streamlit as st
from streamlit import config
from streamlit.auth_util import is_authlib_installed

from rag_app.web.access.passwords import SESSIONS, cookie_name
from rag_app.web.components import load_component, plain
from rag_app.web.session_settings import page_settings
from vectorstore.errors import MissingPackageError, SettingsError

SECTION = "auth"


def has_provider() -> bool:
    """Whether an OpenID provider is configured. Raises MissingPackageError where its package is missing.

    Reads the files itself, since Streamlit would read its own options for that, before they are set.
    """
    if not any(SECTION in read_toml(Path(path)) for path in config.get_config_files("secrets.toml")):
        return False
    if not is_authlib_installed():
        raise MissingPackageError(
            "logging in by the [auth] section of secrets.toml needs the package Authlib, which is not installed",
            "pip install 'streamlit[auth]'",
        )
    return True


def read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "correct or remove it") from error


def stop_strangers() -> None:
    """Ends the script before anything is drawn for someone who has not logged in."""
    # The gate has checked the password already, unless someone runs the script without it.
    if has_password() and not SESSIONS.is_open(st.context.cookies.get(cookie_name(st.get_option("server.port")))):
        st.text("Start the page with rag chat: it asks for the password.")
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
