"""The failure of a model provider turned into one sentence and a hint; no key is ever part of them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from langchain_core.messages import BaseMessage

from vectorstore.errors import ProviderError, RagError

BY_STATUS = {401: "key", 402: "quota", 403: "forbidden", 404: "model", 408: "timeout", 429: "rate"}
# In this order: one failed connection has several of these names, and the most telling comes first.
BY_NAME = {
    "ContextOverflowError": "context",
    "gaierror": "host",
    "NameResolutionError": "host",
    "SSLError": "certificate",
    "LocalProtocolError": "unsendable_key",
    "UnicodeEncodeError": "unsendable_key",
    "TimeoutError": "timeout",
    "TimeoutException": "timeout",
    "Timeout": "timeout",
    "ReadTimeoutError": "timeout",
    "ModelTimeoutError": "timeout",
    "RemoteProtocolError": "broken",
    "ReadError": "broken",
    "WriteError": "broken",
    "ChunkedEncodingError": "broken",
    "IncompleteRead": "broken",
    "ConnectionResetError": "broken",
    "BrokenPipeError": "broken",
    "JSONDecodeError": "no_model_server",
    "ConnectError": "unreachable",
    "ConnectionError": "unreachable",
    "APIConnectionError": "unreachable",
    "ModelConnectionError": "unreachable",
    "EndpointConnectionError": "unreachable",
}
CONTEXT = re.compile(r"context.{0,20}(length|window|size)|prompt is too long|tokens? .{0,20}exceed", re.IGNORECASE)
QUOTA = re.compile(r"insufficient_quota|billing|payment|credit balance", re.IGNORECASE)
CREDENTIALS = re.compile(r"api.?key|credential|authentication method|access.?token", re.IGNORECASE)
NO_MODEL_SERVER = re.compile(r"No generation chunks were returned|Unexpected response type", re.IGNORECASE)
SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
SECRET = re.compile(r"(?<=Bearer )\S+|(?<=://)[^/\s@]+(?=@)|(?<=key=)[^\s&]+|\b(sk|pk|gsk|hf|xai|pplx)[-_][\w*.-]{6,}")
MAX_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """`reason` is one line of what the server said, `wait` what it asks to wait, `address` its host and port."""

    kind: str
    status: int | None = None
    reason: str = ""
    wait: str = ""
    address: str = ""


def read_failure(error: Exception) -> Failure:
    kind = kind_of(error)
    return Failure(kind, status_of(error), reason_of(error, kind), retry_after(error), address_of(error))


def kind_of(error: Exception) -> str:
    status = status_of(error)
    text = f"{getattr(error, 'code', '')} {error}"
    names = {kind.__name__ for cause in causes(error) for kind in type(cause).__mro__}
    if status in {None, 400, 413, 422} and ("ContextOverflowError" in names or CONTEXT.search(text)):
        return "context"
    if status == 429 and QUOTA.search(text):
        return "quota"
    if status is not None:
        return BY_STATUS.get(status, "server" if status >= 500 else "refused")
    return next((kind for name, kind in BY_NAME.items() if name in names), None) or kind_by_text(text, names)


def kind_by_text(text: str, names: set[str]) -> str:
    if NO_MODEL_SERVER.search(text):
        return "no_model_server"
    if "APIError" in names:  # and no status: it came as a piece of the stream
        return "broken"
    return "credentials" if CREDENTIALS.search(text) else "unknown"


def causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def status_of(error: BaseException) -> int | None:
    """The HTTP status of the failure; not that of a stream that began well, which is 200."""
    for cause in causes(error):
        response = getattr(cause, "response", None)
        if isinstance(response, dict):  # botocore
            found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        else:
            found = getattr(response, "status_code", None)
        for status in (getattr(cause, "status_code", None), found, getattr(cause, "code", None)):  # code: google
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def reason_of(error: Exception, kind: str) -> str:
    """One line of what the server says of it; "" where it sent a page of HTML."""
    told = message_in(getattr(error, "body", None)) or ("" if kind == "broken" else str(error))
    line = without_secrets(next(iter(told.strip().splitlines()), ""))
    return "" if line.startswith("<") else line[:MAX_REASON_CHARACTERS].rstrip(". ")


def message_in(body: Any) -> str:
    """The message of `{"message": …}`, `{"error": {"message": …}}` or `{"error": …}`."""
    if not isinstance(body, dict):
        return ""
    message = body.get("message") or body.get("error") or ""
    return message if isinstance(message, str) else message_in(message)


def retry_after(error: Exception) -> str:
    for cause in causes(error):
        headers = getattr(getattr(cause, "response", None), "headers", None) or {}
        seconds = headers.get("retry-after", "")
        if seconds.replace(".", "", 1).isdigit():  # it may be a date too, which is left out
            return f"{seconds} s"
    return ""


def address_of(error: Exception) -> str:
    for cause in causes(error):
        try:
            return host_and_port(str(cause.request.url))  # type: ignore[attr-defined]
        except (AttributeError, RuntimeError):  # RuntimeError: httpx, where the request was never set
            continue
    return ""


def host_and_port(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]  # without name and password


def without_secrets(text: str) -> str:
    """The text with every key of the environment, and whatever else looks like one, replaced by `***`."""
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and len(value.strip()) >= 6:
            text = text.replace(value.strip(), "***")
    return SECRET.sub("***", text)


# What a provider's own package reads; every other one reads PROVIDER_API_KEY.
AWS_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
KEY_NAMES = {
    "anthropic_bedrock": AWS_KEYS,
    "bedrock": AWS_KEYS,
    "bedrock_converse": AWS_KEYS,
    "bedrock_mantle_anthropic": "AWS_BEARER_TOKEN_BEDROCK",
    "bedrock_mantle_openai": "AWS_BEARER_TOKEN_BEDROCK",
    "google_anthropic_vertex": "GOOGLE_APPLICATION_CREDENTIALS",
    "google_genai": "GOOGLE_API_KEY",
    "google_vertexai": "GOOGLE_APPLICATION_CREDENTIALS",
    "huggingface": "HUGGINGFACEHUB_API_TOKEN",
    "ibm": "WATSONX_APIKEY",
    "mistralai": "MISTRAL_API_KEY",
}

# Of each kind of failure: the message and the hint.
SENTENCES = {
    "missing_key": ("{spec} needs a key, and none is set", "set {key} in the environment or in .env{own}"),
    "key": ("{server} refused the key for {spec} (401)", "set {key} to a key that is valid there{base}"),
    "unsendable_key": (
        "the key for {spec} holds a character that cannot be sent",
        "copy it into {key} again, without line breaks, quotation marks or accents",
    ),
    "forbidden": (
        "{server} does not allow the use of {spec} (403){reason}",
        "ask the provider what the key in {key} may use, or name another model in {setting}",
    ),
    "model": ("{server} has no model {model} (404){reason}", "name a model it has in {setting}{path}"),
    "rate": ("{server} takes no more requests for {spec} just now (429){wait}", "ask again {later}"),
    "quota": (
        "the account at {server} has no quota left for {spec}{reason}",
        "check the plan and the billing there, or name another model in {setting}",
    ),
    "context": (
        "the text is too long for {spec}{reason}",
        "set {size} lower, or name a model with a longer context in {setting}",
    ),
    "server": (
        "{server} failed on {spec} ({status}){reason}",
        "ask again {later}; if it stays so, see that server's log or status page",
    ),
    "refused": ("{server} refused the request for {spec} ({status}){reason}", "name another model in {setting}{base}"),
    "timeout": ("{server} did not answer in time for {spec}", "ask again; if it stays so, see that server's log{base}"),
    "host": ("there is no host {server} to be found, for {spec}", "check the network{base}, or change {setting}"),
    "certificate": (
        "the certificate of {server} cannot be verified, for {spec}",
        "set SSL_CERT_FILE to the file of the authority that signed it{base}",
    ),
    "unreachable": (
        "no server can be reached at {server}, for {spec}",
        "start that server or check the network{base}, or change {setting}",
    ),
    "broken": (
        "{server} broke off before the answer of {spec} was complete{reason}",
        "ask again; if it stays so, see that server's log",
    ),
    "no_model_server": (
        "{server} sent something that is no answer of {spec}",
        "check that a model server listens there{path}",
    ),
    "unknown": ("{spec} failed{reason}", "ask again, or name another model in {setting}"),
}


@contextmanager
def translated_provider_errors(name: str) -> Iterator[None]:
    """Turn what the embedding model `name` raises inside into a ProviderError; errors that speak pass as they are."""
    try:
        yield
    except RagError:
        raise
    except Exception as error:  # every provider raises its own
        raise explain_provider_error(error, name, setting="RAG_EMBEDDINGS") from error


def explain_provider_error(error: Exception, spec: str, *, setting: str = "RAG_LLM") -> ProviderError:
    """The error of `spec` (`provider:model`) for a person; `setting` is the one that names the model."""
    return error if isinstance(error, ProviderError) else say(read_failure(error), spec, setting=setting)


def explain_unfinished(message: BaseMessage, spec: str) -> ProviderError | None:
    """The error of an answer whose stream ended before its last piece, or None for a whole answer.

    `message` is the sum of the streamed chunks. A proxy in front of a dead server ends the stream tidily, which the
    openai package takes for the end of the answer; only the missing `finish_reason` (`status` in the Responses API)
    tells. Other providers are not judged.
    """
    metadata = message.response_metadata
    if metadata.get("model_provider") != "openai" or metadata.get("finish_reason") or metadata.get("status"):
        return None
    return say(Failure("broken"), spec, setting="RAG_LLM")


def say(failure: Failure, spec: str, *, setting: str) -> ProviderError:
    provider, model = split_spec(spec)
    failure = with_key_judged(failure, provider)
    wait, is_openai = failure.wait, provider == "openai"
    words = {
        "spec": spec,
        "model": model,
        "setting": setting,
        "key": key_name(provider),
        "server": failure.address or configured_address(provider) or provider,
        "status": failure.status,
        "reason": failure.reason and f": {failure.reason}",
        "wait": wait and f"; it asks to wait {wait}",
        "later": f"in {wait or 'a minute'}",
        "size": "RAG_CHUNK_TOKENS" if setting == "RAG_EMBEDDINGS" else "RAG_CONTEXT_TOKENS",
        "base": ", check OPENAI_BASE_URL" if is_openai else "",
        "path": ", and check OPENAI_BASE_URL, which usually ends in /v1" if is_openai else "",
        "own": "; a server of your own that asks for none takes any value" if is_openai else "",
    }
    message, hint = SENTENCES[failure.kind]
    return ProviderError(message.format_map(words), hint.format_map(words))


def with_key_judged(failure: Failure, provider: str) -> Failure:
    """Words about credentials mean a missing key only where none is set."""
    if failure.kind != "credentials":
        return failure
    is_set = all(os.environ.get(name) for name in key_name(provider).split(" and "))
    return replace(failure, kind="unknown" if is_set else "missing_key")


def split_spec(spec: str) -> tuple[str, str]:
    """Provider, as LangChain spells it, and model of `provider:model`."""
    provider, _, model = spec.partition(":")
    return provider.strip().lower().replace("-", "_"), model.strip()


def key_name(provider: str) -> str:
    return KEY_NAMES.get(provider, f"{provider.upper()}_API_KEY")


def configured_address(provider: str) -> str:
    return host_and_port(os.environ.get("OPENAI_BASE_URL", "")) if provider == "openai" else ""
