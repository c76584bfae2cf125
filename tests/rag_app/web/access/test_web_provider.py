"""Logging in by a provider of OpenID Connect, in a real browser with a real one on loopback."""

import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("authlib", reason="logs in by a provider: pip install 'streamlit[auth]'")
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from playwright.sync_api import Page, expect

from rag_app import Settings
from tests.rag_app.browsing import served

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


class OidcProvider:
    """On loopback, lets in whoever comes, as somebody: `with OidcProvider() as provider`, at `provider.url`."""

    def __enter__(self) -> "OidcProvider":
        self.key = RSAKey.generate_key(2048, {"kid": "of-the-tests"})
        self.nonce = ""
        provider = self

        class Endpoint(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
                if path == "/authorize":
                    provider.nonce = query["nonce"][0]
                    self.send_response(302)
                    back = urlencode({"code": "a-code", "state": query["state"][0]})
                    self.send_header("Location", f"{query['redirect_uri'][0]}?{back}")
                    self.end_headers()
                else:
                    self.send_json(provider.metadata() if "openid-configuration" in path else provider.keys())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_json({"access_token": "a-token", "token_type": "Bearer", "id_token": provider.id_token()})

            def send_json(self, value: object) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the name of the base class)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> Any:
        return KeySet([self.key]).as_dict(private=False)

    def id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "sub": "somebody", "aud": "rag", "iat": now, "exp": now + 600, "nonce": self.nonce}
        return str(jwt.encode({"alg": "RS256", "kid": "of-the-tests"}, claims, self.key))
