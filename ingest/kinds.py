"""What is known of kinds of documents and their readers without importing any reader: they take a second."""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`password` opens what is encrypted with it; of each sequence the first `letters` are read, since a genome has
    millions and no word in them; `speech_model` is the folder of a Whisper model that recordings are heard by."""

    password: str | None = None
    letters: int = 600
    speech_model: str | None = None


# What the readers that need an extra import, by the name of the extra.
READER_PACKAGES = {"ocr": "rapidocr", "bio": "Bio", "sound": "faster_whisper"}


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def keep_onnxruntime_silent() -> None:
    """It reports its use to a remote service, unless it finds this before it is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def describe_readers(password: str | None, speech_model: str | None) -> str:
    """What decides whether a file can be read: what was refused by other readers is worth another try."""
    digest = hashlib.sha256((password or "").encode()).hexdigest()[:8]
    extras = " ".join(f"{extra}={is_installed(package)}" for extra, package in READER_PACKAGES.items())
    return f"{version('rag-app')} {extras} speech={speech_model} password={digest}"


def has_markdown(kind: str) -> bool:
    """Whether the text of pages of this kind has Markdown structure."""
    return kind not in ("pdf", "text", "code", "image")
