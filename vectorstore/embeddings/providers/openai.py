"""`openai:MODEL[@DIMENSIONS]`: OpenAI's embeddings, and those of any server that speaks as it does."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from langchain_core.embeddings import Embeddings
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity import wait_exponential_jitter as backing_off

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName
from vectorstore.embeddings.providers.langchain import BYTES_PER_TOKEN, count_in_bytes
from vectorstore.errors import ProviderError
from vectorstore.provider_errors import read_failure, translated_provider_errors

# What OpenAI takes (platform.openai.com/docs/api-reference/embeddings/create). Its tokenizer is not on this machine,
# and no text has more tokens than bytes: bytes are counted, and what is bounded by them is never refused or cut.
WINDOW, MOST_TEXTS, MOST_BYTES = 8191, 2048, 300_000
# What passes by itself: too many requests, a fault of the server, a connection that broke.
PASSING = {"rate", "server", "timeout", "broken"}
TRIES = 8
# The longest that waits may add up to: nobody looks on while documents are embedded, and somebody does while a
# question is.
PATIENCE_S, PATIENCE_FOR_A_QUESTION_S = 600.0, 30.0


class OpenAIVectors(Embeddings):
    """Vectors as the server gives them; `tokens` counts those that it says it has read. Any thread may embed."""

    def __init__(self, client: Any, model: str, dimensions: int | None) -> None:
        self._client, self._model, self._dimensions = client, model, dimensions
        self._lock, self.tokens = threading.Lock(), 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector for part in in_parts(texts) for vector in self._ask(part, PATIENCE_S)]

    def embed_query(self, text: str) -> list[float]:
        return self._ask([text], PATIENCE_FOR_A_QUESTION_S)[0]

    def _ask(self, texts: Sequence[str], patience: float) -> list[list[float]]:
        asked = {"dimensions": self._dimensions} if self._dimensions else {}
        send = Retrying(
            retry=retry_if_exception(passes),
            wait=wait,
            stop=stop_after_attempt(TRIES) | stop_before_delay(patience),
            reraise=True,
        )
        answer = send(self._client.embeddings.create, input=list(texts), model=self._model, **asked)
        with self._lock:
            self.tokens += answer.usage.total_tokens if answer.usage else 0
        vectors = [row.embedding for row in sorted(answer.data, key=lambda row: int(row.index))]
        if len(vectors) != len(texts):
            raise ProviderError(
                f"the server gave {len(vectors)} vectors for {len(texts)} texts",
                "check that OPENAI_BASE_URL is an embeddings server",
            )
        if self._dimensions and len(vectors[0]) != self._dimensions:
            raise ProviderError(
                f"{self._model} gave {len(vectors[0])} numbers, not {self._dimensions}: the server cannot shorten them",
                f"set RAG_EMBEDDINGS=openai:{self._model}",
            )
        return vectors


def in_parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many texts as one request may have."""
    part: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode("utf-8", "replace"))
        if part and (len(part) == MOST_TEXTS or size + length > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part


def passes(error: BaseException) -> bool:
    return isinstance(error, Exception) and read_failure(error).kind in PASSING


def wait(state: RetryCallState) -> float:
    """Seconds: as the server asks, else twice as long each time."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", {})
    asked = read_wait(headers.get("retry-after-ms"), 0.001) or read_wait(headers.get("retry-after"), 1.0)
    return asked or backing_off(initial=1, max=60)(state)


def read_wait(value: str | None, unit: float) -> float | None:
    """Of a number of units or of an HTTP date (RFC 9110, 10.2.3); None where there is none to come."""
    if not value:
        return None
    try:
        return max(float(value) * unit, 0) or None
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0) or None
    except ValueError:
        return None


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    from openai import OpenAI  # 0.5 s, and only this needs it

    # A server of one's own asks for no key, and the client demands one.
    key = os.environ.get("OPENAI_API_KEY") or ("none" if os.environ.get("OPENAI_BASE_URL") else None)
    with translated_provider_errors(name.setting):
        client = OpenAI(api_key=key, max_retries=0)
    vectors = OpenAIVectors(client, name.model, name.dimensions)
    return EmbeddingModel(
        name.setting,
        vectors,
        WINDOW // BYTES_PER_TOKEN,
        count_in_bytes,
        revision=str(client.base_url),
        count_sent=lambda: vectors.tokens,
    )
