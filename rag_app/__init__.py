"""Answers from one's own documents, every sentence of them proved by exact words.

from rag_app import Settings, ingest_paths, load_chain
ingest_paths(["docs/"])
answer = load_chain().invoke("Who stayed in orbit?")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.report import IngestReport as IngestReport
    from rag_app.settings import Settings as Settings
    from rag_app.types import Answer as Answer
    from rag_app.types import Citation as Citation
    from rag_app.types import Sentence as Sentence
    from rag_app.wiring import ingest_paths as ingest_paths
    from rag_app.wiring import load_chain as load_chain
    from rag_app.wiring import load_page as load_page
    from rag_app.wiring import load_retriever as load_retriever
    from vectorstore.errors import RagError as RagError

# Imported when first used: `rag --help` waits for neither LangChain nor Chroma.
MODULES = {
    "IngestReport": "ingest.report",
    "Settings": "rag_app.settings",
    **dict.fromkeys(("Answer", "Citation", "Sentence"), "rag_app.types"),
    **dict.fromkeys(("ingest_paths", "load_chain", "load_page", "load_retriever"), "rag_app.wiring"),
    "RagError": "vectorstore.errors",
}
__all__ = list(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
