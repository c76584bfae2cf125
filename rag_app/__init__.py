"""Answers from one's own documents, every sentence of them proved by exact words.

from rag_app import Settings, ingest_paths, load_chain
ingest_paths(["docs/"])
answer = load_chain().invoke("Who stayed in orbit?")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.report import IngestReport
    from rag_app.settings import Settings
    from rag_app.types import Answer, Citation, Sentence
    from rag_app.wiring import ingest_paths, load_chain, load_page, load_retriever
    from vectorstore.errors import RagError

__all__ = [
    "Answer",
    "Citation",
    "IngestReport",
    "RagError",
    "Sentence",
    "Settings",
    "ingest_paths",
    "load_chain",
    "load_page",
    "load_retriever",
]

# Names are imported when they are first used: LangChain and Chroma take a second that `rag --help` need not wait.
MODULES = {
    "IngestReport": "ingest.report",
    "RagError": "vectorstore.errors",
    "Settings": "rag_app.settings",
    **dict.fromkeys(("Answer", "Citation", "Sentence"), "rag_app.types"),
    **dict.fromkeys(("ingest_paths", "load_chain", "load_page", "load_retriever"), "rag_app.wiring"),
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
