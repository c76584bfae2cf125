"""From the `[auth]` section of Streamlit's secrets.toml to the providers of OpenID Connect that one may log in by."""

import tomllib
from pathlib import Path

import streamlit as st
from streamlit import config
from streamlit.auth_util import is_authlib_installed

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
