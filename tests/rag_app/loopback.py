"""An HTTP server on loopback for tests: a context manager, each request answered by its handler."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

NO_HEADERS: Mapping[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    """Answers a request by `exchange`, given its decoded JSON, None where there is none; `owner` is the server."""

    server: "HttpServer"

    def exchange(self, body: Any) -> None:
        raise NotImplementedError

    def do_POST(self) -> None:
        self.exchange(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self.exchange(None)

    @property
    def owner(self) -> Any:
        return self.server.owner

    def send_json(self, status: int, content: Any, headers: Mapping[str, str] = NO_HEADERS) -> None:
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})

    def send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_head(status, {**headers, "Content-Length": str(len(content))})
        self.wfile.write(content)

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Nothing, where http.server would print a line a request."""


class HttpServer(ThreadingHTTPServer):
    owner: "LoopbackServer"
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of tests; socketserver would print its traceback."""
        self.owner.hang_up()


class LoopbackServer:
    handler: ClassVar[type[Handler]]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"http://{self.address}/v1"

    def hang_up(self) -> None:
        """Called where a client has gone away in the midst of an answer."""

    def __enter__(self) -> Self:
        self._http = HttpServer(("127.0.0.1", 0), self.handler)
        self._http.owner = self
        # A short poll, since shutdown() waits for the next one.
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
