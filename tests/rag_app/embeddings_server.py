"""An OpenAI-compatible embeddings server on loopback: a text's vector counts its words, so that like texts are near.

A text has as many tokens as words. The rows of an answer come in reverse, each with its index.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.rag_app.loopback import Handler, LoopbackServer

DIMENSION = 256


class Exchange(Handler):
    def exchange(self, body: Any) -> None:
        server = self.owner
        server.requests.append((self.path, body))
        if server.key and self.headers["Authorization"] != f"Bearer {server.key}":
            error = {"message": "Incorrect API key provided.", "code": "invalid_api_key"}
            self.send_json(401, {"error": error})
        elif server.refusals:
            status, wait = server.refusals.pop(0)
            self.send_json(status, {"error": {"message": "Not just now."}}, {"Retry-After": wait})
        else:
            self.send_json(200, embedded(body, shortens=server.shortens))


@dataclass
class EmbeddingsServer(LoopbackServer):
    """`requests` keeps path and body of what was received, `key` is the one it takes; none: any.

    `refusals` are answered first, each a status and the value of Retry-After.
    """

    handler: ClassVar[type[Handler]] = Exchange
    key: str = "key-of-the-tests"
    shortens: bool = True
    refusals: list[tuple[int, str]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


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
