"""Translates the failures of model providers into one sentence and a hint of nine kinds, without any key in them."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from langchain_core.messages import BaseMessage
from pydantic import ValidationError

from vectorstore.errors import ProviderError, RagError, missing_package

Kind = Literal["no key", "key", "unreachable", "rate", "model", "context", "quota", "server", "other"]
BY_STATUS: dict[int, Kind] = {401: "key", 402: "quota", 403: "key", 404: "model", 408: "server", 429: "rate"}
# The classes of exceptions without a status. One failed connection has several of these names, the first kind counts.
BY_NAME: dict[Kind, str] = {
    "key": "LocalProtocolError UnicodeEncodeError",
    "server": "TimeoutError TimeoutException Timeout ReadTimeoutError ModelTimeoutError RemoteProtocolError ReadError "
    "WriteError ChunkedEncodingError IncompleteRead ConnectionResetError BrokenPipeError",
    "unreachable": "gaierror NameResolutionError SSLError JSONDecodeError ConnectError ConnectionError "
    "APIConnectionError ModelConnectionError EndpointConnectionError",
}
CONTEXT = re.compile(r"context.{0,20}(length|window|size)|prompt is too long|tokens? .{0,20}exceed", re.IGNORECASE)
QUOTA = re.compile(r"insufficient_quota|billing|payment|credit balance", re.IGNORECASE)
CREDENTIALS = re.compile(r"api.?key|credential|authentication method|access.?token", re.IGNORECASE)
NO_MODEL_SERVER = re.compile(r"No generation chunks were returned|Unexpected response type", re.IGNORECASE)
SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
SECRET = re.compile(r"(?<=Bearer )\S+|(?<=://)[^/\s@]+(?=@)|(?<=key=)[^\s&]+|\b(sk|pk|gsk|hf|xai|pplx)[-_][\w*.-]{6,}")
MAX_REASON_CHARACTERS = 300
# Of each kind the message and the hint; `{base}` names the setting of the server's address, where there is one.
SENTENCES: dict[Kind, tuple[str, str]] = {
    "no key": ("{spec} needs a key, and none is set", "set {key} in the environment or in .env{own}"),
    "key": (
        "the key for {spec} was refused{status}{reason}",
        "set {key} to a key that is valid for {server}, without line breaks, quotation marks or accents{base}",
    ),
    "unreachable": (
        "no model server can be reached at {server}, for {spec}{reason}",
        "start that server or check the network{base}, or change {setting}",
    ),
    "rate": ("{server} takes no more requests for {spec} just now{status}{wait}", "ask again {later}"),
    "model": ("{server} has no model {model}{status}{reason}", "name a model it has in {setting}{base}"),
    "context": (
        "the text is too long for {spec}{reason}",
        "set {size} lower, or name a model with a longer context in {setting}",
    ),
    "quota": (
        "the account at {server} has no quota left for {spec}{reason}",
        "check the plan and the billing there, or name another model in {setting}",
    ),
    "server": (
        "{server} failed on {spec}{status}{reason}",
        "ask again {later}; if it stays so, see that server's log or status page",
    ),
    "other": ("{spec} failed{status}{reason}", "ask again, or name another model in {setting}{base}"),
}
# The names that hold keys, by a part of the provider's name; every other provider reads PROVIDER_API_KEY.
KEY_NAMES = {
    "mantle": "AWS_BEARER_TOKEN_BEDROCK",
    "bedrock": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "vertex": "GOOGLE_APPLICATION_CREDENTIALS",
    "google_genai": "GOOGLE_API_KEY",
    "huggingface": "HUGGINGFACEHUB_API_TOKEN",
    "ibm": "WATSONX_APIKEY",
    "mistralai": "MISTRAL_API_KEY",
}


def explain_provider_error(error: Exception, spec: str, *, setting: str = "RAG_LLM") -> RagError:
    """The error of `spec` (`provider:model`) for a person; `setting` is the one that names the model."""
    if isinstance(error, RagError):
        return error
    if isinstance(error, ImportError) and (package := package_to_install(error)):
        return missing_package(package, needed_by=spec, remedy=f"pip install {package}")
    if isinstance(error, ValidationError):  # whose own text shows the arguments, keys among them
        error = ValueError(error.errors(include_input=False)[0]["msg"].removeprefix("Value error, "))
    provider, model = split_spec(spec)
    kind, is_openai, wait = kind_of(error), provider == "openai", retry_after_s(error)
    key = next((name for part, name in KEY_NAMES.items() if part in provider), f"{provider.upper()}_API_KEY")
    if kind == "no key" and all(os.environ.get(name) for name in key.split(" and ")):
        kind = "other"  # words about credentials mean a missing key only where none is set
    reason, status = reason_of(error, kind), status_of(error)
    words = {
        "spec": spec,
        "model": model,
        "setting": setting,
        "key": key,
        "server": server_of(error, provider),
        "status": f" ({status})" if status else "",
        "reason": reason and f": {reason}",
        "wait": f"; it asks to wait {wait:.3g} s" if wait else "",
        "later": f"in {wait:.3g} s" if wait else "in a minute",
        "size": "RAG_CHUNK_TOKENS" if setting == "RAG_EMBEDDINGS" else "RAG_CONTEXT_TOKENS",
        "base": ", and check OPENAI_BASE_URL, which usually ends in /v1" if is_openai else "",
        "own": "; a server of your own that asks for none takes any value" if is_openai else "",
    }
    message, hint = SENTENCES[kind]
    return ProviderError(message.format_map(words), hint.format_map(words))


def explain_unfinished(message: BaseMessage, spec: str) -> RagError | None:
    """The error of an answer whose stream ended before its last piece, or None for a whole answer.

    `message` is the sum of the streamed chunks. A proxy in front of a dead server ends the stream tidily, which the
    openai package accepts as the end of the answer; only the `finish_reason` is missing (`status` in the Responses
    API). Other providers are not judged.
    """
    metadata = message.response_metadata
    if metadata.get("model_provider") != "openai" or metadata.get("finish_reason") or metadata.get("status"):
        return None
    return explain_provider_error(ConnectionResetError("the answer ended before it was complete"), spec)


def is_temporary(error: BaseException) -> bool:
    """Whether the same request may succeed later: too many requests, a fault of the server, a broken connection."""
    return isinstance(error, Exception) and kind_of(error) in ("rate", "server")


def kind_of(error: Exception) -> Kind:
    status = status_of(error)
    text = f"{getattr(error, 'code', '')} {error}"
    names = {kind.__name__ for cause in causes(error) for kind in type(cause).__mro__}
    if status in {None, 400, 413, 422} and ("ContextOverflowError" in names or CONTEXT.search(text)):
        return "context"
    if status == 429 and QUOTA.search(text):
        return "quota"
    if status is not None:
        return BY_STATUS.get(status, "server" if status >= 500 else "other")
    if found := next((kind for kind, classes in BY_NAME.items() if names.intersection(classes.split())), None):
        return found
    if NO_MODEL_SERVER.search(text):
        return "unreachable"
    if "APIError" in names:  # and no status: it came as a piece of the stream
        return "server"
    return "no key" if CREDENTIALS.search(text) else "other"


def causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def status_of(error: BaseException) -> int | None:
    """The HTTP status of the failure; not that of a stream that began well, which is 200."""
    for cause in causes(error):
        response = getattr(cause, "response", None)
        botocore = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
        google = getattr(cause, "code", None)
        others = (getattr(one, "status_code", None) for one in (cause, response))
        for status in (*others, botocore.get("HTTPStatusCode"), google):
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def reason_of(error: Exception, kind: Kind) -> str:
    """One line of what the server says of it; empty where it sent a page of HTML."""
    if kind == "key" and status_of(error) is None:  # the text of such an error shows the key
        return "it holds a character that cannot be sent"
    texts = [str(error)]
    if kind in ("unreachable", "server") and status_of(error) is None:  # the first of all errors says what broke
        texts = [str(cause) for cause in causes(error)]
    said = message_in(getattr(error, "body", None)) or next(filter(str.strip, reversed(texts)), "")
    line = without_secrets(next(iter(said.strip().splitlines()), ""))
    if line.lower().rstrip(".").endswith("timed out"):
        return "no answer in time"
    return "" if line.startswith("<") else line[:MAX_REASON_CHARACTERS].rstrip(". ")


def message_in(body: Any) -> str:
    """The message of `{"message": …}`, `{"error": {"message": …}}` or `{"error": …}`."""
    if not isinstance(body, dict):
        return ""
    message = body.get("message") or body.get("error") or ""
    return message if isinstance(message, str) else message_in(message)


def retry_after_s(error: BaseException) -> float | None:
    """The seconds that the server asks to wait: a number, or an HTTP date (RFC 9110, 10.2.3)."""
    headers = (getattr(getattr(cause, "response", None), "headers", None) or {} for cause in causes(error))
    value: str = next(filter(None, (one.get("retry-after") for one in headers)), "")
    try:
        return max(float(value), 0) or None
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0) or None
    except ValueError:
        return None


def server_of(error: Exception, provider: str) -> str:
    """The address of the request that failed, else the one that is configured, else the provider's name."""
    for cause in causes(error):
        with suppress(AttributeError, RuntimeError):  # RuntimeError: httpx, where the request was never set
            return host_and_port(str(cause.request.url))  # type: ignore[attr-defined]
    configured = os.environ.get("OPENAI_BASE_URL", "") if provider == "openai" else ""
    return host_and_port(configured) or provider


def host_and_port(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]  # without name and password


def without_secrets(text: str) -> str:
    """The text with every key of the environment, and whatever else looks like one, replaced by `***`."""
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and len(value.strip()) >= 6:
            text = text.replace(value.strip(), "***")
    return SECRET.sub("***", text)


def split_spec(spec: str) -> tuple[str, str]:
    """Provider, as LangChain spells it, and model of `provider:model`."""
    provider, _, model = spec.partition(":")
    return provider.strip().lower().replace("-", "_"), model.strip()


def package_to_install(error: ImportError) -> str:
    """The package of the module that was not found, else the one that the error's text says to install."""
    module = getattr(error.__cause__, "name", None)
    if module:
        return str(module).partition(".")[0].replace("_", "-")
    found = re.search(r"pip install ([\w.-]+)", str(error))
    return found[1] if found else ""
