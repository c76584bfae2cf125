"""Loads models of remote providers: OpenAI's API with waits and batches of its own, all others by LangChain."""

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity import wait_exponential_jitter as back_off

from vectorstore.embeddings.model import (
    BYTES_PER_TOKEN,
    EmbeddingModel,
    LoadOptions,
    ModelName,
    count_in_bytes,
    translated_provider_errors,
)
from vectorstore.errors import ProviderError
from vectorstore.provider_errors import explain_provider_error, is_temporary, retry_after_s

# What OpenAI accepts (platform.openai.com/docs/api-reference/embeddings/create).
OPENAI_WINDOW, MOST_TEXTS, MOST_BYTES = 8191, 2048, 300_000
OTHER_WINDOW = 2048
TRIES = 8
# The longest that waits may add up to: nobody looks on while documents are embedded, and somebody does while a
# question is.
PATIENCE_S, QUESTION_PATIENCE_S = 600.0, 30.0


def load_openai(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    from openai import OpenAI  # 0.5 s, and only this needs it

    # A server of one's own asks for no key, and the client demands one.
    key = os.environ.get("OPENAI_API_KEY") or ("none" if os.environ.get("OPENAI_BASE_URL") else None)
    with translated_provider_errors(name.setting):
        client = OpenAI(api_key=key, max_retries=0)
    embeddings = OpenAIEmbeddings(client, name.model, name.dimensions)
    return EmbeddingModel(
        name.setting,
        embeddings,
        OPENAI_WINDOW // BYTES_PER_TOKEN,
        count_in_bytes,
        revision=str(client.base_url),
        count_sent=lambda: embeddings.tokens,
    )


class OpenAIEmbeddings(Embeddings):
    """Vectors as the server gives them; `tokens` counts those that it says it has read. Any thread may embed."""

    def __init__(self, client: Any, model: str, dimensions: int | None) -> None:
        self._client, self._model, self._dimensions = client, model, dimensions
        self._lock, self.tokens = threading.Lock(), 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector for batch in request_batches(texts) for vector in self._request(batch, PATIENCE_S)]

    def embed_query(self, text: str) -> list[float]:
        return self._request([text], QUESTION_PATIENCE_S)[0]

    def _request(self, texts: Sequence[str], patience_s: float) -> list[list[float]]:
        shorter = {"dimensions": self._dimensions} if self._dimensions else {}
        send = Retrying(
            retry=retry_if_exception(is_temporary),
            wait=wait_as_asked,
            stop=stop_after_attempt(TRIES) | stop_before_delay(patience_s),
            reraise=True,
        )
        answer = send(self._client.embeddings.create, input=list(texts), model=self._model, **shorter)
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


def request_batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many texts as one request may have."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode("utf-8", "replace"))
        if batch and (len(batch) == MOST_TEXTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def wait_as_asked(state: RetryCallState) -> float:
    """Seconds: as the server asks, else twice as long each time."""
    error = state.outcome.exception() if state.outcome else None
    return (error and retry_after_s(error)) or back_off(initial=1, max=60)(state)


def load_langchain(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    """Whatever LangChain's `init_embeddings` knows: Ollama, Azure, Cohere and the like."""
    from langchain.embeddings import init_embeddings  # 0.3 s, and only other providers need it

    # langchain-openai would count tokens itself, with a vocabulary that it downloads; chunks are bounded already.
    arguments: dict[str, Any] = {"check_embedding_ctx_length": False} if name.prefix == "azure_openai" else {}
    try:
        embeddings = init_embeddings(name.setting, **arguments)
    except Exception as error:  # of any class: each provider's package raises its own
        if isinstance(error, ValueError) and "is not supported" in str(error):
            message = f"{name.setting} could not be opened: there is no provider {name.prefix}"
            raise ProviderError(message, "check the name in RAG_EMBEDDINGS; rag doctor lists the providers") from error
        raise explain_provider_error(error, name.setting, setting="RAG_EMBEDDINGS") from error
    window = OPENAI_WINDOW if name.prefix == "azure_openai" else OTHER_WINDOW
    # The server's address, where the client has it: the same name may be another model elsewhere.
    client = getattr(getattr(embeddings, "client", None), "_client", None)  # Azure's
    address = getattr(client, "base_url", None) or getattr(embeddings, "base_url", None) or ""
    return EmbeddingModel(name.setting, embeddings, window // BYTES_PER_TOKEN, count_in_bytes, revision=str(address))
