"""What a model provider's client raises, turned into a Failure: of which kind, and what it tells.

Errors are told apart by what they carry (`status_code`, `response`, `request`, the names of their classes and of
their causes), not by isinstance, so those of providers whose package is not installed here are understood as well.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
