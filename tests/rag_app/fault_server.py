"""An OpenAI-compatible chat server on loopback that answers a given text, or fails in a given way, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, ClassVar, Literal, NamedTuple

from tests.rag_app.loopback import Handler, LoopbackServer

Behaviour = Literal[
    "answer",
    "wrong_key",
    "rate_limit",
    "no_quota",
    "server_error",
    "no_such_model",
    "prompt_too_long",
    "no_structure",
    "dies_before_answer",
    "dies_in_stream",
    "ends_early",
    "error_in_stream",
    "not_json",
    "hangs",
]

RETRY_AFTER_S = 7
# Retry-After is what a person is told; like OpenAI's own, the milliseconds beside it are what the client waits.
_PAUSE = {"Retry-After": str(RETRY_AFTER_S), "Retry-After-Ms": "10"}
_TOO_LONG = "This model's maximum context length is 4096 tokens. However, your messages have 9031 tokens."
_NO_STRUCTURE = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
_STATUS_FAULTS: dict[str, tuple[int, dict[str, str], dict[str, Any]]] = {
    "wrong_key": (401, {}, {"message": "Incorrect API key provided: {key}.", "code": "invalid_api_key"}),
    "rate_limit": (429, _PAUSE, {"message": "Rate limit reached.", "code": "rate_limit_exceeded"}),
    "no_quota": (429, _PAUSE, {"message": "You exceeded your current quota.", "code": "insufficient_quota"}),
    "server_error": (500, _PAUSE, {"message": "The server had an error.", "type": "server_error"}),
    "no_such_model": (404, {}, {"message": "The model does not exist.", "code": "model_not_found"}),
    "prompt_too_long": (400, {}, {"message": _TOO_LONG, "code": "context_length_exceeded"}),
    "no_structure": (400, {}, {"message": _NO_STRUCTURE, "param": "response_format"}),
}
_PIECES_BEFORE_FAULT = 3


class ReceivedRequest(NamedTuple):
    """One request as it came; `body` is the decoded JSON, None where there was none."""

    method: str
    path: str
    headers: Message
    body: Any


class _Exchange(Handler):
    protocol_version = "HTTP/1.1"  # for chunked answers, whose missing end tells a client that they broke off

    def exchange(self, body: Any) -> None:
        behaviour = self.owner.receive(ReceivedRequest(self.command, self.path, self.headers, body))
        if behaviour in _STATUS_FAULTS:
            self._send_status_fault(behaviour)
        elif behaviour == "hangs":
            self.owner.wait()
            self.close_connection = True
        elif behaviour == "dies_before_answer":
            self.close_connection = True
        elif behaviour == "not_json":
            self.send(200, b"<html>Welcome to the router</html>", {"Content-Type": "text/html"})
        elif body is None:
            self.send_json(200, {"object": "list", "data": [{"id": "fake-model", "object": "model"}]})
        elif body.get("stream"):
            self._stream(behaviour, self.owner.answer_to(body))
        else:
            self.send_json(200, _completion(self.owner.answer_to(body)))

    def _send_status_fault(self, behaviour: str) -> None:
        status, headers, error = _STATUS_FAULTS[behaviour]
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.send_json(status, {"error": {**error, "message": error["message"].replace("{key}", key)}}, headers)

    def _stream(self, behaviour: Behaviour, answer: str) -> None:
        self.send_head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        for number, piece in enumerate(self.owner.pieces(answer)):
            if behaviour != "answer" and number == _PIECES_BEFORE_FAULT:
                self._break_off(behaviour)
                return
            self._send_event(_completion_piece(piece, finish_reason=None))
        self._send_event(_completion_piece("", finish_reason="stop"))
        self._send_chunk(b"data: [DONE]\n\n")
        self._send_chunk(b"")

    def _break_off(self, behaviour: Behaviour) -> None:
        if behaviour == "error_in_stream":
            self._send_event({"error": {"message": "The model ran out of memory.", "type": "server_error"}})
        if behaviour != "dies_in_stream":  # "ends_early" is a tidy end of HTTP, as a proxy makes of a dead server
            self._send_chunk(b"")
        self.close_connection = True

    def _send_event(self, event: dict[str, Any]) -> None:
        self._send_chunk(f"data: {json.dumps(event)}\n\n".encode())

    def _send_chunk(self, content: bytes) -> None:
        self.wfile.write(b"%X\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()


@dataclass
class FaultServer(LoopbackServer):
    """A context manager: `with FaultServer() as server: ...`, `OPENAI_BASE_URL` set to `server.base_url`.

    `behave("server_error", "answer")` gives the requests these behaviours in turn, the last one from then on.
    `requests` keeps what was received. `judgements`, where set, is what a request for structured output is answered:
    so are the sentences of an answer judged. With `hold_after` an answer stops after so many pieces until `release()`,
    or until `hold_after` is another number. `hung_up` is set when a client goes away in the midst of an answer.
    """

    handler: ClassVar[type[Handler]] = _Exchange
    answer: str = "Three people flew [1]. Two of them landed [2]."
    judgements: str | None = None
    hold_after: int | None = None
    requests: list[ReceivedRequest] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    _behaviours: list[Behaviour] = field(default_factory=lambda: ["answer"])
    _released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def chats(self) -> list[ReceivedRequest]:
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def behave(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)

    def release(self) -> None:
        """Let go of every request that hangs or is held, now and from now on."""
        self._released.set()

    def receive(self, request: ReceivedRequest) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]

    def wait(self) -> None:
        self._released.wait(timeout=60)

    def answer_to(self, body: Any) -> str:
        return self.judgements if self.judgements is not None and "response_format" in body else self.answer

    def pieces(self, answer: str) -> Iterator[str]:
        for number, word in enumerate(answer.split(" ")):
            while number == self.hold_after and not self._released.wait(0.02):
                pass
            yield word if number == 0 else f" {word}"

    def hang_up(self) -> None:
        self.hung_up.set()

    def close(self) -> None:
        self.release()
        super().close()


def _completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "1", "object": "chat.completion", "model": "fake-model", "choices": [choice], "usage": usage}


def _completion_piece(text: str, *, finish_reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return {"id": "1", "object": "chat.completion.chunk", "model": "fake-model", "choices": [choice]}
