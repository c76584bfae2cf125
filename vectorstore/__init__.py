"""Keeps collections of chunks with their vectors and words, and finds the passages nearest to a question.

from vectorstore import HybridRetriever, load_embedding_model, open_store
retriever = HybridRetriever(store=open_store(data_dir, "papers"), model=load_embedding_model("minilm", cache_dir=...))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vectorstore.collections import list_collections as list_collections
    from vectorstore.collections import open_store as open_store
    from vectorstore.embeddings import EmbeddingModel as EmbeddingModel
    from vectorstore.embeddings import load_embedding_model as load_embedding_model
    from vectorstore.embeddings.openvino import usable_cores as usable_cores
    from vectorstore.embeddings.providers.packaged import find_weights as find_weights
    from vectorstore.embeddings.providers.static import find_words as find_words
    from vectorstore.errors import RagError as RagError
    from vectorstore.search.reranker import Reranker as Reranker
    from vectorstore.search.retriever import LEXICAL_WEIGHT as LEXICAL_WEIGHT
    from vectorstore.search.retriever import HybridRetriever as HybridRetriever
    from vectorstore.search.retriever import PassageDocument as PassageDocument
    from vectorstore.search.retriever import Question as Question
    from vectorstore.search.similar_documents import similar_documents as similar_documents
    from vectorstore.storage.catalogue import Catalogue as Catalogue
    from vectorstore.storage.lexical_index import LexicalReader as LexicalReader
    from vectorstore.storage.store import Store as Store
    from vectorstore.storage.vector_index import slices_of as slices_of
    from vectorstore.types import Chunk as Chunk
    from vectorstore.types import Page as Page
    from vectorstore.types import Passage as Passage
    from vectorstore.types import SourceFilter as SourceFilter

# Imported when first used: Chroma and LangChain take a second.
MODULES = {
    **dict.fromkeys(("list_collections", "open_store"), "vectorstore.collections"),
    **dict.fromkeys(("EmbeddingModel", "load_embedding_model"), "vectorstore.embeddings"),
    "usable_cores": "vectorstore.embeddings.openvino",
    "find_weights": "vectorstore.embeddings.providers.packaged",
    "find_words": "vectorstore.embeddings.providers.static",
    "RagError": "vectorstore.errors",
    "Reranker": "vectorstore.search.reranker",
    **dict.fromkeys(
        ("HybridRetriever", "LEXICAL_WEIGHT", "PassageDocument", "Question"), "vectorstore.search.retriever"
    ),
    "similar_documents": "vectorstore.search.similar_documents",
    "Catalogue": "vectorstore.storage.catalogue",
    "LexicalReader": "vectorstore.storage.lexical_index",
    "Store": "vectorstore.storage.store",
    "slices_of": "vectorstore.storage.vector_index",
    **dict.fromkeys(("Chunk", "Page", "Passage", "SourceFilter"), "vectorstore.types"),
}
__all__ = list(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
