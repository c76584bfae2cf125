"""Who must log in before the script draws a page: by the password's cookie, and by a provider where one is set up."""

import tomllib
from pathlib import Path

import streamlit as st
from streamlit import config
from streamlit.auth_util import is_authlib_installed

from rag_app.web.access.logins import LOGINS, cookie_name
from rag_app.web.components import load_component, plain
from rag_app.web.session_settings import page_settings
from vectorstore.errors import MissingPackageError, SettingsError

SECTION = "auth"


def names_provider() -> bool:
    """Whether there is such a section, before Streamlit runs: it would read its own options for that, and too early."""
    return any(SECTION in read_toml(Path(path)) for path in config.get_config_files("secrets.toml"))


def read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "mend it, or take it away") from error


def refuse_without_package() -> None:
    if not is_authlib_installed():
        raise MissingPackageError(
            "logging in by the [auth] section of secrets.toml needs the package Authlib, which is not installed",
            "pip install 'streamlit[auth]'",
        )


def is_configured() -> bool:
    return st.secrets.load_if_toml_exists() and SECTION in st.secrets


def providers() -> list[str | None]:
    """Their names; None for the one that has none."""
    section = st.secrets[SECTION]
    named = [name for name in section if hasattr(section[name], "keys") and "client_id" in section[name]]
    return [None, *named] if "client_id" in section else named


def stop_strangers() -> None:
    """Ends the script before anything is drawn for someone who has not logged in."""
    # The gate has seen to the password already; not where someone runs the script without it.
    if has_password() and not LOGINS.holds(st.context.cookies.get(cookie_name(st.get_option("server.port")))):
        st.text("Start the page with rag chat: it asks for the password.")
        st.stop()
    if is_configured() and not st.user.get("is_logged_in"):
        draw_log_in()
        st.stop()


def draw_log_in() -> None:
    with st.container(key="log-in"):
        st.title("Ask your documents", anchor=False)
        for name in providers():
            st.button(
                f"Log in with {plain(name)}" if name else "Log in",
                type="primary",
                width="stretch",
                on_click=st.login,
                args=(name,),
                key=f"log-in-{name}",
            )


def draw_log_out() -> None:
    with st.sidebar:
        if is_configured():
            st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
        elif has_password():
            load_component("logout")(key="log-out")


def has_password() -> bool:
    return page_settings().password is not None
