"""An OpenAI-compatible embeddings server on loopback: a text's vector counts its words, so that like texts are near."""

import json
import threading
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

DIMENSION = 256


@dataclass
class EmbeddingsServer:
    """A context manager; `requests` keeps path and body of what was received, `key` is the only one it takes."""

    key: str = "key-of-the-tests"
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
        self.server.embeddings.requests.append((self.path, body))
        if self.headers["Authorization"] != f"Bearer {self.server.embeddings.key}":
            self._send(401, {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
        else:
            self._send(200, embedded(body))

    def log_message(self, *arguments: Any) -> None:
        pass

    def _send(self, status: int, content: dict[str, Any]) -> None:
        encoded = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def embedded(body: dict[str, Any]) -> dict[str, Any]:
    vectors = [count_words(text) for text in body["input"]]
    rows = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": rows, "model": body["model"], "usage": usage}


def count_words(text: str) -> list[float]:
    counts = [0.0] * DIMENSION
    for word in text.lower().replace(".", " ").replace("?", " ").split():
        counts[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    return counts
