"""Keeps collections of chunks with their vectors and words, and finds the passages nearest to a question.

from vectorstore import HybridRetriever, load_embedding_model, open_store
retriever = HybridRetriever(store=open_store(data_dir, "papers"), model=load_embedding_model("minilm", cache_dir=...))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vectorstore.collections import list_collections, open_store
    from vectorstore.embeddings import EmbeddingModel, load_embedding_model
    from vectorstore.errors import RagError
    from vectorstore.search.retriever import HybridRetriever
    from vectorstore.storage.store import Store
    from vectorstore.types import Chunk, Page, Passage, SourceFilter

__all__ = [
    "Chunk",
    "EmbeddingModel",
    "HybridRetriever",
    "Page",
    "Passage",
    "RagError",
    "SourceFilter",
    "Store",
    "list_collections",
    "load_embedding_model",
    "open_store",
]

# Imported when first used: Chroma and LangChain take a second.
MODULES = {
    "HybridRetriever": "vectorstore.search.retriever",
    "RagError": "vectorstore.errors",
    "Store": "vectorstore.storage.store",
    **dict.fromkeys(("Chunk", "Page", "Passage", "SourceFilter"), "vectorstore.types"),
    **dict.fromkeys(("EmbeddingModel", "load_embedding_model"), "vectorstore.embeddings"),
    **dict.fromkeys(("list_collections", "open_store"), "vectorstore.collections"),
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
