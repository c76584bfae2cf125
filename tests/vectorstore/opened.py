"""Opens a collection where this test run has its vectors: in its folder, or on the server of --chroma-server."""

import os
from pathlib import Path

from vectorstore.storage.store import Store


def chroma_url() -> str | None:
    return os.environ.get("RAG_CHROMA_URL")


def open_again(folder: Path) -> Store:
    return Store(folder, name="library", chroma_url=chroma_url())
