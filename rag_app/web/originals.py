"""From a source to what became of its original: an address to open, a file to download, or words that say why not."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from vectorstore.records import SourceRecord

GONE = "The file is no longer there."
CHANGED = "The file has changed since it was read."


def original_values(source: str, record: "SourceRecord | None") -> dict[str, Any]:
    """`record` is what the collection knows of the file, if it still does."""
    if urlsplit(source).scheme in ("http", "https"):
        return {"address": source}
    if not Path(source).is_absolute():
        return {}  # a text that was given from Python
    path = find_file(source)
    if path is None:
        return {"note": GONE}
    return {"download": True, "note": CHANGED if record and has_changed(path, record) else None}


def find_file(source: str) -> Path | None:
    try:
        path = Path(source)
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def has_changed(path: Path, record: "SourceRecord") -> bool:
    try:
        now = path.stat()
        if (now.st_size, now.st_mtime_ns) == (record.size, record.mtime_ns):
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != record.content_hash
    except OSError:
        return True
