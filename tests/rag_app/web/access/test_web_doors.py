"""Where the page listens and whom it asks who they are, before a browser is opened."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_app.web.server import APP, is_loopback, streamlit_options
from tests.conftest import CommandLine

PROVIDER = {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "x" * 32, "client_id": "rag"}


def test_nobody_else_s_machine_is_served_without_a_password(rag: CommandLine) -> None:
    run = rag("chat", "--host", "0.0.0.0")
    assert run.returncode == 2
    assert run.stderr.splitlines() == [
        "error: at 0.0.0.0 others could open the page, and nothing would ask them who they are",
        "hint: set RAG_PASSWORD (rag chat --hash-password makes a hash of one), or an [auth] section: see README.md",
    ]


def test_half_a_hash_is_refused_before_anything_is_served(rag: CommandLine) -> None:
    run = rag("chat", RAG_PASSWORD="scrypt:14:8:5:half")
    assert (run.returncode, run.stderr.splitlines()[0]) == (2, "error: RAG_PASSWORD begins as a hash does and is none")


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
    assert [text.value for text in page.text] == ["Start the page with rag chat: it asks for the password."]
    assert len(page.selectbox) == len(page.button) == len(page.chat_input) == 0


def test_an_auth_section_without_its_package_is_an_error_with_the_command(rag: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "secrets.toml").write_text('[auth]\nclient_id = "rag"\n', encoding="utf-8")
    (tmp_path / "authlib.py").write_text("raise ImportError\n", encoding="utf-8")
    run = rag("chat", "--host", "0.0.0.0", PYTHONPATH=f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert run.returncode == 2
    assert run.stderr.splitlines()[1] == "hint: pip install 'streamlit[auth]'"
