"""A provider of OpenID Connect on loopback that lets in whoever comes, as somebody."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("authlib", reason="logs in by a provider: pip install 'streamlit[auth]'")
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


class OidcProvider:
    """`with OidcProvider() as provider`: its address is `provider.url`."""

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
                    self.tell(provider.metadata() if "openid-configuration" in path else provider.keys())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.tell({"access_token": "a-token", "token_type": "Bearer", "id_token": provider.id_token()})

            def tell(self, value: object) -> None:
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
