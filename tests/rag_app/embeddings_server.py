"""An OpenAI-compatible embeddings server on loopback: a text's vector counts its words, so that like texts are near.

A text has as many tokens as words. The rows of an answer come in reverse, each with its index.
"""

import json
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

DIMENSION = 256
NO_HEADERS: Mapping[str, str] = {}


@dataclass
class EmbeddingsServer:
    """A context manager; `requests` keeps path and body of what was received, `key` is the one it takes; none: any.

    `refusals` are answered first, each a status and the value of Retry-After.
    """

    key: str = "key-of-the-tests"
    shortens: bool = True
    refusals: list[tuple[int, str]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"http://{self.address}/v1"

    def __enter__(self) -> Self:
        self._http = _Server(("127.0.0.1", 0), _Exchange)
        self._http.embeddings = self
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    embeddings: EmbeddingsServer
    daemon_threads = True


class _Exchange(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server.embeddings
        server.requests.append((self.path, body))
        if server.key and self.headers["Authorization"] != f"Bearer {server.key}":
            self._send(401, {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
        elif server.refusals:
            status, wait = server.refusals.pop(0)
            self._send(status, {"error": {"message": "Not just now."}}, {"Retry-After": wait})
        else:
            self._send(200, embedded(body, shortens=server.shortens))

    def log_message(self, *arguments: Any) -> None:
        pass

    def _send(self, status: int, content: dict[str, Any], headers: Mapping[str, str] = NO_HEADERS) -> None:
        encoded = json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def embedded(body: dict[str, Any], *, shortens: bool) -> dict[str, Any]:
    dimension = body.get("dimensions", DIMENSION) if shortens else DIMENSION
    vectors = [count_words(text)[:dimension] for text in body["input"]]
    rows = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    tokens = sum(len(text.split()) for text in body["input"])
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage}


def count_words(text: str) -> list[float]:
    counts = [0.0] * DIMENSION
    for word in text.lower().replace(".", " ").replace("?", " ").split():
        counts[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    return counts
