"""What is known of kinds of documents and their readers without importing any reader: they take a second."""

import hashlib
import importlib.util
from importlib.metadata import version


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def describe_readers(password: str | None) -> str:
    """What decides whether a file can be read: what was refused by other readers is worth another try."""
    digest = hashlib.sha256((password or "").encode()).hexdigest()[:8]
    return f"{version('rag-app')} ocr={is_installed('rapidocr')} bio={is_installed('Bio')} password={digest}"


def has_markdown(kind: str) -> bool:
    """Whether the text of pages of this kind has Markdown structure."""
    return kind not in ("pdf", "text", "code", "image")
