"""Where the page listens and whom it asks who they are, before a browser is opened."""

import socket
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_app.web.server import APP, is_loopback, serve, streamlit_options
from vectorstore.errors import InputError, MissingPackageError, SettingsError

PROVIDER = {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "x" * 32, "client_id": "rag"}


def test_the_page_is_not_served_to_other_machines_without_a_password() -> None:
    with pytest.raises(InputError) as refused:
        serve(8501, host="0.0.0.0")
    assert refused.value.message == "at 0.0.0.0 others could open the web app, and nothing would ask them who they are"
    assert refused.value.hint.startswith("set RAG_PASSWORD (rag chat --hash-password makes a hash of one)")


def test_a_port_that_is_used_is_an_error_with_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} cannot be used") as refused:
            serve(port)
    assert refused.value.hint == f"take another: rag chat --port {port + 1}"


def test_half_a_hash_is_refused_before_anything_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_PASSWORD", "scrypt:14:8:5:half")
    with pytest.raises(SettingsError, match="RAG_PASSWORD begins as a hash does and is none"):
        serve(8501)


def test_an_auth_section_without_its_package_is_an_error_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\nclient_id = "rag"\n', encoding="utf-8")
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(MissingPackageError) as refused:
        serve(8501, host="0.0.0.0")
    assert refused.value.hint == "pip install 'streamlit[auth]'"


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org", "")],
)
def test_only_this_machine_s_own_addresses_are_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) == own


def test_without_a_password_only_this_machine_s_names_are_answered_and_nothing_is_switched_off() -> None:
    options = streamlit_options("127.0.0.1", 8501, locked=False, max_upload_mb=7)
    assert options["server.allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert options["server.maxUploadSize"] == 7
    assert options["server.enableCORS"] is options["server.enableXsrfProtection"] is True
    assert options["server.enableAgentApi"] is options["browser.gatherUsageStats"] is False


def test_a_provider_of_logins_is_asked_before_anything_is_drawn() -> None:
    page = AppTest.from_file(APP, default_timeout=60)
    page.secrets["auth"] = PROVIDER | {"acme": PROVIDER}
    page.run()
    assert not page.exception
    assert [button.label for button in page.button] == ["Log in", "Log in with acme"]
    assert len(page.selectbox) == len(page.text) == len(page.chat_input) == 0
    page.user = {"is_logged_in": True}
    page.run()
    assert [picker.label for picker in page.selectbox] == ["Collection"]
    assert "Log out" in [button.label for button in page.button]


def test_the_script_run_without_the_gate_draws_nothing_where_there_is_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAG_PASSWORD", "open sesame")
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert [text.value for text in page.text] == ["Start the web app with rag chat: it asks for the password."]
    assert len(page.selectbox) == len(page.button) == len(page.chat_input) == 0
