"""Logging in by a provider of OpenID Connect, in a real browser with a real one on loopback."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag_app import Settings
from tests.rag_app.browsing import served
from tests.rag_app.web.access.oidc_provider import OidcProvider

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]


def test_the_provider_opens_the_page_and_log_out_closes_it(
    page: Page, samples_settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(samples_settings.data_dir, tmp_path / "data")
    (tmp_path / ".streamlit").mkdir()
    with OidcProvider() as provider:
        (tmp_path / ".streamlit" / "secrets.toml").write_text(
            f"""[auth]
            redirect_uri = "http://localhost:{{port}}/oauth2callback"
            cookie_secret = "a secret of the tests, long enough"
            client_id = "rag"
            client_secret = "another secret"
            server_metadata_url = "{provider.url}/.well-known/openid-configuration"
            """,
            encoding="utf-8",
        )
        frames: list[bytes] = []
        page.on(
            "websocket",
            lambda socket: socket.on(
                "framereceived", lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode())
            ),
        )
        with served(tmp_path / "data", "samples", log=tmp_path / "log") as url:
            page.goto(f"{url}/settings")
            expect(page.get_by_role("button", name="Log in")).to_be_visible()
            expect(page.get_by_role("link", name="History")).to_have_count(0)
            assert frames
            assert b"samples" not in b"".join(frames)
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_text("documents in the collection samples")).to_be_visible()
            page.get_by_role("button", name="Log out").click()
            expect(page.get_by_role("button", name="Log in")).to_be_visible()
            expect(page.get_by_text("documents in the collection samples")).to_have_count(0)
